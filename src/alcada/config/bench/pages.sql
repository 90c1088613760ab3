-- The rows of `alcada bench pages`, a block for each table (pages_data.py). Placeholders are Python's; %% is a %.

--@ words
CREATE TEMP TABLE bench_words AS SELECT
    ARRAY['Papelaria','Padaria','Distribuidora','Transportes','Metalúrgica','Gráfica','Comercial','Construtora',
          'Elétrica','Hidráulica','Informática','Consultoria','Advocacia','Contabilidade','Farmácia','Mercado',
          'Auto Peças','Madeireira','Embalagens','Química','Têxtil','Agropecuária','Telecom','Segurança','Limpeza',
          'Seguros','Hotel','Restaurante','Clínica','Laboratório'] AS trades,
    ARRAY['Estrela','Aurora','Horizonte','Central','São José','Bom Jesus','Ipiranga','Paulista','Mineira','Gaúcha',
          'Nordeste','Atlântico','Progresso','União','Aliança','Modelo','Real','Nacional','Brasil','Tropical',
          'Primavera','Santa Cruz','Boa Vista','Monte Alto','Rio Claro','Água Verde','Vitória','Esperança','Ideal',
          'Líder','Silva','Souza','Oliveira','Pereira','Almeida','Ferreira','Carvalho','Ribeiro','Barbosa','Rocha'] AS names,
    ARRAY['Ltda','S.A.','ME','EIRELI','e Filhos Ltda','Comércio Ltda','Serviços Ltda'] AS forms,
    ARRAY['Papel A4, caixas','Aluguel do galpão','Conta de energia','Manutenção preventiva','Frete da semana',
          'Licenças de software','Mensalidade','Peças de reposição','Material de limpeza','Uniformes','Consultoria',
          'Honorários contábeis','Publicidade','Combustível da frota','Embalagens','Matéria-prima','Passagens',
          'Refeições','Treinamento','Seguro da frota','Assinatura anual','Reforma da loja','Internet','Telefonia'] AS things

--@ parties
INSERT INTO directory_party (company_id, name, normalised_name, document, email, is_vendor, is_customer, created_at)
SELECT company, name, lower(name), lpad(((company * 7919 + n * 104729) %% 99999999)::text, 8, '0') || '0001' || lpad((n %% 100)::text, 2, '0'),
       '', n %% 4 <> 0, n %% 4 = 0, now()
FROM (
    SELECT c.id AS company, n,
        (w.trades)[1 + (n * 7 + c.id) %% array_length(w.trades, 1)] || ' ' || (w.names)[1 + (n / 3 + c.id * 5) %% array_length(w.names, 1)]
        || CASE WHEN n > 300 THEN ' ' || n ELSE '' END || ' ' || (w.forms)[1 + n %% array_length(w.forms, 1)] AS name
    FROM people_company c, bench_words w,
         generate_series(1, CASE WHEN c.id = (SELECT min(id) FROM people_company) THEN 3000 ELSE 150 END) n
) made
ON CONFLICT DO NOTHING

