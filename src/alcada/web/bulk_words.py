"""What a bulk set-up says of a line: what it makes, what is wrong with it; and of a file that can't be read."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.connections.bulk import columns
from alcada.connections.bulk.sheet import SheetError
from alcada.directory import documents
from alcada.people.models import Role

Words = dict[str, str | Promise]

OUTCOMES: Final[dict[str, tuple[str | Promise, str]]] = {
    "made": (lazy("New"), "green"),
    "changed": (lazy("Changed"), "blue"),
    "left": (lazy("As it is"), "grey"),
    "refused": (lazy("Refused"), "red"),
}
WHATS: Final[Words] = {"account": lazy("Account"), "rule": lazy("Rule"), "mapping": lazy("Mapping")}

_FILES: Final[Words] = {
    "empty": lazy("The file is empty."),
    "too_large": lazy("The file is larger than %(most)s MB: split it."),
    "workbook": lazy("This is an Excel workbook. Save it as CSV (“CSV UTF-8”) and choose that file."),
    "not_text": lazy("This is no CSV: it can't be read as text."),
    "no_lines": lazy("There is a header, and no line under it."),
    "too_many_lines": lazy("There are %(found)s lines; one file has at most %(most)s."),
    "no_header": lazy("The first line names none of the columns. Begin with the template."),
    "no_document": lazy("The column with the CNPJ is missing: every line needs it."),
    "twice": lazy("The column “%(column)s” is there twice."),
    "broken": lazy(
        "Line %(line)s can't be read: quotes that don't end, or a cell with thousands of characters."
    ),
}

_PROBLEMS: Final[Words] = {
    "unknown_what": lazy("“%(typed)s” is none of account, rule and mapping."),
    "missing": lazy("It is empty."),
    "too_long": lazy("At most %(longest)s characters; these are %(found)s."),
    "formula": lazy("It begins with %(sign)s, as a formula does. Write the text itself."),
    "unreadable": lazy("There are characters that can't be read: save the file as UTF-8."),
    "only_signs": lazy("There is no letter and no digit in it."),
    "document_as_number": lazy(
        "The spreadsheet shortened this number: format the column as text and type it again."
    ),
    "document_length": lazy(
        "A CPF has 11 digits and a CNPJ 14 places. Spreadsheets drop zeros in front: format the column as text."
    ),
    "document_empty": lazy("There is no letter and no digit in it."),
    "document_characters": lazy("A CPF has only digits; a CNPJ has letters in its first twelve places only."),
    "document_repeated": lazy("Nobody has this number. Is it made up?"),
    "document_check_digits": lazy("The check digits don't match: there is a mistyped digit."),
    "amount_ambiguous": lazy("Is this a thousand, or one and a part? Write 1.234,00 or 1,23."),
    "amount_negative": lazy("The value must be more than zero."),
    "amount_too_many_decimals": lazy("An amount has two decimals at most, like 1.234,56."),
    "amount_too_large": lazy("The value is too large."),
    "amount_not_a_number": lazy("This is no amount in reais. Write it like 1.234,56."),
    "email": lazy("“%(typed)s” is no e-mail address."),
    "too_many_people": lazy("At most %(most)s people in one line."),
    "unknown_word": lazy("“%(typed)s” is none of: %(allowed)s."),
    "order": lazy("Write a number such as 10, or “default”."),
    "default_with_conditions": lazy("The default takes what no rule takes: it has no conditions."),
    "no_conditions": lazy("A rule needs a condition: kind, category, cost centre, vendor or value."),
    "empty_span": lazy("No value is above the one and up to the other."),
    "account_and_refusal": lazy("Name an account or a refusal, not both."),
    "not_administered": lazy(
        "This company is here already, and you don't administer it: ask its administrators."
    ),
    "two_names": lazy("Line %(line)s calls this company otherwise."),
    "two_usual": lazy("Line %(line)s names another one for this company."),
    "twice": lazy("Line %(line)s says this already."),
    "which_account": lazy("The company has several accounts: name the one that is meant."),
    "account_unknown": lazy("The company has no account of this name, here or in this file."),
    "company_unknown": lazy("No company with this number is here, and no good line of this file makes it."),
    "person_inactive": lazy(
        "The access of %(email)s was ended; an administrator of the installation gives it back."
    ),
    "no_category": lazy("No account of the company has a category “%(name)s”."),
    "no_cost_centre": lazy("No cost centre of the company is called “%(name)s”."),
    "no_bank_account": lazy("No account of the company has a bank account “%(name)s”."),
    "several_category": lazy(
        "Several categories are called “%(name)s”: write the group before it, or say the kind."
    ),
    "several_cost_centre": lazy("Several cost centres are called “%(name)s”: write its code."),
    "several_bank_account": lazy("Several bank accounts are called “%(name)s”."),
    "not_there": lazy("Conta Azul's account has nothing called “%(name)s”."),
    "several_there": lazy("Conta Azul's account has several called “%(name)s”."),
    "not_fitting": lazy("“%(name)s” there is of another kind: it can't be this one."),
    "refused": lazy("%(words)s"),
}

_EFFECTS: Final[Words] = {
    "company_made": lazy("Company"),
    "company_renamed": lazy("Company called “%(before)s” so far"),
    "account_made": lazy("Account “%(name)s”, to be connected"),
    "owner": lazy("Owner: %(name)s"),
    "role": lazy("%(role)s: %(email)s"),
    "usual": lazy("Usual: %(name)s"),
    "usual_waits": lazy("Usual: %(name)s, once the account is connected"),
    "rule": lazy("Rule “%(name)s”"),
    "rule_waits": lazy("Rule “%(name)s”, once what it names was fetched"),
    "default": lazy("Default"),
    "default_waits": lazy("Default"),
    "mapping": lazy("“%(here)s” here is “%(there)s” there"),
    "mapping_waits": lazy("“%(here)s” here is “%(there)s” there, once the account is connected"),
}


def file_problem(error: SheetError) -> str:
    return str(_FILES[error.code]) % error.figures


def problem(code: str, figures: Mapping[str, Any], column: str = "") -> str:
    """The sentence, with the column's name before it."""
    told = dict(figures)
    if isinstance(told.get("allowed"), list):
        told["allowed"] = ", ".join(told["allowed"])
    sentence = str(_PROBLEMS[code]) % told
    return f"{column_name(column)}: {sentence}" if column else sentence


