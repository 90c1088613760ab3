"""From typed text to content, field by field, everything that is wrong collected on the way."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from alcada import money
from alcada.connections.models import Connection
from alcada.directory import documents
from alcada.directory.models import BankAccount, Category, EntryKind, Party
from alcada.intake import custom
from alcada.intake.models import PaymentMethod
from alcada.intake.rules import (
    MAX_ROWS,
    Content,
    CustomValue,
    InstalmentPart,
    Problems,
    SplitPart,
    add_up,
    key,
    read_day,
)
from alcada.intake.shelf import Shelf
from alcada.sentences import amount_sentence, document_sentence


def not_there_yet() -> str:
    """What to say beside a vendor or customer who is new: submitting puts them into the directory."""
    return _("It is not in the directory yet.")


class Reader:
    """Reads field by field and collects what is wrong, so that a person sees all of it at once."""

    def __init__(
        self,
        shelf: Shelf,
        kind: str,
        draft: Mapping[str, Any],
        *,
        as_numbered: bool = False,
        asks_own: bool = True,
    ) -> None:
        self.shelf, self.kind, self.draft = shelf, kind, draft
        self.asks_own = asks_own and not as_numbered  # are the company's required fields?
        self.as_numbered = as_numbered  # the rows are instalments that have their number already
        self.problems: dict[str, list[str]] = {}
        # Where more than one may be meant, the rest has to be read first: `absent` asks then (flow.checking).
        self.connection: Connection | None = shelf.table.sole
        self._in_account: list[tuple[str, Category | BankAccount]] = []

    def content(self) -> Content:
        party = self._party()
        account = self._bank_account()
        total = self._amount("amount", self.draft["amount"])
        splits = self._splits(total)
        instalments = self._instalments(total)
        description = self._line("description", 200, required=_("Say in a few words what it is for."))
        competence = self._day("competence_date", self.draft["competence_date"])
        texts = {
            "document_number": self._line("document_number", 60),
            "payment_method": self._payment_method(),
            "payment_details": self._line("payment_details", 300),
            "notes": self._line("notes", 1000),
        }
        own = self._custom()
        self._find_in_account()
        if self.problems or not (party and account and total and competence):
            raise Problems(self.problems)
        return Content(
            kind=self.kind,
            party_id=party.pk,
            party_name=party.name,
            party_document=party.document,
            party_email=party.email,
            description=description,
            competence_date=competence,
            amount=total,
            currency="BRL",
            bank_account_id=account.pk,
            bank_account_name=account.name,
            splits=tuple(splits),
            instalments=tuple(instalments),
            document_number=texts["document_number"],
            payment_method=texts["payment_method"],
            payment_details=texts["payment_details"],
            notes=texts["notes"],
            custom=tuple(own),
        )

    def _wrong(self, field: str, sentence: str) -> None:
        self.problems.setdefault(field, []).append(sentence)

    def _line(self, field: str, longest: int, *, required: str = "") -> str:
        typed = str(self.draft[field])
        text = typed.replace("\r\n", "\n").strip() if field == "notes" else " ".join(typed.split())
        if len(text) > longest:
            self._wrong(
                field,
                _("At most %(longest)s characters; these are %(found)s.")
                % {"longest": longest, "found": len(text)},
            )
        if required and not text:
            self._wrong(field, required)
        return text

    def _amount(self, field: str, typed: str) -> Decimal | None:
        try:
            found = money.parse_brl(typed)
        except money.AmountError as exc:
            self._wrong(field, amount_sentence(exc.code))
            return None
        if found <= 0:
            self._wrong(field, amount_sentence("negative"))
            return None
        return found

    def _day(self, field: str, typed: str) -> date | None:
        found = read_day(typed)
        if found is None:
            self._wrong(
                field,
                _("This is no date. Write it like 31/12/2026.") if typed.strip() else _("Fill in the date."),
            )
        return found

    def _party(self) -> Party | None:
        if self.draft["new_party"]:
            self._new_party()
            return None
        party = self.shelf.parties.get(key(self.draft["party"]))
        if party is None:
            self._wrong("party", self._vendor(_("Choose the vendor."), _("Choose the customer.")))
        elif not (party.is_vendor if self.kind == EntryKind.PAYABLE else party.is_customer):
            self._wrong(
                "party",
                self._vendor(
                    _("%(name)s is registered as a customer only. Register it as a vendor too."),
                    _("%(name)s is registered as a vendor only. Register it as a customer too."),
                )
                % {"name": party.name},
            )
        return party

    def _new_party(self) -> None:
        """One that isn't in the directory can't be submitted; actions.settle_party puts it there."""
        before = len(self.problems)
        if not documents.normalise_name(self._line("party_name", 200)):
            self._wrong("party_name", _("Give the name."))
        try:
            if self.draft["party_document"].strip():
                documents.check(self.draft["party_document"])
        except documents.DocumentError as exc:
            self._wrong("party_document", document_sentence(exc.code))
        if email := self._line("party_email", 100):
            try:
                validate_email(email)
            except ValidationError:
                self._wrong("party_email", _("This is no e-mail address."))
        if len(self.problems) == before:
            self._wrong("party_name", not_there_yet())

    def _vendor(self, of_payable: str, of_receivable: str) -> str:
        return of_payable if self.kind == EntryKind.PAYABLE else of_receivable

    def _bank_account(self) -> BankAccount | None:
        account = self.shelf.bank_accounts.get(key(self.draft["bank_account"]))
        if account is None:
            self._wrong("bank_account", _("Choose the account."))
        elif not account.active:
            self._wrong("bank_account", _("%(name)s is no longer in use.") % {"name": account.name})
        elif self.kind == EntryKind.PAYABLE and not account.takes_payables:
            self._wrong(
                "bank_account", _("%(name)s only receives: choose another account.") % {"name": account.name}
            )
        else:
            self._in_account.append(("bank_account", account))
        return account

    def _payment_method(self) -> str:
        method = str(self.draft["payment_method"])
        if method and method not in PaymentMethod.values:
            self._wrong("payment_method", _("Choose one of the list."))
        return method

    def _custom(self) -> list[CustomValue]:
        """The company's own fields. A correction needs none that came to be required since: it is of something else.
        Nor does what nobody types (`asks_own`)."""
        found = []
        for field in self.shelf.custom(self.kind):
            typed = self.draft["custom"].get(str(field.pk), "").strip()
            if not typed:
                if field.required and self.asks_own:
                    self._wrong(f"custom.{field.pk}", _("Fill in “%(name)s”.") % {"name": field.name})
                continue
            try:
                found.append(CustomValue(field.pk, field.name, field.type, custom.read(field, typed)))
            except custom.ValueRefusedError as exc:
                self._wrong(f"custom.{field.pk}", str(exc))
        return found

    def _find_in_account(self) -> None:
        """What Conta Azul's API can't create must be there before anybody is asked to approve it."""
        if self.connection is None or not self._in_account:
            return
        categories, accounts = self.shelf.there(self.connection)
        for field, ours in self._in_account:
            if ours.pk not in (categories if isinstance(ours, Category) else accounts):
                self._wrong(field, not_there(str(ours), self.connection.name))

    def _splits(self, total: Decimal | None) -> list[SplitPart]:
        rows = self._counted("splits")
        parts: list[SplitPart] = []
        for index, row in enumerate(rows):
            field = f"splits.{index}"
            category = self.shelf.categories.get(key(row["category"]))
            self._check_category(f"{field}.category", category)
            centre = self.shelf.cost_centres.get(key(row["cost_centre"]))
            if row["cost_centre"] and (centre is None or not centre.active):
                self._wrong(f"{field}.cost_centre", _("Choose a cost centre that is in use."))
            share = self._share(f"{field}.amount", row["amount"], rows, total)
            if category is None or share is None:
                continue
            part = SplitPart(
                category.pk,
                str(category),
                centre.pk if centre else None,
                str(centre or ""),
                share,
                centre.code if centre else "",
            )
            if any(
                (p.category_id, p.cost_centre_id) == (part.category_id, part.cost_centre_id) for p in parts
            ):
                self._wrong(
                    f"{field}.category", _("This category and cost centre are there already: add the values.")
                )
            parts.append(part)
        self._sum("splits", [part.amount for part in parts], rows, total)
        return parts

    def _check_category(self, field: str, category: Category | None) -> None:
        if category is None:
            self._wrong(field, _("Choose the category."))
        elif category.kind != self.kind:
            self._wrong(
                field,
                self._vendor(
                    _("%(name)s is a category of receivables."), _("%(name)s is a category of payables.")
                )
                % {"name": str(category)},
            )
        elif not category.active:
            self._wrong(field, _("%(name)s is no longer in use.") % {"name": str(category)})
        else:
            self._in_account.append((field, category))

    def _instalments(self, total: Decimal | None) -> list[InstalmentPart]:
        rows = self._counted("instalments")
        found: list[tuple[date, Decimal]] = []
        for index, row in enumerate(rows):
            due = self._day(f"instalments.{index}.due_date", row["due_date"])
            share = self._share(f"instalments.{index}.amount", row["amount"], rows, total)
            if due and share:
                found.append((due, share))
        self._sum("instalments", [share for _due, share in found], rows, total)
        # Numbered by due date, however they were typed.
        in_order = found if self.as_numbered else sorted(found, key=lambda part: part[0])
        return [InstalmentPart(number, due, share) for number, (due, share) in enumerate(in_order, start=1)]

    def _counted(self, field: str) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = self.draft[field]
        if len(rows) > MAX_ROWS:
            self._wrong(field, _("At most %(most)s rows.") % {"most": MAX_ROWS})
        return rows[:MAX_ROWS]

    def _share(
        self, field: str, typed: str, rows: list[dict[str, str]], total: Decimal | None
    ) -> Decimal | None:
        if len(rows) == 1 and not typed.strip():
            return total
        return self._amount(field, typed)

    def _sum(
        self, field: str, parts: list[Decimal], rows: list[dict[str, str]], total: Decimal | None
    ) -> None:
        """Only of rows that could all be read: a difference beside an unreadable amount would mislead."""
        unread = any(path.startswith(f"{field}.") and path.endswith(".amount") for path in self.problems)
        if total is None or unread or len(parts) != len(rows):
            return
        if sentence := add_up(field, parts, total):
            self._wrong(field, sentence)


def not_there(name: str, account: str, rule: str = "") -> str:
    """What to say beside a category or bank account that the chosen account doesn't have."""
    names = {"name": name, "account": account, "rule": rule}
    if rule:
        sentence = _(
            "%(name)s does not exist in the Conta Azul account %(account)s, where “%(rule)s” sends this."
        )
        return sentence % names
    return _("%(name)s does not exist in the Conta Azul account %(account)s.") % names


def absent(content: Content, connection: Connection, shelf: Shelf, rule: str = "") -> dict[str, list[str]]:
    """What of the content the account doesn't have, by field; `rule` chose the account."""
    categories, accounts = shelf.there(connection)
    wrong = {
        f"splits.{index}.category": [not_there(part.category_name, connection.name, rule)]
        for index, part in enumerate(content.splits)
        if part.category_id not in categories
    }
    if content.bank_account_id not in accounts:
        wrong["bank_account"] = [not_there(content.bank_account_name, connection.name, rule)]
    return wrong
