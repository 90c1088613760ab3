"""History is append-only, in the database's own words."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION alcada_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER history_record_append_only BEFORE UPDATE OR DELETE ON history_record
    FOR EACH ROW EXECUTE FUNCTION alcada_append_only();
"""
BACKWARD = """
DROP TRIGGER history_record_append_only ON history_record;
DROP FUNCTION alcada_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("history", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
