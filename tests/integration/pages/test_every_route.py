"""All routes × all roles: what each may open, and that a company is nothing at all to who has no role in it.

Each route of the product stands in ROUTES by its name; one that is not listed fails the test. What a role may is said
here by hand, not read from people/rules.py: one wrong line must not sit on both sides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pytest
from cast import make_person
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

R, A, F, M, U = "requester", "approver", "finance", "administrator", "auditor"
EVERY: Final = {R, A, F, M, U}
WRITERS: Final = {R, A, F, M}
OFFICE: Final = {F, M}
ADMINISTRATOR: Final = {M}

Arguments = Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Route:
    """Who of the company may; `of` gives the arguments, of things of the company. None: of no company."""

    may: set[str]
    of: Arguments | None = None
    post: bool = False
    hidden: frozenset[str] = frozenset()  # to whom it does not exist: 404 where another role has 403
    turned: frozenset[str] = (
        frozenset()
    )  # who is led to the entry's page instead: nothing is opened, nothing done
    sent: tuple[tuple[str, str], ...] = ()


OPEN: Final = Route(EVERY)  # by itself: a stranger too
SIGNED_IN: Final = Route(EVERY)
INSTALLATION: Final = Route(set())
NOT_THEIRS: Final = frozenset({R})  # an entry that another requester entered


def _entry(may: set[str], *, post: bool = False, of: Arguments | None = None) -> Route:
    return Route(may, of or (lambda w: [w.entry.pk]), post, NOT_THEIRS)


def _deal(may: set[str], *, post: bool = False) -> Route:
    return Route(may, lambda w: [w.deal.pk], post, NOT_THEIRS)


def _posting(may: set[str] = OFFICE) -> Route:
    return Route(may, lambda w: [w.posting.pk], True, NOT_THEIRS)


def _account(may: set[str] = ADMINISTRATOR, *, post: bool = False) -> Route:
    return Route(may, lambda w: [w.connection.pk], post)


def _routing(*, post: bool = False, rule: bool = False) -> Route:
    return Route(ADMINISTRATOR, lambda w: [w.company.pk, w.rule.pk] if rule else [w.company.pk], post)


def _mapping(*, post: bool = False) -> Route:
    return Route(OFFICE, lambda w: [w.connection.pk, "cost_centre", w.centre.pk], post)


def _person(*, post: bool = False) -> Route:
    return Route(ADMINISTRATOR, lambda w: [w.ana.pk], post)


def _field(*, post: bool = False) -> Route:
    return Route(ADMINISTRATOR, lambda w: [w.company.pk, w.field.pk], post)


OPEN_ROUTES: Final = {
    "sign-in", "sign-out", "language", "first-run", "welcome", "health",
    "consent", "consent-seen", "consent-begin", "consent-finish", "connection-callback",
    "account_login", "sign-in-passkey", "sign-in-passkey-options", "mfa_authenticate", "forgotten",
    "openid_connect_login", "openid_connect_callback", "invitation", "invitation-passkey", "notice-unsubscribe",
    "api",  # a door of its own: integration/api
}  # fmt: skip
SIGNED_IN_ROUTES: Final = {
    "home", "profile", "profile-signing-in", "notices", "notice-settings", "tokens", "exports",
}  # fmt: skip
INSTALLATION_ROUTES: Final = {
    "company-new", "bulk", "bulk-template", "doctor", "doctor-report", "connection-application",
}  # fmt: skip

# Lists: of whatever companies the person may; to who may nowhere, refused.
LISTS: Final[dict[str, set[str]]] = {
    "inbox": EVERY,
    "companies": {A, F, M, U},
    "entries": EVERY,
    "postings": EVERY,
    "differences": EVERY,
    "flows": {A, F, M, U},
    "directory": EVERY,
    "directory-cost-centres": EVERY,
    "directory-categories": EVERY,
    "directory-accounts": EVERY,
    "directory-mapping": OFFICE,
    "sales": EVERY,
    "deals": EVERY,
    "deal-new": WRITERS,
    "sales-stages": ADMINISTRATOR,
    "entries-totals": EVERY,
    "invitations": ADMINISTRATOR,
    "directory-defaults": EVERY,
    "directory-party-new": OFFICE,
    "directory-cost-centre-new": OFFICE,
    "nfe-import": WRITERS,
    "imports": WRITERS,
    "deal-imports": WRITERS,
    "connections": ADMINISTRATOR,
    "connection-new": ADMINISTRATOR,
    "consent-links": ADMINISTRATOR,
    "routing-companies": ADMINISTRATOR,
    "people": ADMINISTRATOR,
    "person-new": ADMINISTRATOR,
}
POSTED_LISTS: Final = {"posting-bulk", "consent-links-make", "consent-links-send"}

ROUTES: Final[dict[str, Route]] = {
    "person": _person(),
    "person-link": _person(post=True),
    "person-roles": Route(ADMINISTRATOR, lambda w: [w.ana.pk, w.company.pk], post=True),
    "person-manager": Route(ADMINISTRATOR, lambda w: [w.ana.pk, w.company.pk], post=True),
    "company": Route(ADMINISTRATOR, lambda w: [w.company.pk]),
    "company-fields": Route(ADMINISTRATOR, lambda w: [w.company.pk]),
    "company-field-new": Route(ADMINISTRATOR, lambda w: [w.company.pk]),
    "company-field": _field(),
    "company-field-move": _field(post=True),
    "company-field-retire": _field(post=True),
    "entry": _entry({A, F, M, U}),
    "entry-live": _entry({A, F, M, U}),
    "entry-print": _entry({A, F, M, U}),
    "entry-edit": _entry({A, F, M, U}),
    "entry-withdraw": _entry(OFFICE, post=True),
    "entry-discard": _entry(OFFICE, post=True, of=lambda w: [w.typed.pk]),
    "entry-correct": Route(OFFICE, lambda w: [w.entry.pk], False, NOT_THEIRS, frozenset({A, U})),
    "entry-correct-begin": Route(OFFICE, lambda w: [w.entry.pk], True, NOT_THEIRS, frozenset({A, U})),
    "entry-correct-discard": _entry(OFFICE, post=True),
    "entry-correct-withdraw": _entry(OFFICE, post=True),
    "entry-document": _entry({A, F, M, U}, of=lambda w: [w.entry.pk, w.document.pk]),
    "entry-new": Route(WRITERS, lambda w: ["payable"]),
    "import-template": Route(WRITERS, lambda w: ["csv"]),
    "deal-import-template": Route(WRITERS, lambda w: ["csv"]),
    "posting-again": _posting(),
    "posting-look": _posting(),
    "posting-cancel": _posting(),
    "posting-settle": _posting(),
    "posting-adopt": _posting(),
    "question-choose": _posting(),
    "question-release": _posting(),
    "question-decline": _posting(),
    "posting-account-pause": _account(post=True),
    "posting-account-resume": _account(post=True),
    "connection": _account(),
    "connection-begin": _account(post=True),
    "connection-paste": _account(post=True),
    "connection-fetch": _account(post=True),
    "connection-progress": _account(),
    "connection-pause": _account(post=True),
    "connection-resume": _account(post=True),
    "connection-link": _account(),
    "connection-link-revoke": _account(post=True),
    "routing": _routing(),
    "routing-default": _routing(post=True),
    "routing-parties": _routing(post=True),
    "routing-rule-new": _routing(),
    "routing-rule": _routing(rule=True),
    "routing-rule-move": _routing(rule=True, post=True),
    "routing-rule-remove": _routing(rule=True, post=True),
    "mapping": _account(OFFICE),
    "mapping-sure": Route(OFFICE, lambda w: [w.connection.pk], True, sent=(("kind", "cost_centre"),)),
    "mapping-new-vendors": _account(OFFICE, post=True),
    "mapping-find": Route(OFFICE, lambda w: [w.connection.pk, w.vendor.pk], post=True),
    "mapping-choose": _mapping(),
    "mapping-confirm": _mapping(post=True),
    "mapping-remove": _mapping(post=True),
    "directory-party": Route(EVERY, lambda w: [w.vendor.pk]),
    "directory-cost-centre": Route(EVERY, lambda w: [w.centre.pk]),
    "directory-category": Route(EVERY, lambda w: [w.category.pk]),
    "directory-account": Route(EVERY, lambda w: [w.account.pk]),
    "deal": _deal({A, F, M, U}),
    "deal-receivable": _deal({A, F, M, U}),
    "deal-edit": _deal(OFFICE),
    "deal-move": Route(OFFICE, lambda w: [w.deal.pk], True, NOT_THEIRS, sent=(("to", "won"),)),
    "tokens-services": Route(ADMINISTRATOR, lambda w: [w.company.pk]),
}
# Of a person, of who pressed for it, or of a thing that no page of this world has: their own tests say who may.
ELSEWHERE: Final = {
    "decide": "test_deciding_pages",
    "decide-books": "test_deciding_pages",
    "notice-open": "test_notices",
    "posting-bulk-result": "test_posting_list",
    "bulk-import": "test_bureau",
    "bulk-make": "test_bureau",
    "bulk-progress": "test_bureau",
    "bulk-report": "test_bureau",
    "person-deactivate": "test_people_pages",
    "person-reset": "signin/test_ways_in",
    "person-reactivate": "test_people_pages",
    "difference-accept": "test_differences_page",
    "difference-done": "test_differences_page",
    "correction-again": "test_correcting_pages",
    "correction-leave": "test_correcting_pages",
    "prepared-drop": "test_consent_links",
    "party-search": "intake/test_pages",
    "party-document-check": "intake/test_pages",
    "notices-read": "test_notice_pages",
    "profile-password": "signin/test_ways_in",
    "confirm-it-is-you": "signin/test_ways_in",
    "passkey-add": "signin/test_ways_in",
    "passkey-options": "signin/test_ways_in",
    "passkey-confirm-options": "signin/test_ways_in",
    "passkey-rename": "signin/test_ways_in",
    "passkey-remove": "signin/test_ways_in",
    "two-steps-on": "signin/test_ways_in",
    "two-steps-off": "signin/test_ways_in",
    "recovery-codes": "signin/test_ways_in",
    "recovery-codes-new": "signin/test_ways_in",
    "provider-unlink": "signin/test_provider",
    "browser-end": "signin/test_ways_in",
    "browsers-end-others": "signin/test_ways_in",
    "token-renew": "api/test_token_pages",
    "token-revoke": "api/test_token_pages",
    "invitation-page": "signin/test_invitations",
    "invitation-roles": "signin/test_invitations",
    "invitation-send": "signin/test_invitations",
    "invitation-link": "signin/test_invitations",
    "invitation-take-back": "signin/test_invitations",
    "deal-terms": "sales/test_deal_pages",
    "saved-filter-save": "lists/test_saved_filters",
    "saved-filter-remove": "lists/test_saved_filters",
    "export-ask": "lists/test_exports",
    "export": "lists/test_exports",
    "export-progress": "lists/test_exports",
    "export-download": "lists/test_exports",
    "entry-document-text": "lists/test_print_page",
    "import": "intake/test_importing_pages",
    "import-columns": "intake/test_importing_pages",
    "import-zeros": "intake/test_importing_pages",
    "import-make": "intake/test_importing_pages",
    "import-progress": "intake/test_importing_pages",
    "import-report": "intake/test_importing_pages",
    "deal-import": "importing/test_importing_deal_pages",
    "deal-import-columns": "importing/test_importing_deal_pages",
    "deal-import-zeros": "importing/test_importing_deal_pages",
    "deal-import-make": "importing/test_importing_deal_pages",
    "deal-import-progress": "importing/test_importing_deal_pages",
    "deal-import-report": "importing/test_importing_deal_pages",
}
ALLOWED: Final = {200, 204, 302, 303, 400, 409, 422}


def _names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _names(one.url_patterns)
        else:
            yield str(one.name)


def test_every_route_is_listed() -> None:
    known = OPEN_ROUTES | SIGNED_IN_ROUTES | INSTALLATION_ROUTES | POSTED_LISTS
    known |= {*LISTS, *ROUTES, *ELSEWHERE}
    names = set(_names(get_resolver().url_patterns))
    assert names - known == set(), "say in this file who may open it"
    assert known - names == set(), "it is no route any more"


@pytest.fixture
def whole(world: Any, tmp_path: Any, settings: Any) -> Any:
    return furnished(world, settings, tmp_path)


def furnished(world: Any, settings: Any, tmp_path: Any) -> Any:
    """The world with one of each thing that an address names. Ana entered it."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from alcada.connections.routing_actions import Target, add_rule
    from alcada.directory.actions import save_party
    from alcada.flow import actions as flow
    from alcada.intake import actions, custom
    from alcada.intake.models import Entry

    settings.MEDIA_ROOT = tmp_path
    typed = world.typed()
    upload = SimpleUploadedFile("nota.pdf", b"%PDF-1.4\\n%%EOF\\n")
    world.document = actions.add_document(typed, by=world.ana, upload=upload)
    world.typed = typed
    flow.submit(typed, by=world.ana)
    world.entry = Entry.objects.get(pk=typed.pk)
    world.decided(world.entry, world.bruno)
    world.posting = world.entry.postings.get()
    world.rule = add_rule(
        world.company,
        name="Tudo",
        conditions={"match": "all", "rows": [{"field": "amount", "is": ">", "value": "1.00"}]},
        target=Target(world.connection),
        version=0,
        by=world.clara,
    )
    from alcada.sales import pipelines
    from alcada.sales.actions import Content, create
    from alcada.sales.queries import stages_of

    world.deal = create(
        world.company,
        Content(
            title="Café",
            customer=save_party(world.company, name="Hotel Azul", is_customer=True),
            value=Decimal("900.00"),
            owner=world.ana,
            terms="30/60/90",
            stage=stages_of(pipelines.ensure(world.company, by=world.clara))[0],
        ),
        by=world.ana,
    )
    world.field = custom.save(world.company, name="Projeto", type_="text", by=world.clara)
    return world


