"""What an NF-e says, as a bill needs it; and why one is refused or doubted, in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alcada import money
from alcada.intake.files import SENTENCES, UploadError

NFE_SENTENCES: Final[Mapping[str, Promise]] = {
    "pdf": _(
        "This is a PDF, perhaps the DANFE (the printed note). Send the XML that the issuer sent with it."
    ),
    "not_xml": _("This file is not an XML. An NF-e is the file that ends in .xml, not its picture or print."),
    "cte": _("This file is a CT-e (freight document), not an NF-e. Enter it by hand and attach the file."),
    "mdfe": _("This file is an MDF-e (cargo manifest), not an NF-e. There is nothing to pay on it."),
    "nfse": _("This file is an NFS-e (service note), not an NF-e. Enter it by hand and attach the file."),
    "nfcom": _("This file is an NFCom (telephone bill), not an NF-e. Enter it by hand and attach the file."),
    "nf3e": _("This file is an NF3-e (electricity bill), not an NF-e. Enter it by hand and attach the file."),
    "cfe": _("This file is a CF-e (till receipt), not an NF-e. Enter it by hand and attach the file."),
    "nfce": _(
        "This file is an NFC-e (till receipt), paid at the counter. Enter it by hand and attach the file."
    ),
    "cancellation": _(
        "This file cancels an NF-e. It is not a bill; discard the entry of the note that it names."
    ),
    "event": _("This file is an event about an NF-e (such as a correction letter), not the NF-e itself."),
    "voided_numbers": _("This file tells the tax office that note numbers were not used. It is not a bill."),
    "summary": _("This file is only the summary of an NF-e. Send the whole note, as its issuer has it."),
    "batch": _("This file holds several NF-e, or one on its way to the tax office. Send one note per file."),
    "namespace": _("This file says that it is an NF-e, but is not written in the NF-e's own format."),
    "not_nfe": _("This XML is not an NF-e: it begins with “%(root)s”."),
    "version": _("This NF-e is in layout %(version)s. Only layout 4.00, in force since 2018, is read."),
    "layout": _(
        "This NF-e does not follow its layout, so it can't be read safely. Ask the issuer for it again."
    ),
    "missing": _("This NF-e has no “%(field)s”, which every NF-e has. Ask the issuer for the file again."),
    "bad_field": _("“%(field)s” of this NF-e is “%(value)s”, which can't be. Ask the issuer for it again."),
    "homologation": _("This NF-e was issued in the tax office's test environment. It has no value."),
    "cancelled": _("The tax office's answer in this file says that the NF-e was cancelled (%(status)s)."),
    "denied": _("The tax office denied this NF-e (%(status)s: %(reason)s). It has no value."),
    "not_authorised": _("The tax office did not authorise this NF-e (%(status)s: %(reason)s)."),
    "return_note": _(
        "This note returns goods: it undoes a sale, and asks for no payment. Settle it as a credit."
    ),
    "credit_note": _("This is a credit note: it lowers what is owed, and asks for no payment."),
    "adjustment": _("This note only adjusts the issuer's tax books. There is nothing to pay on it."),
    "entry_note": _(
        "The issuer wrote this note for goods coming in to itself. It does not charge its recipient."
    ),
    "key_shape": _("The access key of this NF-e does not have its 44 places."),
    "key_digit": _("The access key of this NF-e fails its check digit: the file was changed or mistyped."),
    "key_issuer": _(
        "The access key of this NF-e belongs to another issuer than the note names. Don't pay it."
    ),
    "key_content": _("The access key of this NF-e does not agree with its “%(field)s”. Don't pay it."),
    "protocol_key": _(
        "The tax office's answer in this file is about another NF-e. Ask the issuer for it again."
    ),
    "issuer_document": _("The issuer's CPF or CNPJ in this NF-e is not valid. Don't pay it."),
}
WARNING_SENTENCES: Final[Mapping[str, Promise]] = {
    "not_proven": _("This file lacks the tax office's authorisation: check the access key before paying."),
    "instalments_do_not_add_up": _("The instalments add up to %(instalments)s, the note to %(total)s."),
    "no_due_date": _("Instalment %(number)s has no due date in the note."),
    "nothing_to_pay": _("The issuer says that no payment is due (a gift, a shipment, a sample)."),
    "perhaps_nothing_to_pay": _("The operation is “%(operation)s”, which is often free of charge. Check it."),
    "complementary": _("This note adds to an earlier one. Check that the difference was not paid already."),
    "debit_note": _("This is a debit note (such as a fine or interest). Check that it asks for a payment."),
    "total_with_new_taxes": _(
        "With IBS, CBS and IS the note comes to %(with_taxes)s. Check what is charged."
    ),
}


class NfeError(UploadError):
    """This file is not an NF-e that can be made a bill. `code` is stable, `message` the sentence to show."""

    sentences = {**SENTENCES, **NFE_SENTENCES}


@dataclass(frozen=True)
class NfeWarning:
    """Something that doesn't stop the import and that a person should see in the form."""

    code: str
    context: Mapping[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        shown = {name: _shown(value) for name, value in self.context.items()}
        return str(WARNING_SENTENCES[self.code]) % shown


def _shown(value: object) -> object:
    return (
        money.format_brl(value, language=get_language() or "pt-br") if isinstance(value, Decimal) else value
    )


@dataclass(frozen=True)
class NfeParty:
    """`document`: CPF or CNPJ, normalised; empty for a recipient abroad. No issuer's e-mail in the layout."""

    name: str
    document: str
    trade_name: str = ""
    state_registration: str = ""
    email: str = ""
    address: str = ""


@dataclass(frozen=True)
class NfeInstalment:
    """A `dup`. Its number is the issuer's text ("001", "47428/1-1"); amounts are in reais."""

    number: str
    due_date: date | None
    amount: Decimal


@dataclass(frozen=True)
class NfePayment:
    """A `detPag`: the layout's code, ours (`intake.models.PaymentMethod`; "" for none), the amount."""

    code: str
    method: str
    amount: Decimal


@dataclass(frozen=True)
class NfeBill:
    """An NF-e as a bill, in reais. `issue_date` is the date in São Paulo at the moment of issue."""

    access_key: str
    number: int
    series: int
    model: str
    version: str
    operation: str
    issued_at: datetime
    issue_date: date
    issuer: NfeParty
    recipient: NfeParty
    total: Decimal
    instalments: tuple[NfeInstalment, ...]
    payments: tuple[NfePayment, ...]
    items: tuple[str, ...]
    information: str
    authorised: bool
    protocol: str
    warnings: tuple[NfeWarning, ...]
    sha256: str

    @property
    def amount_due(self) -> Decimal:
        """What the instalments add up to: what is charged, though the total be more (a gift in it)."""
        return sum((part.amount for part in self.instalments), Decimal("0.00"))

    @property
    def payment_method(self) -> str:
        """Our code when the note names one way to pay, else empty: a person chooses."""
        methods = {payment.method for payment in self.payments}
        return methods.pop() if len(methods) == 1 else ""

    @property
    def description(self) -> str:
        """The entry's default description, in no language: note, issuer, first item, how many more."""
        more = f" (+{len(self.items) - 1})" if len(self.items) > 1 else ""
        text = f"NF-e {self.number} · {self.issuer.trade_name or self.issuer.name} · {self.items[0]}"
        room = MAX_DESCRIPTION - len(more)
        return (text if len(text) <= room else text[: room - 1].rstrip() + "…") + more


MAX_DESCRIPTION: Final = 120

# tPag (Nota Técnica 2020.006 and later) to ours. 99 ("other"), 90 (none) and 91 (later) don't say how.
METHODS: Final[Mapping[str, str]] = {
    "01": "cash", "02": "cheque", "03": "credit_card", "04": "debit_card", "15": "boleto", "16": "transfer",
    "17": "pix", "18": "transfer", "20": "pix", "90": "", "91": "", "99": "",
}  # fmt: skip