--@ made
DROP TABLE IF EXISTS bench_made;
CREATE TEMP TABLE bench_made AS
WITH office AS MATERIALIZED (
    SELECT c.id AS company, row_number() OVER (ORDER BY c.id) AS place, count(*) OVER () AS offices,
        (SELECT array_agg(p.id ORDER BY p.id) FROM directory_party p WHERE p.company_id = c.id AND p.is_vendor) AS vendors,
        (SELECT array_agg(p.id ORDER BY p.id) FROM directory_party p WHERE p.company_id = c.id AND p.is_customer) AS customers,
        (SELECT array_agg(k.id ORDER BY k.id) FROM directory_category k WHERE k.company_id = c.id AND k.kind = 'payable') AS spent,
        (SELECT array_agg(k.id ORDER BY k.id) FROM directory_category k WHERE k.company_id = c.id AND k.kind = 'receivable') AS earned,
        (SELECT array_agg(x.id ORDER BY x.id) FROM directory_costcentre x WHERE x.company_id = c.id) AS centres,
        (SELECT array_agg(b.id ORDER BY b.id) FROM directory_bankaccount b WHERE b.company_id = c.id) AS banks,
        (SELECT array_agg(m.user_id ORDER BY m.user_id) FROM people_membership m WHERE m.company_id = c.id AND m.role = 'requester') AS requesters,
        (SELECT m.user_id FROM people_membership m WHERE m.company_id = c.id AND m.role = 'approver') AS approver,
        (SELECT a.id FROM connections_connection a WHERE a.company_id = c.id) AS account,
        (SELECT v.id FROM flow_flowversion v JOIN flow_flow f ON f.id = v.flow_id WHERE f.company_id = c.id AND f.trigger = 'payable.submitted') AS pays,
        (SELECT v.id FROM flow_flowversion v JOIN flow_flow f ON f.id = v.flow_id WHERE f.company_id = c.id AND f.trigger = 'receivable.submitted') AS earns
    FROM people_company c
), drawn AS MATERIALIZED (
    SELECT n, CASE WHEN random() < %(large)s THEN 1 ELSE 2 + floor(random() * greatest((SELECT count(*) FROM people_company) - 1, 1))::int END AS place,
        random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5, random() AS r6, random() AS fate
    FROM generate_series(%(first)s::int, %(last)s::int) n
), chosen AS (
    SELECT d.*, o.*, CASE WHEN d.r1 < 0.72 THEN 'payable' ELSE 'receivable' END AS kind,
        now() - (%(all)s - d.n) * (interval '730 days' / %(all)s) AS at,
        CASE WHEN d.n > %(all)s * 0.9 THEN
            CASE WHEN d.fate < 0.08 THEN 'draft' WHEN d.fate < 0.22 THEN 'open' WHEN d.fate < 0.225 THEN 'refused'
                 WHEN d.fate < 0.227 THEN 'undecided' WHEN d.fate < 0.23 THEN 'queued' WHEN d.fate < 0.25 THEN 'sent_back' ELSE 'posted' END
            ELSE CASE WHEN d.fate < 0.01 THEN 'rejected' WHEN d.fate < 0.015 THEN 'discarded' WHEN d.fate < 0.0155 THEN 'refused' ELSE 'posted' END
        END AS became
    FROM drawn d JOIN office o ON o.place = least(d.place, o.offices)
)
SELECT n, company, kind, at, became, account, approver,
    CASE WHEN kind = 'payable' THEN pays ELSE earns END AS version,
    requesters[1 + floor(r2 * array_length(requesters, 1))::int] AS creator,
    CASE WHEN kind = 'payable' THEN vendors[1 + floor(power(r3, 2) * array_length(vendors, 1))::int]
         ELSE customers[1 + floor(power(r3, 2) * array_length(customers, 1))::int] END AS party,
    CASE WHEN kind = 'payable' THEN spent[1 + floor(r4 * array_length(spent, 1))::int]
         ELSE earned[1 + floor(r4 * array_length(earned, 1))::int] END AS category,
    CASE WHEN r5 < 0.8 THEN centres[1 + floor(r5 / 0.8 * array_length(centres, 1))::int] END AS centre,
    banks[1 + floor(r6 * array_length(banks, 1))::int] AS bank,
    round((20 + exp(2 + 8 * r6 * r4))::numeric, 2) AS amount,
    CASE WHEN r2 < 0.75 THEN 1 WHEN r2 < 0.9 THEN 2 ELSE 3 END AS parts,
    (at + (5 + 40 * r5) * interval '1 day')::date AS due,
    CASE WHEN r1 < 0.06 THEN 2 ELSE 1 END AS revisions,
    (SELECT things[1 + floor(r4 * array_length(things, 1))::int] FROM bench_words) AS thing
FROM chosen

--@ revision
INSERT INTO intake_revision (id, entry_id, number, kind, party_id, party_name, party_document, party_email,
    description, document_number, competence_date, amount, currency, bank_account_id, payment_method,
    payment_details, notes, documents, custom, created_by_id, created_at, content_hash)
