"""What mail_pictures.py makes letters of: made up, some of it hostile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

HOSTILE = (
    "Papelaria <script>alert(1)</script> & Filhos\r\nBcc: todos@exemplo.com.br",
    "شركة النور للتجارة",
    "Padaria 🥖 da Família 👩‍👩‍👧 " + "comprida " * 40,
    "\u202egnp.eliforp\u202c Ltda",
)


def access() -> dict[str, Callable[[], Any]]:
    """What people are sent about their access, and an account's owner about theirs."""
    from django.utils import timezone

    from alcada.connections import consent_links
    from alcada.connections.models import Connection, ConsentLink
    from alcada.notify import consent_mail, people_mail
    from alcada.people import invitations
    from alcada.people.models import Company, Invitation, User

    link = "https://alcada.exemplo.com.br/welcome/Ng:1tQ2f4:9f2c4ab1"
    soon = timezone.now() + timedelta(days=7)
    bruno = User(pk=7, name="Bruno Carvalho", email="bruno@padaria.example")
    clara = User(pk=8, name="Clara Nogueira", email="clara@padaria.example")
    asked = Invitation(name="Davi Souza", email="davi@padaria.example", invited_by=clara, expires_at=soon)
    hostile = Invitation(name=HOSTILE[0], invited_by=User(name=HOSTILE[1]), expires_at=soon)
    account = Connection(company=Company(name="Padaria Horizonte Ltda", document="99601234000151"))
    consent = ConsentLink(connection=account, owner_name="Elisa Prado", created_by=clara, expires_at=soon)
    return {
        "forgotten": lambda: people_mail.forgotten_of(bruno, link),
        "welcome": lambda: people_mail.welcome_of(bruno, clara, link),
        "invitation": lambda: people_mail.invitation_of(
            invitations.Made(asked, "9f2c4ab1"), ["Padaria Horizonte Ltda", "Horizonte Eventos Ltda"]
        ),
        "invitation-hostile": lambda: people_mail.invitation_of(
            invitations.Made(hostile, "9f2c4ab1"), list(HOSTILE)
        ),
        "consent": lambda: consent_mail.content_of(consent_links.Made(consent, "9f2c4ab1")),
    }


SAMPLE: dict[str, Any] = {
    "number": "118",
    "party": "Papelaria Central Ltda",
    "description": "Papel A4, 10 caixas, e toner para a impressora do financeiro",
    "amount": "12345.67",
    "due": "2026-12-10",
    "company": "Padaria Horizonte Ltda",
    "category": ["Despesas administrativas > Material de escritório"],
    "entered_by": "Ana Ribeiro",
    "step": "Administrador",
    "why": "",
    "because": {"match": "all", "rows": [{"field": "amount", "is": ">", "value": "10000.00"}]},
    "documents": ["nota-fiscal-4711.pdf", "boleto.pdf"],
    "who": "Clara Nogueira",
    "comment": "A conta é da loja do centro.\nTroque o centro de custo, por favor.",
    "account": "Conta Azul",
    "reason": "refused",
    "theirs": "A conta financeira informada está inativa.",
    "waiting": "14",
    "kind": "needs_authorisation",
    "changes": [
        ["due_date", "2026-12-10", "2026-12-15"],
        ["amount", "1000.00", "1100.00"],
        ["notes", "", "x"],
    ],
}
# What not every notice tells.
ONLY = {
    "comment": ("entry_rejected", "entry_sent_back", "correction_rejected", "correction_sent_back"),
    "reason": ("posting_stopped",),
    "theirs": ("posting_stopped",),
    "changes": ("correction_asked",),
}
_ITEM = {
    "party": "Papelaria Central Ltda",
    "description": "Papel A4",
    "amount": "1234.56",
    "due": "2026-12-03",
    "link": "/",
}
DIGEST: dict[str, Any] = {
    "day": "2026-11-30",
    "sections": [
        {
            "company": 1,
            "name": "Padaria Horizonte Ltda",
            "groups": [
                {"what": "waits", "count": 11, "lines": [_ITEM] * 8, "link": "/inbox?company=1"},
                {"what": "back", "count": 1, "lines": [_ITEM], "link": "/"},
                {
                    "what": "accounts",
                    "count": 1,
                    "lines": [{"party": "Conta Azul", "waiting": 4, "link": "/"}],
                    "link": "/",
                },
                {
                    "what": "stuck",
                    "count": 2,
                    "lines": [{**_ITEM, "reason": "refused"}, {**_ITEM, "reason": "question"}],
                    "link": "/",
                },
                {"what": "due", "count": 2, "lines": [_ITEM] * 2, "link": "/"},
                {
                    "what": "posted",
                    "count": 2,
                    "lines": [
                        {"kind": "payable", "count": 41, "amount": "98765.43"},
                        {"kind": "receivable", "count": 1, "amount": "8400.00"},
                    ],
                    "link": "/",
                },
                {
                    "what": "told",
                    "count": 1,
                    "lines": [
                        {"template": "entry_paid", "data": {"party": "Enel", "amount": "812.30"}, "link": "/"}
                    ],
                    "link": "/",
                },
            ],
            "proof": {
                "line": "alcada-checkpoint 1 48213 1206 2026-11-30T11:00:04Z " + "9f2c4ab1" * 8,
                "count": 1206,
                "at": "2026-11-30T11:00:04+00:00",
            },
        },
        {
            "company": 2,
            "name": "Horizonte Eventos Ltda",
            "groups": [],
            "proof": {
                "line": "alcada-checkpoint 2 48213 87 2026-11-30T11:00:04Z " + "04d1e77a" * 8,
                "count": 87,
                "at": "2026-11-30T11:00:04+00:00",
            },
        },
    ],
}
