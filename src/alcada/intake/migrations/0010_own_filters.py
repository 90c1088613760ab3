"""What entries are filtered by of a company's own fields, written by the database itself as all that lists read by.

A choice is a mark beside the words (`@o12:=` and the beginning of its hash), a text's words are marks too
(`@o12:~obra`): one index answers them, as it does the words (0005). Numbers, money and dates are rows of their own, so
that "from 100" costs the same whether ten entries have it or all. What is only typed so far is read as custom.read
reads it.
"""

from django.db import migrations

FORWARD = r"""
-- A number as custom.read reads it; null for what it refuses, and for what no column holds.
CREATE FUNCTION intake_read_number(typed text) RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    plain text := btrim(left(typed, 80));
    found numeric;
BEGIN
    IF plain ~ '^-?[0-9]{1,3}(\.[0-9]{3})+$' THEN RETURN NULL; END IF;
    plain := regexp_replace(plain, '[ \u00a0]', '', 'g');
    IF strpos(plain, ',') > 0 THEN plain := replace(replace(plain, '.', ''), ',', '.'); END IF;
    IF plain ~ '^[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?$' THEN
        found := plain::numeric;
    END IF;
    RETURN CASE WHEN abs(found) < 1e16 THEN found END;
END $$;

-- What was typed into a field of the type, as a revision holds it; null for what it refuses.
CREATE FUNCTION intake_read_own(of_type text, typed text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE of_type
        WHEN 'number' THEN intake_read_number(typed)::text
        WHEN 'money' THEN intake_read_amount(typed)::text
        WHEN 'date' THEN to_char(intake_read_day(typed), 'YYYY-MM-DD')
        ELSE btrim(typed)
    END
$$;

-- An entry's own fields: frozen, or of what is typed so far.
CREATE FUNCTION intake_own_values(of_company bigint, of_draft jsonb, of_revision bigint)
RETURNS TABLE (field bigint, type text, value text) LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF of_draft IS NULL OR jsonb_typeof(of_draft) <> 'object' THEN
        RETURN QUERY SELECT (part->>'field_id')::bigint, part->>'type', part->>'value'
            FROM intake_revision frozen, jsonb_array_elements(frozen.custom) part WHERE frozen.id = of_revision;
    ELSIF jsonb_typeof(of_draft->'custom') = 'object' THEN
        RETURN QUERY SELECT own.id, own.type::text, intake_read_own(own.type, typed.value)
            FROM jsonb_each_text(of_draft->'custom') typed
            JOIN intake_customfield own ON own.company_id = of_company AND own.id::text = typed.key
            WHERE btrim(typed.value) <> '';
    END IF;
END $$;

CREATE FUNCTION intake_list_own_marks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    marks text[];
BEGIN
    SELECT array_agg(DISTINCT mark) INTO marks FROM (
        SELECT '@o' || own.field || ':~' || word AS mark
            FROM intake_own_values(NEW.company_id, NEW.draft, NEW.current_id) own, intake_words_of(own.value) word
            WHERE own.type = 'text'
        UNION ALL
        SELECT '@o' || own.field || ':=' || left(encode(sha256(convert_to(own.value, 'UTF8')), 'hex'), 16)
            FROM intake_own_values(NEW.company_id, NEW.draft, NEW.current_id) own
            WHERE own.type = 'choice' AND own.value <> '') found;
    IF marks IS NOT NULL THEN
        NEW.list_words := NEW.list_words || array_to_tsvector(marks);
    END IF;
    RETURN NEW;
END $$;
-- After those of 0005 and 0008: a row's triggers run in the order of their names.
CREATE TRIGGER intake_entry_listed_own_marks BEFORE INSERT OR UPDATE OF draft, current_id, nfe_key ON intake_entry
    FOR EACH ROW EXECUTE FUNCTION intake_list_own_marks();

CREATE FUNCTION intake_list_own_numbers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN DELETE FROM intake_ownnumber WHERE entry_id = NEW.id; END IF;
    INSERT INTO intake_ownnumber (entry_id, field_id, value)
        SELECT NEW.id, own.field, (CASE own.type WHEN 'date' THEN replace(own.value, '-', '') ELSE own.value END)::numeric
        FROM intake_own_values(NEW.company_id, NEW.draft, NEW.current_id) own
        WHERE own.type IN ('number', 'money', 'date') AND own.value <> '';
    RETURN NULL;
END $$;
CREATE TRIGGER intake_entry_own_numbers AFTER INSERT OR UPDATE OF draft, current_id, nfe_key ON intake_entry
    FOR EACH ROW EXECUTE FUNCTION intake_list_own_numbers();

UPDATE intake_entry SET nfe_key = nfe_key
    WHERE jsonb_typeof(draft->'custom') = 'object' AND draft->'custom' <> '{}'
    OR current_id IN (SELECT id FROM intake_revision WHERE custom <> '[]');
"""
BACKWARD = """
DROP TRIGGER intake_entry_own_numbers ON intake_entry;
DROP TRIGGER intake_entry_listed_own_marks ON intake_entry;
DROP FUNCTION intake_list_own_numbers();
DROP FUNCTION intake_list_own_marks();
DROP FUNCTION intake_own_values(bigint, jsonb, bigint);
DROP FUNCTION intake_read_own(text, text);
DROP FUNCTION intake_read_number(text);
DELETE FROM intake_ownnumber;
UPDATE intake_entry SET nfe_key = nfe_key
    WHERE jsonb_typeof(draft->'custom') = 'object' AND draft->'custom' <> '{}'
    OR current_id IN (SELECT id FROM intake_revision WHERE custom <> '[]');
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0009_own_numbers")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
