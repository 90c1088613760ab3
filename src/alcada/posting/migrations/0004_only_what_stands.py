"""What goes (again) to the queue is still what the entry says: its current revision, and nobody is changing it.

A revision that Conta Azul refused, and that was taken back since, must not be posted by a late click.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION alcada_posting_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM intake_entry WHERE id = NEW.entry_id AND current_id = NEW.revision_id AND draft IS NULL
        FOR UPDATE
    ) THEN
        RAISE EXCEPTION 'revision % was taken back', NEW.revision_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posting_stands BEFORE UPDATE OF state ON posting_posting
    FOR EACH ROW WHEN (OLD.state IN ('refused', 'undecided', 'cancelled') AND NEW.state = 'queued')
    EXECUTE FUNCTION alcada_posting_stands();
"""
BACKWARD = """
DROP TRIGGER posting_stands ON posting_posting;
DROP FUNCTION alcada_posting_stands();
"""


class Migration(migrations.Migration):
    dependencies = [("posting", "0003_looking_by_account"), ("intake", "0003_frozen_whole")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