SELECT m.n * 2 + v - 2, m.n, v, 'ordinary', m.party, p.name, p.document, '', m.thing || ' ' || to_char(m.at, 'MM/YYYY'),
    'NF ' || (100000 + (m.n * 37) %% 900000), m.at::date, m.amount, 'BRL', m.bank, 'boleto', '', '', '[]',
    coalesce((SELECT jsonb_agg(jsonb_build_object('field_id', f.id, 'name', f.name, 'type', f.type, 'value', CASE f.type
            WHEN 'choice' THEN f.choices->>(m.n %% jsonb_array_length(f.choices))
            WHEN 'number' THEN ((m.n::bigint * 7919) %% 100000)::text
            ELSE (w.names)[1 + (m.n * 31) %% array_length(w.names, 1)] || ' ' || m.n END))
        FROM intake_customfield f, bench_words w WHERE f.company_id = m.company), '[]'), m.creator, m.at,
    encode(sha256(convert_to('revision' || m.n || v, 'UTF8')), 'hex')
FROM bench_made m JOIN directory_party p ON p.id = m.party, generate_series(1, m.revisions) v
WHERE m.became NOT IN ('draft', 'discarded')

--@ split
INSERT INTO intake_split (id, revision_id, category_id, category_name, cost_centre_id, cost_centre_code, cost_centre_name, amount)
SELECT r.id, r.id, m.category, k.name, m.centre, coalesce(x.code, ''), coalesce(x.name, ''), r.amount
FROM bench_made m JOIN intake_revision r ON r.entry_id = m.n JOIN directory_category k ON k.id = m.category
LEFT JOIN directory_costcentre x ON x.id = m.centre

--@ instalment
INSERT INTO intake_instalment (id, revision_id, number, due_date, amount)
SELECT r.id * 3 + i - 3, r.id, i, m.due + 30 * (i - 1),
    CASE WHEN i = 1 THEN r.amount - round(r.amount / m.parts, 2) * (m.parts - 1) ELSE round(r.amount / m.parts, 2) END
FROM bench_made m JOIN intake_revision r ON r.entry_id = m.n, generate_series(1, m.parts) i

--@ entry
INSERT INTO intake_entry (id, company_id, kind, number, created_by_id, created_at, draft, current_id, nfe_key, discarded_at,
    list_name, list_value, list_due, list_last_due, list_words)
SELECT m.n, m.company, m.kind, m.n, m.creator, m.at,
    CASE WHEN m.became IN ('draft', 'discarded', 'sent_back') THEN jsonb_build_object(
        'party', m.party::text, 'party_name', p.name, 'description', m.thing, 'amount', replace(m.amount::text, '.', ','),
        'competence_date', to_char(m.at, 'DD/MM/YYYY'), 'bank_account', m.bank::text,
        'splits', jsonb_build_array(jsonb_build_object('category', m.category::text)),
        'instalments', jsonb_build_array(jsonb_build_object('due_date', to_char(m.due, 'DD/MM/YYYY')))) END,
    CASE WHEN m.became NOT IN ('draft', 'discarded') THEN m.n * 2 + m.revisions - 2 END, '',
    CASE WHEN m.became = 'discarded' THEN m.at END, '', 0, m.due, m.due, ''
FROM bench_made m JOIN directory_party p ON p.id = m.party

--@ round
INSERT INTO approval_round (id, entry_id, revision_id, company_id, entered_by_id, submitted_by_id, due_date, state, reason, opened_at, closed_at)
SELECT r.id, m.n, r.id, m.company, m.creator, m.creator, m.due,
    CASE WHEN r.number < m.revisions THEN 'sent_back' WHEN m.became = 'open' THEN 'open' WHEN m.became IN ('rejected', 'sent_back') THEN m.became
         ELSE 'approved' END, '', m.at, CASE WHEN m.became <> 'open' OR r.number < m.revisions THEN m.at + interval '1 day' END
FROM bench_made m JOIN intake_revision r ON r.entry_id = m.n

--@ step
INSERT INTO approval_step (id, round_id, "order", key, name, why, because, role, state, opened_at, closed_at)
SELECT r.id, r.id, 1, 'approve', 'Approval', '', '{}', 'approver', r.state, r.opened_at, r.closed_at
FROM bench_made m JOIN approval_round r ON r.entry_id = m.n

--@ asked
INSERT INTO approval_asked (id, step_id, user_id)
SELECT r.id, r.id, m.approver FROM bench_made m JOIN approval_round r ON r.entry_id = m.n