def _status(
    user: Any, name: str, arguments: list[Any], *, post: bool, fragment: bool = False, sent: Any = ()
) -> int:
    client = Client(headers={"HX-Request": "true"} if fragment else {})
    if user is not None:
        client.force_login(user)
    address = reverse(name, args=arguments)
    with transaction.atomic():
        answer = client.post(address, dict(sent)) if post else client.get(address)
        if answer.streaming:
            list(answer.streaming_content)  # read to its end, a file is closed
        transaction.set_rollback(True)
    return int(answer.status_code)


@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
def test_to_a_stranger_it_is_not_there(whole: Any, carla: Any, fragment: bool) -> None:
    """Carla has roles in another company only."""
    wrong = {
        name: status
        for name, route in ROUTES.items()
        if name not in {"entry-new", "import-template", "deal-import-template"}  # of no company
        and (status := _status(carla, name, route.of(whole), post=route.post, fragment=fragment)) != 404
    }
    assert wrong == {}


def test_each_role_may_what_is_said_and_nothing_else(whole: Any, company: Any) -> None:
    wrong = {}
    for role in sorted(EVERY):
        somebody = make_person(f"Pessoa{role} Teste", company, role)
        for name, route in ROUTES.items():
            status = _status(somebody, name, route.of(whole), post=route.post, sent=route.sent)
            refused = {404} if role in route.hidden else {403, 302} if role in route.turned else {403}
            fine = status in (ALLOWED if role in route.may else refused)
            if not fine:
                wrong[role, name] = status
        for name, may in LISTS.items():
            status = _status(somebody, name, [], post=False)
            if not (status in ALLOWED if role in may else status == 403):
                wrong[role, name] = status
        for name in INSTALLATION_ROUTES:
            if (status := _status(somebody, name, [], post=False)) != 403:
                wrong[role, name] = status
        for name in SIGNED_IN_ROUTES:
            if (status := _status(somebody, name, [], post=False)) != 200:
                wrong[role, name] = status
    assert wrong == {}


def test_who_is_not_signed_in_is_asked_to(whole: Any) -> None:
    wrong = {}
    arguments = {name: route.of(whole) for name, route in ROUTES.items()}
    arguments |= {name: [] for name in {*LISTS, *INSTALLATION_ROUTES, *SIGNED_IN_ROUTES, *POSTED_LISTS}}
    for name, of in arguments.items():
        answer = Client().get(reverse(name, args=of))
        if answer.status_code != 302 or not answer.url.startswith(reverse("sign-in")):
            wrong[name] = answer.status_code
    assert wrong == {}
