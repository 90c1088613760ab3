"""Words of a company's own fields, of text and choices, among those that an entry is found by.

A trigger of its own beside that of 0005: it comes after it, for a row's triggers run in the order of their names.
"""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION intake_list_own_fields() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    words text[];
BEGIN
    IF NEW.draft IS NULL OR jsonb_typeof(NEW.draft) <> 'object' THEN
        SELECT array_agg(DISTINCT word) INTO words
            FROM intake_revision, jsonb_array_elements(custom) part, intake_words_of(part->>'value') word
            WHERE id = NEW.current_id AND part->>'type' IN ('text', 'choice');
    ELSIF jsonb_typeof(NEW.draft->'custom') = 'object' THEN
        SELECT array_agg(DISTINCT word) INTO words
            FROM jsonb_each_text(NEW.draft->'custom') typed
            JOIN intake_customfield field ON field.company_id = NEW.company_id AND field.id::text = typed.key,
            intake_words_of(typed.value) word
            WHERE field.type IN ('text', 'choice');
    END IF;
    IF words IS NOT NULL THEN
        NEW.list_words := NEW.list_words || array_to_tsvector(words);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER intake_entry_listed_own BEFORE INSERT OR UPDATE OF draft, current_id, nfe_key ON intake_entry
    FOR EACH ROW EXECUTE FUNCTION intake_list_own_fields();
UPDATE intake_entry SET nfe_key = nfe_key
    WHERE jsonb_typeof(draft->'custom') = 'object' AND draft->'custom' <> '{}'
    OR current_id IN (SELECT id FROM intake_revision WHERE custom <> '[]');
"""
BACKWARD = """
DROP TRIGGER intake_entry_listed_own ON intake_entry;
DROP FUNCTION intake_list_own_fields();
UPDATE intake_entry SET nfe_key = nfe_key
    WHERE jsonb_typeof(draft->'custom') = 'object' AND draft->'custom' <> '{}'
    OR current_id IN (SELECT id FROM intake_revision WHERE custom <> '[]');
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0007_custom_fields")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
