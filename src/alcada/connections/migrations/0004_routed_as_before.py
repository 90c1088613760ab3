"""A company with several accounts keeps the one that its entries went to so far, now as its default."""

from django.db import migrations

FORWARD = """
INSERT INTO connections_routing (company_id, default_connection_id, default_refusal, version)
SELECT DISTINCT ON (company_id) company_id, id, '', 1
FROM connections_connection
WHERE authorised_at IS NOT NULL AND company_id IN (
    SELECT company_id FROM connections_connection WHERE authorised_at IS NOT NULL
    GROUP BY company_id HAVING count(*) > 1
)
ORDER BY company_id, state = 'paused', id;
"""


class Migration(migrations.Migration):
    dependencies = [("connections", "0003_routing")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
