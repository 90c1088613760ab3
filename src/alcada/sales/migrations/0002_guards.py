"""One receivable per deal, for good, and everything of a deal in its own company: facts of the database."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION alcada_deal_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.entry_id IS NOT NULL AND NEW.entry_id IS DISTINCT FROM OLD.entry_id THEN
        RAISE EXCEPTION 'deal % keeps its entry', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.company_id <> OLD.company_id THEN
        RAISE EXCEPTION 'deal % stays in its company', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM sales_stage s JOIN sales_pipeline p ON p.id = s.pipeline_id
        WHERE s.id = NEW.stage_id AND p.company_id = NEW.company_id
    ) OR NOT EXISTS (
        SELECT 1 FROM directory_party c WHERE c.id = NEW.customer_id AND c.company_id = NEW.company_id
    ) THEN
        RAISE EXCEPTION 'deal % names what is another company''s', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.entry_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM intake_entry e
        WHERE e.id = NEW.entry_id AND e.company_id = NEW.company_id AND e.kind = 'receivable'
    ) THEN
        RAISE EXCEPTION 'deal %: its entry is a receivable of its company', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sales_deal_is_whole BEFORE INSERT OR UPDATE OF company_id, stage_id, customer_id, entry_id ON sales_deal
    FOR EACH ROW EXECUTE FUNCTION alcada_deal_is_whole();

CREATE FUNCTION alcada_deal_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a deal is never deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER sales_deal_is_kept BEFORE DELETE ON sales_deal
    FOR EACH ROW EXECUTE FUNCTION alcada_deal_is_kept();
"""
BACKWARD = """
DROP TRIGGER sales_deal_is_kept ON sales_deal;
DROP FUNCTION alcada_deal_is_kept();
DROP TRIGGER sales_deal_is_whole ON sales_deal;
DROP FUNCTION alcada_deal_is_whole();
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial"), ("intake", "0004_corrections"), ("directory", "0002_mapping")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
