"""From the rooms' refusals, and pydantic's, to problems."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from ninja.errors import HttpError, ValidationError

from alcada.api.own_fields import by_name
from alcada.api.problems import Problem
from alcada.approval import rules as approval
from alcada.approval.words import SENTENCES as DECISIONS
from alcada.connections.access import AccessError
from alcada.connections.mapping_actions import ChangedMeanwhileError as MappingChangedError
from alcada.connections.mapping_actions import NotThereError
from alcada.connections.routing_actions import RoutingError, RulesChangedError
from alcada.directory.actions import DirectoryError
from alcada.flow.mapping import OtherDocumentError
from alcada.flow.refusals import OBSTACLES, refusal
from alcada.flow.rules import SubmissionRefusedError
from alcada.intake import rules as intake
from alcada.intake.files import UploadError
from alcada.posting.models import State
from alcada.posting.rules import BusyError, TransitionNotAllowedError
from alcada.sales import rules as sales
from conta_azul.errors import ContaAzulError

# pydantic's kinds of error, as a person reads them.
SENTENCES: Final[Mapping[str, str | Promise]] = {
    "missing": lazy("This field is required."),
    "extra_forbidden": lazy("There is no field of this name."),
    "string_type": lazy("This must be a text, between quotes."),
    "bool_type": lazy("This must be true or false."),
    "bool_parsing": lazy("This must be true or false."),
    "list_type": lazy("This must be a list."),
    "dict_type": lazy("This must be an object."),
    "model_attributes_type": lazy("This must be an object."),
    "model_type": lazy("This must be an object."),
    "int_parsing": lazy("This must be a whole number."),
    "int_type": lazy("This must be a whole number."),
    "int_from_float": lazy("This must be a whole number."),
    "int_parsing_size": lazy("This number is too large."),
    "string_pattern_mismatch": lazy("This has not the form that is described."),
    "string_too_long": lazy("At most %(max_length)s characters."),
    "string_too_short": lazy("At least %(min_length)s characters."),
    "too_long": lazy("At most %(max_length)s of them."),
    "too_short": lazy("At least %(min_length)s of them."),
    "less_than_equal": lazy("At most %(le)s."),
    "greater_than_equal": lazy("At least %(ge)s."),
    "literal_error": lazy("One of: %(expected)s."),
    "enum": lazy("One of: %(expected)s."),
}
_BY_VALUE: Final[Mapping[str, str | Promise]] = {
    "key": lazy("This must be a whole number."),
    "day": lazy("Write the date as 2026-12-31."),
}


def of_validation(exc: ValidationError) -> Problem:
    errors: dict[str, list[str]] = {}
    for one in exc.errors:
        where = [str(part) for part in one["loc"][1:]]
        if one["loc"][0] in ("body", "form", "file") and len(where) > 1 and where[0] in _ARGUMENTS:
            where = where[1:]  # the function's own name for the body
        path = ".".join(where) or "body"
        errors.setdefault("body" if path in _ARGUMENTS else path, []).append(_sentence(one))
    return Problem("invalid", errors=errors)


_ARGUMENTS: Final = ("given", "body")
_ROUTING_FIELDS: Final = {"conditions": "rows", "target": "account"}


def _sentence(one: Mapping[str, Any]) -> str:
    context = one.get("ctx") or {}
    ours = one["type"] == "value_error"
    known = _BY_VALUE.get(str(context.get("error", ""))) if ours else SENTENCES.get(one["type"])
    return str(known) % context if known else _("This can't be read.")


def _of_approval(exc: approval.ApprovalError) -> Problem:
    detail = str(DECISIONS[exc.code])
    if isinstance(exc, approval.CommentRequiredError):
        return Problem("invalid", errors={"comment": [detail]})
    if isinstance(exc, approval.NotOpenError):
        return Problem("wrong_state", detail, reason=exc.code)
    return Problem("not_asked", detail, reason=exc.code)


def _of_transition(exc: TransitionNotAllowedError) -> Problem:
    detail = _("Not possible any more: the posting is “%(state)s” now.") % {"state": State(exc.before).label}
    return Problem("wrong_state", detail, state=str(exc.before))


# Where a deal's form calls a field something else than the API does.
_DEAL_FIELDS: Final = {"party_name": "customer", "amount": "value", "": "body"}


def _of_deal(exc: sales.Problems) -> Problem:
    return Problem(
        "invalid", errors={_DEAL_FIELDS.get(name, name): told for name, told in exc.fields.items()}
    )


def _changed(_exc: Exception) -> Problem:
    return Problem("changed_meanwhile", _("Read it again, look at what changed, then send what you want."))


def _of_permission(exc: PermissionDenied) -> Problem:
    return Problem("not_allowed", str(exc))


# From the rooms' errors to problems: the first kind that fits, so the narrower ones stand first.
HANDLED: Final[Mapping[type[Exception], Callable[[Any], Problem]]] = {
    Problem: lambda exc: exc,
    Http404: lambda _exc: Problem("not_found"),
    PermissionDenied: _of_permission,
    ValidationError: of_validation,
    # ninja wraps whatever its parser raises.
    HttpError: lambda exc: exc.__cause__ if isinstance(exc.__cause__, Problem) else Problem("bad_request"),
    intake.Problems: lambda exc: Problem("invalid", errors=by_name(exc.fields)),
    intake.NotYoursError: lambda _exc: Problem(
        "not_allowed", _("Only who entered it, or an administrator of the company, changes it.")
    ),
    intake.NotBeingEditedError: lambda _exc: Problem(
        "wrong_state", _("It is no draft: it was submitted or discarded.")
    ),
    intake.ChangedMeanwhileError: _changed,
    RulesChangedError: _changed,
    MappingChangedError: _changed,
    sales.Problems: _of_deal,
    sales.DealChangedError: _changed,
    sales.ClosedError: lambda _exc: Problem(
        "wrong_state", _("To change a deal that is won or lost, reopen it first.")
    ),
    sales.NotOpenableError: lambda exc: Problem("wrong_state", str(OBSTACLES[exc.code]), reason=exc.code),
    sales.NotYoursError: lambda _exc: Problem(
        "not_allowed", _("Only its owner, finance or an administrator changes a deal.")
    ),
    SubmissionRefusedError: lambda exc: Problem("submission_refused", refusal(exc), reason=exc.code),
    approval.ApprovalError: _of_approval,
    BusyError: lambda _exc: Problem(
        "wrong_state",
        _("It is being posted or looked for at the moment. Wait for the result, or look again."),
    ),
    TransitionNotAllowedError: _of_transition,
    UploadError: lambda exc: Problem("invalid", errors={"file": [exc.message]}),
    DirectoryError: lambda exc: Problem("invalid", errors={exc.field: [exc.message]}),
    RoutingError: lambda exc: Problem(
        "invalid", errors={_ROUTING_FIELDS.get(exc.field, exc.field) or "body": [exc.message]}
    ),
    NotThereError: lambda _exc: Problem(
        "invalid",
        errors={
            "remote_id": [
                _("It is not there, or not in use in Conta Azul. Make it active there, or choose another.")
            ]
        },
    ),
    OtherDocumentError: lambda _exc: Problem(
        "invalid",
        errors={
            "remote_id": [
                _(
                    "Its CPF or CNPJ in Conta Azul is another one: that is somebody else. Choose the right one."
                )
            ]
        },
    ),
    ContaAzulError: lambda _exc: Problem("account_not_reached", headers={"Retry-After": "30"}),
    AccessError: lambda _exc: Problem("account_not_reached", headers={"Retry-After": "30"}),
}