def effect(code: str, figures: Mapping[str, Any]) -> str:
    told = dict(figures)
    if "role" in told:
        told["role"] = str(Role(told["role"]).label)
    return str(_EFFECTS[code]) % told


def column_name(column: str) -> str:
    """As the template calls it."""
    name = columns.header(column, get_language() or "pt-br")
    return name.upper() if name in ("cnpj",) else name[:1].upper() + name[1:]


def shown(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """A kept verdict in the reader's language."""
    label, tone = OUTCOMES[verdict["outcome"]]
    return {
        "line": verdict["line"],
        "what": str(WHATS.get(verdict["what"], "")),
        "company": verdict["company"],
        "document": documents.format(verdict["document"]),
        "account": verdict["account"],
        "outcome": verdict["outcome"],
        "label": str(label),
        "tone": tone,
        "effects": [effect(code, figures) for code, figures in verdict["effects"]],
        "problems": [problem(p["code"], p["figures"], p["column"]) for p in verdict["problems"]],
    }


def prepared(item: Any) -> dict[str, Any]:
    """Something prepared that is not done: what it is, and what is in its way."""
    content = item.content
    if item.kind == "rule":
        what = effect("rule", {"name": item.key}) if item.key else _("Default")
    elif item.kind == "mapping":
        what = effect("mapping", content)
    else:
        what = effect("usual", content)
    why = (
        problem(item.problem["code"], item.problem)
        if item.problem
        else _("Waits for the account's first fetch.")
    )
    return {"item": item, "what": what, "why": why, "tone": "yellow" if item.problem else "grey"}
