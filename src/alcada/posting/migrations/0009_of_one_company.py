"""What was approved for one company is never posted to another: the account is one of the entry's own company."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION alcada_posting_stays_in_its_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM connections_connection c JOIN intake_entry e ON e.company_id = c.company_id
        WHERE c.id = NEW.connection_id AND e.id = NEW.entry_id
    ) THEN
        RAISE EXCEPTION 'connection % is another company''s', NEW.connection_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posting_stays_in_its_company BEFORE INSERT ON posting_posting
    FOR EACH ROW EXECUTE FUNCTION alcada_posting_stays_in_its_company();
"""
BACKWARD = """
DROP TRIGGER posting_stays_in_its_company ON posting_posting;
DROP FUNCTION alcada_posting_stays_in_its_company();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("posting", "0008_urgent"),
        ("connections", "0006_bureau"),
        ("intake", "0003_frozen_whole"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
