"""Tokens: shown once, kept as a hash, good until revoked, run out, or their person may no longer."""

import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from integration.api.calling import Caller, make_token

from alcada.config.logs import Line
from alcada.history.actions import record
from alcada.history.models import Record
from alcada.people import actions as people
from alcada.people.models import Membership, Role, User
from alcada.people.queries import holders, with_approver
from alcada.tokens import actions
from alcada.tokens.models import Token


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one.formatter, Line)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def service(company: Any, by: User, *scopes: str, roles: tuple[Role, ...] = (Role.REQUESTER,)) -> Caller:
    made = actions.make_service(company, name="ERP", roles=roles, scopes=scopes, days=30, by=by)
    return Caller(made.text)


def test_only_a_hash_is_kept(ana: User) -> None:
    text = make_token(ana, "entries:read")
    (row,) = Token.objects.values()
    assert text not in str(row)
    assert text.split("_")[2] not in str(list(Record.objects.values()))
    assert text.startswith(f"alcada_{row['prefix']}_")


def test_history_says_who_made_and_revoked_it(ana: User) -> None:
    made = actions.make_personal(ana, name="Planilha", scopes=["entries:read"], days=30)
    assert actions.revoke(made.token, by=ana)
    assert not actions.revoke(made.token, by=ana)
    told = Record.objects.filter(event__startswith="token.").order_by("pk")
    assert [(one.event, one.actor_name, one.data["token"]) for one in told] == [
        ("token.made", "Ana Souza", made.token.prefix),
        ("token.revoked", "Ana Souza", made.token.prefix),
    ]


def test_it_stops_at_once_when_revoked(call: Any, ana: User) -> None:
    caller = call(ana)
    assert caller.get("/entries").status_code == 200
    actions.revoke(Token.objects.get(), by=ana)
    assert caller.get("/entries").status_code == 401


def test_it_runs_out(call: Any, ana: User) -> None:
    caller = call(ana)
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert caller.get("/entries").status_code == 401


def test_it_stops_at_once_with_its_person(call: Any, ana: User, installer: User) -> None:
    caller = call(ana)
    assert caller.get("/entries").status_code == 200
    people.deactivate(ana, by=installer, record=record)
    assert caller.get("/entries").status_code == 401


