"""A checkpoint that was sent stays as it was, in the database's own words."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER history_checkpoint_append_only BEFORE UPDATE OR DELETE ON history_checkpoint
    FOR EACH ROW EXECUTE FUNCTION alcada_append_only();
"""
BACKWARD = "DROP TRIGGER history_checkpoint_append_only ON history_checkpoint;"


class Migration(migrations.Migration):
    dependencies = [("history", "0003_checkpoints")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
