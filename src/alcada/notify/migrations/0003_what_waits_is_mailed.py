"""What a version before this one had not mailed yet is mailed by this one, by the way that all was mailed then."""

from django.db import migrations

FORWARD = """
UPDATE notify_notice SET way = 'at_once';
UPDATE notify_notice SET to_mail = true
WHERE mailed_at IS NULL AND read_at IS NULL AND created_at > now() - interval '2 days';
"""


class Migration(migrations.Migration):
    dependencies = [("notify", "0002_letters_choices_digests")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
