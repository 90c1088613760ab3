"""What lists sort and search by, written by the database itself whenever an entry's content changes.

PostgreSQL as we ship it has no pg_trgm and no unaccent, so words are folded here, and found by how they begin, with
the text search that every PostgreSQL has. Beside the words stand marks (`@c12`: of company 12), so that one index
answers "this word, in this company".
"""

import datetime

import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = r"""
-- Small letters without accents. lists.fold in Python does the same.
CREATE FUNCTION intake_folded(told text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(normalize(coalesce(told, ''), NFKD), '[\u0300-\u036f]', '', 'g'))
$$;

-- A text's words; of a number also without the zeros that it begins with.
CREATE FUNCTION intake_words_of(told text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT part FROM (
        SELECT left(word, 60) AS part
        FROM regexp_split_to_table(intake_folded(left(told, 400)), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+') word
        UNION ALL
        SELECT ltrim(left(word, 60), '0')
        FROM regexp_split_to_table(intake_folded(left(told, 400)), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+') word
        WHERE word ~ '^0[0-9]'
    ) parts WHERE part <> ''
$$;

-- "NF 1.001-2" as one word: nf10012.
CREATE FUNCTION intake_joined(told text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(regexp_replace(
        intake_folded(left(told, 400)), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+', '', 'g'), 60)
$$;

-- An amount as money.parse_brl reads it; null for what it refuses.
CREATE FUNCTION intake_read_amount(typed text) RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    plain text := regexp_replace(regexp_replace(left(typed, 60), '[\s\u00a0]', '', 'g'), '^R\$', '');
    found numeric;
BEGIN
    IF plain ~ '^[0-9]{1,3}[.,][0-9]{3}$' THEN RETURN NULL; END IF;
    IF plain ~ '^([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]{1,2})?$' THEN
        found := replace(replace(plain, '.', ''), ',', '.')::numeric;
    ELSIF plain ~ '^([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]{1,2})?$' THEN
        found := replace(plain, ',', '')::numeric;
    END IF;
    RETURN CASE WHEN found <= 999999999999.99 THEN found END;
END $$;

-- A day as rules.read_day reads it; null for what it refuses.
CREATE FUNCTION intake_read_day(typed text) RETURNS date LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    plain text := replace(btrim(left(typed, 20)), '.', '/');
    part text[];
    y int; m int; d int;
BEGIN
    part := regexp_match(plain, '^([0-9]{4})-([0-9]{2})-([0-9]{2})$');
    IF part IS NOT NULL THEN
        part := ARRAY[part[3], part[2], part[1]];
    ELSE
        part := regexp_match(plain, '^([0-9]{2})([0-9]{2})([0-9]{4}|[0-9]{2})$');
        IF part IS NULL THEN
            part := regexp_match(plain, '^ *([0-9]{1,2}) */ *([0-9]{1,2}) */ *([0-9]{4}|[0-9]{2}) *$');
        END IF;
    END IF;
    IF part IS NULL THEN RETURN NULL; END IF;
    d := part[1]::int; m := part[2]::int;
    y := part[3]::int + CASE WHEN length(part[3]) = 2 THEN 2000 ELSE 0 END;
    IF y NOT BETWEEN 2000 AND 2099 OR m NOT BETWEEN 1 AND 12 OR d < 1 THEN RETURN NULL; END IF;
    IF d > extract(day FROM make_date(y, m, 1) + interval '1 month' - interval '1 day') THEN RETURN NULL; END IF;
    RETURN make_date(y, m, d);
END $$;

CREATE FUNCTION intake_list_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_revision intake_revision%ROWTYPE;
    party text; document text; described text; numbered text;
    value numeric; competence date; party_key text; bank_key text;
    marks text[] := '{}'; words text[]; first_due date; last_due date;
BEGIN
    IF NEW.draft IS NULL OR jsonb_typeof(NEW.draft) <> 'object' THEN
        IF NEW.current_id IS NULL THEN RETURN NEW; END IF;
        SELECT * INTO of_revision FROM intake_revision WHERE id = NEW.current_id;
        party := of_revision.party_name; document := of_revision.party_document;
        described := of_revision.description; numbered := of_revision.document_number;
        value := of_revision.amount; competence := of_revision.competence_date;
        party_key := of_revision.party_id::text; bank_key := of_revision.bank_account_id::text;
        SELECT min(due_date), max(due_date) INTO first_due, last_due
            FROM intake_instalment WHERE revision_id = NEW.current_id;
        SELECT coalesce(array_agg(DISTINCT mark), '{}') INTO marks FROM (
            SELECT '@k' || category_id AS mark FROM intake_split WHERE revision_id = NEW.current_id
            UNION SELECT '@x' || cost_centre_id FROM intake_split
                WHERE revision_id = NEW.current_id AND cost_centre_id IS NOT NULL
            UNION SELECT '@d' || to_char(due_date, 'YYYYMM') FROM intake_instalment
                WHERE revision_id = NEW.current_id) found;
    ELSE
        party := NEW.draft->>'party_name'; document := NEW.draft->>'party_document';
        described := NEW.draft->>'description'; numbered := NEW.draft->>'document_number';
        value := intake_read_amount(NEW.draft->>'amount'); competence := intake_read_day(NEW.draft->>'competence_date');
        party_key := NEW.draft->>'party'; bank_key := NEW.draft->>'bank_account';
        IF jsonb_typeof(NEW.draft->'instalments') = 'array' THEN
            SELECT min(day), max(day) INTO first_due, last_due FROM (
                SELECT intake_read_day(part->>'due_date') AS day
                FROM jsonb_array_elements(NEW.draft->'instalments') part) days;
        END IF;
        IF jsonb_typeof(NEW.draft->'splits') = 'array' THEN
            SELECT coalesce(array_agg(DISTINCT mark), '{}') INTO marks FROM (
                SELECT '@k' || (part->>'category') AS mark FROM jsonb_array_elements(NEW.draft->'splits') part
                    WHERE part->>'category' ~ '^[0-9]{1,18}$'
                UNION SELECT '@x' || (part->>'cost_centre') FROM jsonb_array_elements(NEW.draft->'splits') part
                    WHERE part->>'cost_centre' ~ '^[0-9]{1,18}$') found;
        END IF;
        IF jsonb_typeof(NEW.draft->'instalments') = 'array' THEN
            marks := marks || ARRAY(SELECT DISTINCT '@d' || to_char(intake_read_day(part->>'due_date'), 'YYYYMM')
                FROM jsonb_array_elements(NEW.draft->'instalments') part
                WHERE intake_read_day(part->>'due_date') IS NOT NULL);
        END IF;
        IF document IS NULL OR document = '' THEN
            SELECT p.document INTO document FROM directory_party p
                WHERE p.id = CASE WHEN party_key ~ '^[0-9]{1,18}$' THEN party_key::bigint END
                AND p.company_id = NEW.company_id;
        END IF;
    END IF;
    marks := marks || ARRAY['@c' || NEW.company_id, '@u' || NEW.created_by_id, '#' || NEW.number];
    IF value > 0 THEN marks := marks || ('=' || trunc(value * 100)::bigint); END IF;
    IF competence IS NOT NULL THEN marks := marks || ('@m' || to_char(competence, 'YYYYMM')); END IF;
    IF party_key ~ '^[0-9]{1,18}$' THEN marks := marks || ('@p' || party_key); END IF;
    IF bank_key ~ '^[0-9]{1,18}$' THEN marks := marks || ('@b' || bank_key); END IF;
    SELECT coalesce(array_agg(DISTINCT word), '{}') INTO words FROM (
        SELECT intake_words_of(party) AS word
        UNION SELECT intake_words_of(described)
        UNION SELECT intake_words_of(numbered)
        UNION SELECT intake_joined(numbered)
        UNION SELECT intake_joined(document)
        UNION SELECT NEW.nfe_key) found WHERE word <> '';
    NEW.list_words := array_to_tsvector(marks || words);
    NEW.list_name := left(intake_folded(left(coalesce(party, ''), 200)), 80);
    NEW.list_value := coalesce(value, 0);
    NEW.list_due := coalesce(first_due, '9999-12-31');
    NEW.list_last_due := coalesce(last_due, '9999-12-31');
    RETURN NEW;
END $$;
CREATE TRIGGER intake_entry_listed BEFORE INSERT OR UPDATE OF draft, current_id, nfe_key ON intake_entry
    FOR EACH ROW EXECUTE FUNCTION intake_list_entry();
UPDATE intake_entry SET nfe_key = nfe_key;
"""
BACKWARD = """
DROP TRIGGER intake_entry_listed ON intake_entry;
DROP FUNCTION intake_list_entry();
DROP FUNCTION intake_read_day(text);
DROP FUNCTION intake_read_amount(text);
DROP FUNCTION intake_joined(text);
DROP FUNCTION intake_words_of(text);
DROP FUNCTION intake_folded(text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0004_corrections"),
        ("directory", "0002_mapping"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "entry",
            "draft_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("entry", "draft_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "entry", "list_name", models.CharField(default="", editable=False, max_length=80)
        ),
        migrations.AddField(
            "entry",
            "list_value",
            models.DecimalField(decimal_places=2, default=0, editable=False, max_digits=14),
        ),
        migrations.AddField(
            "entry", "list_due", models.DateField(default=datetime.date(9999, 12, 31), editable=False)
        ),
        migrations.AddField(
            "entry", "list_last_due", models.DateField(default=datetime.date(9999, 12, 31), editable=False)
        ),
        migrations.AddField(
            "entry",
            "list_words",
            django.contrib.postgres.search.SearchVectorField(default="", editable=False),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