--@ decision
INSERT INTO approval_decision (id, step_id, by_id, verdict, comment, channel, at)
SELECT r.id, r.id, m.approver, CASE r.state WHEN 'approved' THEN 'approve' WHEN 'rejected' THEN 'reject' ELSE 'send_back' END, '', 'web', r.closed_at
FROM bench_made m JOIN approval_round r ON r.entry_id = m.n WHERE r.state <> 'open'

--@ run
INSERT INTO flow_run (id, version_id, revision_id, connection_id, routing, path, state, started_at, ended_at)
SELECT r.id, m.version, r.id, m.account, '{}', '[]', CASE WHEN r.state = 'open' THEN 'approval' WHEN m.became = 'posted' THEN 'done' ELSE 'ended' END, m.at, r.closed_at
FROM bench_made m JOIN approval_round r ON r.entry_id = m.n

--@ posting
INSERT INTO posting_posting (id, entry_id, revision_id, round_id, connection_id, kind, reference, content, state, reason, detail,
    next_try_at, urgent, looks, resent, watched_s, remote_event_id, remote_instalment_ids, posted_at, created_at)
SELECT m.n, m.n, r.id, r.id, m.account, m.kind, 'ALC-' || upper(lpad(to_hex(m.n::bigint * 7919 %% 268435399), 7, '0')),
    jsonb_build_object('party', p.name, 'amount', m.amount::text, 'description', m.thing), m.became,
    CASE m.became WHEN 'refused' THEN 'refused' WHEN 'undecided' THEN 'not_found' ELSE '' END, '',
    CASE WHEN m.became = 'queued' THEN m.at + interval '100 days' END, false, 0, false, 0,
    CASE WHEN m.became = 'posted' THEN 'evt-' || m.n ELSE '' END, '[]', CASE WHEN m.became = 'posted' THEN m.at + interval '1 day' END, m.at + interval '1 day'
FROM bench_made m JOIN directory_party p ON p.id = m.party JOIN approval_round r ON r.entry_id = m.n AND r.state = 'approved'

--@ attempt
INSERT INTO posting_attempt (id, connection_id, posting_id, kind, key, request, started_at, finished_at, outcome, status, detail, response, remote_id)
SELECT p.id, p.connection_id, p.id, 'entry', '', p.content || jsonb_build_object('referencia_externa', p.reference), p.created_at, p.created_at,
    CASE WHEN p.state = 'posted' THEN 'posted' ELSE 'refused' END, 201, '', '{"id": "' || p.remote_event_id || '"}', p.remote_event_id
FROM bench_made m JOIN posting_posting p ON p.entry_id = m.n WHERE p.state <> 'queued'

--@ chain
INSERT INTO history_chain (id, kind, key, company_id, length, head)
SELECT (SELECT coalesce(max(id), 0) FROM history_chain) + row_number() OVER (ORDER BY m.n), 'intake.entry', m.n, m.company,
    CASE WHEN m.became IN ('draft', 'discarded') THEN 1 WHEN m.became = 'open' THEN 3 ELSE 5 END, encode(sha256(convert_to('head' || m.n, 'UTF8')), 'hex')
FROM bench_made m

--@ record
INSERT INTO history_record (chain_id, sequence, event, at, actor_id, actor_name, channel, data, previous, hash)
SELECT c.id, s, (ARRAY['entry.created','entry.submitted','approval.asked','approval.step.approved','posting.posted'])[s], m.at + s * interval '1 hour',
    CASE WHEN s <= 2 THEN m.creator WHEN s = 4 THEN m.approver END, CASE WHEN s <= 2 THEN 'Solicitante' WHEN s = 4 THEN 'Aprovador' ELSE '' END, 'web',
    jsonb_build_object('number', m.n, 'revision', 1, 'hash', encode(sha256(convert_to('revision' || m.n, 'UTF8')), 'hex'), 'content',
        CASE WHEN s = 2 THEN jsonb_build_object('kind', m.kind, 'amount', m.amount::text, 'description', m.thing, 'due', m.due) END),
    encode(sha256(convert_to('previous' || m.n || s, 'UTF8')), 'hex'), encode(sha256(convert_to('record' || m.n || s, 'UTF8')), 'hex')
FROM bench_made m JOIN history_chain c ON c.kind = 'intake.entry' AND c.key = m.n, generate_series(1, c.length) s
