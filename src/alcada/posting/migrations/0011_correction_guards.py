"""A correction is approved like any other change, of what is posted, one at a time, and frozen: facts of the database.

No posting is ever made from one: that is migration 0002's, which takes ordinary revisions only.
"""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION alcada_entry_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM intake_entry WHERE id = NEW.entry_id FOR UPDATE;
    IF NEW.kind = 'ordinary' AND EXISTS (
        SELECT 1 FROM posting_posting p
        WHERE p.entry_id = NEW.entry_id AND p.state NOT IN ('refused', 'cancelled')
    ) THEN
        RAISE EXCEPTION 'entry % is posted or on its way: a change is a correction', NEW.entry_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'correction' AND NOT EXISTS (
        SELECT 1 FROM posting_posting p
        WHERE p.entry_id = NEW.entry_id AND p.state = 'posted' AND p.remote_event_id <> ''
    ) THEN
        RAISE EXCEPTION 'entry % is not posted: there is nothing to correct', NEW.entry_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'correction' AND (
        EXISTS (SELECT 1 FROM approval_round r WHERE r.entry_id = NEW.entry_id AND r.state = 'open')
        OR EXISTS (
            SELECT 1 FROM posting_correction c
            WHERE c.entry_id = NEW.entry_id AND c.state NOT IN ('done', 'left')
        )
    ) THEN
        RAISE EXCEPTION 'another correction of entry % is under way', NEW.entry_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- Until it is approved, what was approved before stays what the entry says.
CREATE FUNCTION alcada_current_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM intake_revision v WHERE v.id = NEW.current_id AND v.kind = 'correction')
        AND NOT EXISTS (
            SELECT 1 FROM approval_round r WHERE r.revision_id = NEW.current_id AND r.state = 'approved'
        )
    THEN
        RAISE EXCEPTION 'correction % is not approved', NEW.current_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER intake_current_is_approved BEFORE UPDATE OF current_id ON intake_entry
    FOR EACH ROW WHEN (OLD.current_id IS NOT NULL AND NEW.current_id IS DISTINCT FROM OLD.current_id)
    EXECUTE FUNCTION alcada_current_is_approved();

CREATE FUNCTION alcada_correction_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM intake_entry WHERE id = NEW.entry_id FOR UPDATE;
    IF NOT EXISTS (
        SELECT 1 FROM approval_round r JOIN intake_revision v ON v.id = r.revision_id
        JOIN posting_posting p ON p.entry_id = v.entry_id
        WHERE r.id = NEW.round_id AND r.state = 'approved' AND v.id = NEW.revision_id AND v.kind = 'correction'
          AND v.entry_id = NEW.entry_id AND p.id = NEW.posting_id AND p.state = 'posted'
          AND p.connection_id = NEW.connection_id
    ) THEN
        RAISE EXCEPTION 'no completed round for correction %', NEW.revision_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posting_correction_is_approved BEFORE INSERT ON posting_correction
    FOR EACH ROW EXECUTE FUNCTION alcada_correction_is_approved();

CREATE FUNCTION alcada_correction_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a correction is never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.posting_id, NEW.entry_id, NEW.revision_id, NEW.round_id, NEW.connection_id,
        NEW.content, NEW.before, NEW.changes)
        IS DISTINCT FROM
       (OLD.posting_id, OLD.entry_id, OLD.revision_id, OLD.round_id, OLD.connection_id,
        OLD.content, OLD.before, OLD.changes)
    THEN
        RAISE EXCEPTION 'what a correction changes never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state IN ('done', 'left') AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'a correction that ended stays ended' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posting_correction_is_frozen BEFORE UPDATE OR DELETE ON posting_correction
    FOR EACH ROW EXECUTE FUNCTION alcada_correction_is_frozen();
"""
BACKWARD = """
DROP TRIGGER posting_correction_is_frozen ON posting_correction;
DROP FUNCTION alcada_correction_is_frozen();
DROP TRIGGER posting_correction_is_approved ON posting_correction;
DROP FUNCTION alcada_correction_is_approved();
DROP TRIGGER intake_current_is_approved ON intake_entry;
DROP FUNCTION alcada_current_is_approved();
CREATE OR REPLACE FUNCTION alcada_entry_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("posting", "0010_corrections")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
