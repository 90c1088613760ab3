"""What is approved is what is posted, once: facts of the database.

1. A posting is made only from an ordinary revision whose round is approved, and names that revision's entry.
2. From then on the entry takes no ordinary revision unless its posting ended refused or cancelled.
3. What a posting sends, and whom it is for, never changes.

Both inserts lock the entry's row, so that neither can slip in beside the other.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION alcada_posting_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM intake_entry WHERE id = NEW.entry_id FOR UPDATE;
    IF NOT EXISTS (
        SELECT 1 FROM approval_round r JOIN intake_revision v ON v.id = r.revision_id
        WHERE r.id = NEW.round_id AND r.state = 'approved' AND v.id = NEW.revision_id
          AND v.entry_id = NEW.entry_id AND v.kind = 'ordinary'
    ) THEN
        RAISE EXCEPTION 'no completed round for revision %', NEW.revision_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posting_is_approved BEFORE INSERT ON posting_posting
    FOR EACH ROW EXECUTE FUNCTION alcada_posting_is_approved();

CREATE FUNCTION alcada_entry_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM intake_entry WHERE id = NEW.entry_id FOR UPDATE;
    IF NEW.kind = 'ordinary' AND EXISTS (
        SELECT 1 FROM posting_posting p
        WHERE p.entry_id = NEW.entry_id AND p.state NOT IN ('refused', 'cancelled')
    ) THEN
        RAISE EXCEPTION 'entry % is posted or on its way: a change is a correction', NEW.entry_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER intake_entry_is_free BEFORE INSERT ON intake_revision
    FOR EACH ROW EXECUTE FUNCTION alcada_entry_is_free();

CREATE FUNCTION alcada_posting_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a posting is never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.entry_id, NEW.revision_id, NEW.round_id, NEW.connection_id, NEW.kind, NEW.reference, NEW.content)
        IS DISTINCT FROM
       (OLD.entry_id, OLD.revision_id, OLD.round_id, OLD.connection_id, OLD.kind, OLD.reference, OLD.content)
    THEN
        RAISE EXCEPTION 'what a posting sends never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = 'posted' AND NEW.state <> 'posted' THEN
        RAISE EXCEPTION 'posted stays posted' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posting_is_frozen BEFORE UPDATE OR DELETE ON posting_posting
    FOR EACH ROW EXECUTE FUNCTION alcada_posting_is_frozen();
CREATE TRIGGER posting_attempt_kept BEFORE DELETE ON posting_attempt
    FOR EACH ROW EXECUTE FUNCTION alcada_append_only();
"""
BACKWARD = """
DROP TRIGGER posting_attempt_kept ON posting_attempt;
DROP TRIGGER posting_is_frozen ON posting_posting;
DROP FUNCTION alcada_posting_is_frozen();
DROP TRIGGER intake_entry_is_free ON intake_revision;
DROP FUNCTION alcada_entry_is_free();
DROP TRIGGER posting_is_approved ON posting_posting;
DROP FUNCTION alcada_posting_is_approved();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("posting", "0001_initial"),
        ("intake", "0002_guards"),
        ("approval", "0002_guards"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
