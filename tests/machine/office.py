"""The real database and the real sandbox: brought back to their beginning for each example, copied and restored as a
backup is, and read whole."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from machine import clock, stepping
from stories import Account, connect, draft, register

from alcada.connections import crypto, standing
from alcada.connections.models import Connection
from alcada.directory.actions import save_party
from alcada.directory.models import CostCentre, Party
from alcada.people.models import Company, User
from alcada.posting.prepare import remember

# What befalls one write: as rules of the sandbox. Those that leave something are marked in `LEAVES`.
FAULTS: dict[str, dict[str, Any] | None] = {
    "ok": None,
    "late": None,
    "dropped before": {"kind": "drop_before"},
    "answer lost": {"kind": "drop_after"},
    "answer cut": {"kind": "cut_body"},
    "500 before": {"kind": "error_before", "status": 500},
    "502 after": {"kind": "error_after", "status": 502},
    "429": {"kind": "too_many"},
    "429 wait": {"kind": "too_many", "retry_after": 40},
    "401": {"kind": "error_before", "status": 401, "body": {"message": "Unauthorized"}},
    "plan": {"kind": "plan_blocked"},
    "refused": {"kind": "error_before", "status": 400, "body": {"message": "A conta financeira não existe."}},
    "revoked": {"kind": "revoke_tokens"},
}
# The tables that the migrations fill, and the queue's: nobody works it off here.

_COPY = """
CREATE OR REPLACE FUNCTION ahead.tables() RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT tablename::text FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%' AND tablename NOT IN
          ('django_migrations', 'django_content_type', 'auth_permission', 'django_site')
$$;
CREATE OR REPLACE FUNCTION ahead.make(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t text;
BEGIN
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE; CREATE SCHEMA %I', name, name);
    FOR t IN SELECT ahead.tables() LOOP
        EXECUTE format('CREATE TABLE %I.%I AS TABLE public.%I', name, t, t);
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION ahead.copy_all(origin text, target text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t text; something boolean; names text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR t IN SELECT ahead.tables() LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I) OR EXISTS (SELECT FROM %I.%I)', origin, t, target, t)
            INTO something;
        IF something THEN
            SELECT string_agg(quote_ident(column_name), ', ') INTO names FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name = t AND is_generated = 'NEVER';
            EXECUTE format('DELETE FROM %I.%I; INSERT INTO %I.%I (%s) SELECT %s FROM %I.%I',
                           target, t, target, t, names, names, origin, t);
        END IF;
    END LOOP;
    DELETE FROM procrastinate_events;
    DELETE FROM procrastinate_jobs;
END $$;
"""
KNOWN = {
    "person": "01900000-0000-7000-8000-000000000001",
    "cost_centre": "01900000-0000-7000-8000-000000000002",
}
VENDORS = ("Papelaria Aurora Ltda", "Gráfica Horizonte Ltda")


@dataclass
class Office:
    company: Company
    account: Account
    parties: list[Party]
    ana: User
    bruno: User
    clara: User
    sandbox: Any
    struck: bool = False  # a fault is ordered for the next call
    weather: list[dict[str, Any]] = field(default_factory=list)  # faults that stay

    # --- Beginning anew -----------------------------------------------------------------------------------

    def reset(self) -> None:
        """As after `open_office`: nothing entered, an empty account, a fresh token."""
        clock.set_to(0.0)
        self._sql("SELECT ahead.copy_all('base', 'public')")
        self.sandbox.reset(companies=[wish(self.company)], seed=7)
        pair = self.sandbox.tokens(self.account.remote["id"])
        Connection.objects.filter(pk=self.account.pk).update(
            access_token=crypto.encrypt(pair["access_token"]),
            refresh_token=crypto.encrypt(pair["refresh_token"]),
            access_expires_at=clock.now() + clock.timedelta(seconds=pair["expires_in"]),
        )
        self._restart()
        self.struck, self.weather = False, []
        stepping.world.strike = self._strike

    def _strike(self, how: str) -> None:
        rule = FAULTS[how]
        company = self.account.remote["id"]
        if rule is not None:
            self.sandbox.faults(*self.weather, {"path": "/v1/*", "count": 1, "company": company, **rule})
        elif self.struck:
            self.sandbox.faults(*self.weather)
        self.struck = rule is not None

    def lose_refreshes(self, lose: bool) -> None:
        """Whether the answer to a token's refresh gets lost: the pair may be spent."""
        self.weather = [{"kind": "lost_refresh"}] if lose else []
        self.sandbox.faults(*self.weather)

    # --- A backup -----------------------------------------------------------------------------------------

    def back_up(self) -> None:
        self._sql("SELECT ahead.copy_all('public', 'backup')")

    def restore(self) -> None:
        self._sql("SELECT ahead.copy_all('backup', 'public')")
        self._restart()

    @staticmethod
    def _restart() -> None:
        """What a process only remembers is gone."""
        standing.forget()

    # --- Conta Azul ---------------------------------------------------------------------------------------

    def books(self) -> list[dict[str, Any]]:
        books = self.sandbox.books(self.account.remote["id"])
        return [*books["payables"], *books["receivables"]]

    def people(self) -> list[dict[str, Any]]:
        return list(self.sandbox.books(self.account.remote["id"])["people"])

    def act(self, action: str, **details: Any) -> Any:
        return self.sandbox.act(self.account.remote["id"], action, **details)

    def advance(self, seconds: float) -> None:
        """Time goes by for everybody. Whoever waits for it (a call's time-out) gets it at once."""
        clock.set_to(clock.ahead_s + seconds)
        self.sandbox.clock(seconds)
        for worker in list(stepping.world.workers):
            worker.settle()

    @staticmethod
    def _sql(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)


def wish(company: Company) -> dict[str, Any]:
    """The account as it begins: the first vendor and the cost centre are there, the other vendor is not."""
    person = {
        "id": KNOWN["person"],
        "nome": VENDORS[0],
        "documento": None,
        "perfis": ["Fornecedor", "Cliente"],
    }
    centre = {"id": KNOWN["cost_centre"], "nome": "Administração", "codigo": "ADM"}
    there = {"people": [person], "cost_centres": [centre]}
    return {"name": company.name, "document": company.document, **there}


def open_office(company: Company, sandbox: Any, *, ana: User, bruno: User, clara: User) -> Office:
    """Connect the company, and remember this as the beginning of every example."""
    answer = sandbox.reset(companies=[wish(company)], seed=7)
    register(answer["applications"][0], by=clara)
    account = connect(company, sandbox, by=clara, reset=False)
    draft(company)  # makes its cost centre
    parties = [save_party(company, name=name, is_vendor=True, is_customer=True) for name in VENDORS]
    centre = CostCentre.objects.get(company=company, code="ADM")
    for profile in ("Fornecedor", "Cliente"):
        remember(account.pk, "party", parties[0].pk, KNOWN["person"], VENDORS[0], "name", profile)
    remember(account.pk, "cost_centre", centre.pk, KNOWN["cost_centre"], centre.name, "code")
    with connection.cursor() as cursor:
        cursor.execute(_COPY)
        cursor.execute("SELECT ahead.make('base'), ahead.make('backup')")
    return Office(company, account, parties, ana, bruno, clara, sandbox)


def close_office() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS base CASCADE; DROP SCHEMA IF EXISTS backup CASCADE")
