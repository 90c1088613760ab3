"""What was submitted is frozen, and its parts add up: facts of the database, checked when the transaction commits."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER intake_revision_frozen BEFORE UPDATE OR DELETE ON intake_revision
    FOR EACH ROW EXECUTE FUNCTION alcada_append_only();
CREATE TRIGGER intake_split_frozen BEFORE UPDATE OR DELETE ON intake_split
    FOR EACH ROW EXECUTE FUNCTION alcada_append_only();
CREATE TRIGGER intake_instalment_frozen BEFORE UPDATE OR DELETE ON intake_instalment
    FOR EACH ROW EXECUTE FUNCTION alcada_append_only();

CREATE FUNCTION alcada_revision_adds_up(revision bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    total numeric; splits numeric; instalments numeric;
BEGIN
    SELECT amount INTO total FROM intake_revision WHERE id = revision;
    SELECT coalesce(sum(amount), 0) INTO splits FROM intake_split WHERE revision_id = revision;
    SELECT coalesce(sum(amount), 0) INTO instalments FROM intake_instalment WHERE revision_id = revision;
    IF splits <> total OR instalments <> total THEN
        RAISE EXCEPTION 'revision %: amount %, splits %, instalments %', revision, total, splits, instalments
            USING ERRCODE = 'check_violation';
    END IF;
END $$;
CREATE FUNCTION alcada_check_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM alcada_revision_adds_up(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION alcada_check_revision_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM alcada_revision_adds_up(NEW.revision_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER intake_revision_adds_up AFTER INSERT ON intake_revision
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION alcada_check_revision();
-- The parts too, or one could be added to a revision in a later transaction.
CREATE CONSTRAINT TRIGGER intake_split_adds_up AFTER INSERT ON intake_split
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION alcada_check_revision_part();
CREATE CONSTRAINT TRIGGER intake_instalment_adds_up AFTER INSERT ON intake_instalment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION alcada_check_revision_part();
"""
BACKWARD = """
DROP TRIGGER intake_revision_frozen ON intake_revision;
DROP TRIGGER intake_split_frozen ON intake_split;
DROP TRIGGER intake_instalment_frozen ON intake_instalment;
DROP TRIGGER intake_revision_adds_up ON intake_revision;
DROP TRIGGER intake_split_adds_up ON intake_split;
DROP TRIGGER intake_instalment_adds_up ON intake_instalment;
DROP FUNCTION alcada_check_revision();
DROP FUNCTION alcada_check_revision_part();
DROP FUNCTION alcada_revision_adds_up(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial"), ("history", "0002_guards")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
