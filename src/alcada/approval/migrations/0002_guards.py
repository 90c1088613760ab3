"""A decision stands: nobody changes or removes it."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER approval_decision_append_only BEFORE UPDATE OR DELETE ON approval_decision
    FOR EACH ROW EXECUTE FUNCTION alcada_append_only();
-- Who entered or submitted it does not decide it, whatever role they have; and two steps are two people.
CREATE FUNCTION alcada_decision_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM approval_step s JOIN approval_round r ON r.id = s.round_id
        WHERE s.id = NEW.step_id AND NEW.by_id IN (r.entered_by_id, r.submitted_by_id)
    ) THEN
        RAISE EXCEPTION 'who entered it may not decide it' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM approval_step mine
        JOIN approval_step other ON other.round_id = mine.round_id
        JOIN approval_decision d ON d.step_id = other.id
        WHERE mine.id = NEW.step_id AND d.by_id = NEW.by_id
    ) THEN
        RAISE EXCEPTION 'one person, one decision in a round' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_decision_by_another BEFORE INSERT ON approval_decision
    FOR EACH ROW EXECUTE FUNCTION alcada_decision_by_another();
"""
BACKWARD = """
DROP TRIGGER approval_decision_append_only ON approval_decision;
DROP TRIGGER approval_decision_by_another ON approval_decision;
DROP FUNCTION alcada_decision_by_another();
"""


class Migration(migrations.Migration):
    dependencies = [("approval", "0001_initial"), ("history", "0002_guards")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