def test_a_role_that_is_taken_is_taken_from_the_token(call: Any, world: Any) -> None:
    caller, entry = call(world.bruno), world.submitted()
    assert caller.get(f"/entries/{entry.pk}").status_code == 200
    Membership.objects.filter(user=world.bruno).delete()
    assert caller.get(f"/entries/{entry.pk}").status_code == 404
    assert caller.read("/entries")["items"] == []


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer alcada_aaaaaaaa_" + "a" * 43, "Bearer \xe9"],
)
def test_what_is_no_good_token_is_refused(db: None, value: str) -> None:
    answer = Client().get("/api/v1/entries", headers={"Authorization": value} if value else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "no_token"


def test_another_tokens_prefix_opens_nothing(db: None, ana: User) -> None:
    text = make_token(ana, "entries:read")
    assert Caller(text[:-1] + ("a" if text[-1] != "a" else "b")).get("/entries").status_code == 401


def test_a_session_or_an_address_is_no_token(ana: User, client: Client) -> None:
    text = make_token(ana, "entries:read")
    client.force_login(ana)
    assert client.get("/api/v1/entries").status_code == 401
    assert client.get(f"/api/v1/entries?token={text}&access_token={text}").status_code == 401
    assert client.post("/api/v1/entries", {}, content_type="application/json").status_code == 401


def test_a_token_reaches_no_page(ana: User) -> None:
    answer = Client().get("/entries", headers={"Authorization": f"Bearer {make_token(ana, 'entries:read')}"})
    assert answer.status_code == 302


def test_no_token_is_written_into_the_log(
    ana: User, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:

    text = make_token(ana, "entries:read")
    monkeypatch.setattr("alcada.api.entry_list.find", lambda *given: 1 / 0)
    assert Caller(text).get("/entries").status_code == 500
    assert Caller(text).get("/nothing").status_code == 404
    Client().get(f"/api/v1/entries?token={text}")
    logging.getLogger("alcada.api").warning("somebody wrote %s", text)
    secret = text.split("_", 2)[2]
    assert "ZeroDivisionError" in written.getvalue()
    assert secret not in written.getvalue()


def test_more_calls_than_a_minute_allows_wait(call: Any, ana: User, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    caller, other = call(ana), call(ana)
    assert [caller.get("/inbox").status_code for _each in range(4)] == [200, 200, 200, 429]
    answer = caller.get("/inbox")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.json()["code"] == "too_many_requests"
    assert other.get("/inbox").status_code == 200  # it is the token's, not the person's
    Token.objects.update(calls_since=timezone.now() - timedelta(seconds=61))
    assert caller.get("/inbox").status_code == 200


def test_a_renewed_token_may_the_same_and_the_old_one_goes_on(ana: User) -> None:
    first = actions.make_personal(ana, name="Planilha", scopes=["entries:read"], days=90)
    second = actions.renew(first.token, by=ana)
    assert (second.token.scopes, second.token.name) == (["entries:read"], "Planilha")
    assert Caller(first.text).get("/entries").status_code == 200
    assert Caller(second.text).get("/entries").status_code == 200
    actions.revoke(first.token, by=ana)
    with pytest.raises(actions.NotGoodError):
        actions.renew(first.token, by=ana)


# --- Services ------------------------------------------------------------------------------------------------


def test_a_service_has_its_own_roles_in_its_company(world: Any, carla: User) -> None:
    seen = world.submitted()
    auditor = service(world.company, world.clara, "entries:read", "entries:write", roles=(Role.AUDITOR,))
    requester = service(world.company, world.clara, "entries:read", "entries:write")
    assert [one["id"] for one in auditor.read("/entries")["items"]] == [seen.pk]
    assert requester.read("/entries")["items"] == []
    body = {"company": world.company.pk, "kind": "payable", "description": "Energia"}
    assert auditor.post("/entries", body).status_code == 403
    made = requester.post("/entries", body)
    assert made.status_code == 201
    assert made.json()["created_by"]["name"] == "ERP"
    there = {"company": carla.memberships.first().company_id, "kind": "payable"}
    assert requester.post("/entries", there).status_code == 404


def test_a_service_never_decides(world: Any) -> None:
    with pytest.raises(ValueError, match="never decides"):
        service(world.company, world.clara, "decisions:write")
    with pytest.raises(ValueError, match="never decides"):
        service(world.company, world.clara, "entries:read", roles=(Role.APPROVER,))
    caller = service(world.company, world.clara, "entries:read", roles=(Role.ADMINISTRATOR,))
    with pytest.raises(IntegrityError), transaction.atomic():
        Token.objects.update(scopes=["decisions:write"])
    step = world.step(world.submitted())
    body = {"verdict": "approve", "revision_hash": step.round.revision.content_hash}
    assert caller.post(f"/inbox/{step.pk}/decision", body).json()["scope"] == "decisions:write"


def test_a_service_is_nobody_whom_one_asks_tells_or_lists(world: Any, client: Client) -> None:
    service(world.company, world.clara, "entries:read", roles=(Role.ADMINISTRATOR, Role.FINANCE))
    program = User.objects.get(is_service=True)
    assert program not in holders(world.company, Role.ADMINISTRATOR)
    assert program not in holders(world.company, Role.FINANCE)
    client.force_login(world.clara)
    assert "ERP" not in client.get("/people").content.decode()
    assert client.get(f"/people/{program.pk}").status_code == 404
    # The last administrator that is a person can't go, whatever programs there are.
    with pytest.raises(people.LastAdministratorError):
        people.give_roles(world.clara, world.company, [], by=world.clara, record=record)
    from alcada.people.models import Company

    Membership.objects.exclude(user__in=[program, world.bruno]).delete()
    assert not with_approver(Company.objects.all()).exists()  # one person and a program are one person


def test_a_service_signs_in_nowhere(world: Any) -> None:
    service(world.company, world.clara, "entries:read")
    program = User.objects.get(is_service=True)
    assert not program.has_usable_password()
    program.set_password("uma senha bem comprida")
    with pytest.raises(IntegrityError), transaction.atomic():
        program.save()


def test_what_a_service_submitted_and_comes_back_is_told_to_people(world: Any) -> None:
    from alcada.approval.models import Decision
    from alcada.flow import actions as flow
    from alcada.intake import actions as intake
    from alcada.notify.models import Notice

    service(world.company, world.clara, "entries:write")
    program = User.objects.get(is_service=True)
    entry = intake.start(world.company, "payable", by=program, draft=world.draft())
    flow.submit(entry, by=program)
    step = world.step(entry)
    flow.decide(step.pk, by=world.bruno, verdict=Decision.Verdict.SEND_BACK, comment="Falta a nota")
    told = Notice.objects.filter(template="entry_sent_back")
    assert [one.user for one in told] == [world.clara]
    assert not Notice.objects.filter(user=program).exists()
