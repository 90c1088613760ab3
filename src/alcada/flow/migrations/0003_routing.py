"""A run keeps why its account was chosen; the account is one of its entry's own company: the database says so."""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION alcada_run_stays_at_home() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.connection_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM intake_revision v JOIN intake_entry e ON e.id = v.entry_id
        JOIN connections_connection c ON c.company_id = e.company_id
        WHERE v.id = NEW.revision_id AND c.id = NEW.connection_id
    ) THEN
        RAISE EXCEPTION 'connection % is of another company than revision %', NEW.connection_id, NEW.revision_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flow_run_stays_at_home BEFORE INSERT OR UPDATE OF connection_id, revision_id ON flow_run
    FOR EACH ROW EXECUTE FUNCTION alcada_run_stays_at_home();
"""
BACKWARD = """
DROP TRIGGER flow_run_stays_at_home ON flow_run;
DROP FUNCTION alcada_run_stays_at_home();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('flow', '0002_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='routing',
            field=models.JSONField(default=dict),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
