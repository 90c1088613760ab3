"""What requests about entries and their answers are made of."""

from typing import Annotated, Literal

from django.utils.translation import gettext_noop as noop
from ninja import Schema
from pydantic import Field

from alcada.api.contents import ContentOut, DraftFields, DraftOut
from alcada.api.parsing import Day, Id, In, Key, Kind, Moment, Named
from alcada.flow.queries import STATUSES

StatusCode = Literal[
    "draft",
    "discarded",
    "round.open",
    "round.rejected",
    "round.sent_back",
    "round.withdrawn",
    "round.approved",
    "posting.queued",
    "posting.sending",
    "posting.posted",
    "posting.refused",
    "posting.asked",
    "posting.unknown",
    "posting.undecided",
    "posting.cancelled",
]
assert set(StatusCode.__args__) == set(STATUSES)  # type: ignore[attr-defined]  # a Literal has them


class EntryFilters(Schema):
    """What a list of entries is narrowed by, as the page's list is: all that is given must hold."""

    q: str = Field(
        "",
        max_length=200,
        description=noop(
            "Words by how they begin (vendor or customer, description, own fields), document number, CPF or CNPJ, "
            "#number, value, 100..200, a posting's reference. All that is written must be there."
        ),
    )
    company: Key | None = None
    kind: Kind | None = None
    status: StatusCode | None = Field(
        None, description=noop("What was thrown away shows only with “discarded”.")
    )
    due_from: Day | None = Field(
        None,
        description=noop(
            "With an instalment that is due then or later; with due_until: one within the period."
        ),
    )
    due_until: Day | None = Field(None, description=noop("With an instalment that is due then or earlier."))
    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-12"])] | None = (
        Field(None, description=noop("The competence month, as 2026-12."))
    )
    category: Key | None = Field(None, description=noop("With a split of this category."))
    cost_centre: Key | None = Field(None, description=noop("With a split of this cost centre."))
    bank_account: Key | None = None
    account: Key | None = Field(
        None, description=noop("Submitted to go to this account at Conta Azul, by its key.")
    )
    party: Key | None = Field(None, description=noop("Of this vendor or customer."))
    created_by: Key | None = Field(None, description=noop("Entered by this person."))


class EntryLine(Schema):
    """An entry in a list: what was submitted, or of a draft what is typed so far."""

    id: int
    number: int = Field(description=noop("Counted per company: what people say to each other."))
    company: Named
    kind: Kind
    status: StatusCode
    status_label: str
    party_name: str
    description: str
    document_number: str
    amount: str = Field(description=noop("1500.00; of a draft, what was typed where it can't be read."))
    currency: str
    due_date: Day | None = Field(description=noop("Of the first instalment."))
    instalments: int
    documents: int
    created_by: Named
    created_at: Moment


class EntryPage(Schema):
    items: list[EntryLine]
    next: str | None


class DocumentOut(Schema):
    id: int
    name: str
    content_type: str
    size: int
    sha256: str
    added_by: Named
    added_at: Moment


class QuestionOut(Schema):
    """Something odd that may be right: send its `key` in `confirmed` when you submit."""

    key: str
    text: str


class EntryOut(Schema):
    id: int
    number: int
    company: Named
    kind: Kind
    status: StatusCode
    status_label: str
    version: str = Field(description=noop("Names what you read. Send it back when you change or submit it."))
    may_change: bool
    created_by: Named
    created_at: Moment
    discarded_at: Moment | None
    content: ContentOut | None = Field(description=noop("What was submitted last."))
    draft: DraftOut | None = Field(description=noop("What is being typed; none while it is with others."))
    problems: dict[str, list[str]] = Field(
        description=noop("What keeps the draft from being submitted, by field.")
    )
    questions: list[QuestionOut]
    refused: str = Field(description=noop("Why the draft goes to no account, if so."))
    documents: list[DocumentOut]


class NewEntry(DraftFields):
    company: Id
    kind: Kind


class ChangedEntry(DraftFields):
    version: Annotated[str, Field(max_length=16)]


class Submission(In):
    version: Annotated[str, Field(max_length=16)] | None = Field(
        None, description=noop("Refused where the draft is not the one that you read.")
    )
    confirmed: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=50)] = []
