"""A published version never changes: what runs keeps the version that it began with."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER flow_version_append_only BEFORE UPDATE OR DELETE ON flow_flowversion
    FOR EACH ROW EXECUTE FUNCTION alcada_append_only();
"""
BACKWARD = "DROP TRIGGER flow_version_append_only ON flow_flowversion;"


class Migration(migrations.Migration):
    dependencies = [("flow", "0001_initial"), ("history", "0002_guards")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
