"""Version 1: the operations put together. Loaded by the door with the first request that needs it, never before.

A room that comes is a file beside the others with a `router`, and a line in ROUTERS; its scopes stand in
tokens/rules.py.
"""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from ninja import NinjaAPI, Router
from ninja.operation import Operation

from alcada import __version__
from alcada.api import (
    companies,
    deals,
    describing,
    directory,
    entries,
    history,
    inbox,
    mappings,
    own_fields,
    postings,
    problems,
    routing,
)
from alcada.api.parsing import StrictParser
from alcada.api.problems import Problem
from alcada.api.scopes import Bearer
from alcada.api.wrong import HANDLED, SENTENCES

ROUTERS: Final[tuple[tuple[str, Router], ...]] = (
    ("/entries", entries.router),
    ("/entries", history.router),
    ("/inbox", inbox.router),
    ("/postings", postings.router),
    ("", directory.router),
    ("", companies.router),
    ("", own_fields.router),
    ("/companies", routing.router),
    ("/accounts", mappings.router),
    ("", deals.router),
)

api = NinjaAPI(
    title="Alçada",
    version=__version__,
    urls_namespace="api-v1",
    auth=Bearer(),  # what states no scope of its own is refused
    parser=StrictParser(),
    openapi_url=None,
    docs_url=None,
)
for prefix, router in ROUTERS:
    api.add_router(prefix, router)


def _handle(kind: type[Exception]) -> None:
    def handler(request: HttpRequest, exc: Exception | type[Exception]) -> HttpResponse:
        return problems.answer(HANDLED[kind](exc))

    api.add_exception_handler(kind, handler)


for handled in HANDLED:
    _handle(handled)


def _unexpected(request: HttpRequest, exc: Exception | type[Exception]) -> HttpResponse:
    raise exc  # to the door, which writes it down


api.add_exception_handler(Exception, _unexpected)


def _only_known(operation: Operation) -> None:
    """A filter that is misspelt would show everything, and nobody would notice: refused."""
    known = {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    }
    run = operation.run

    def checked(request: HttpRequest, **values: Any) -> HttpResponseBase:
        unknown = [name for name in request.GET if name not in known]
        if unknown:
            wrong = {name: [str(SENTENCES["extra_forbidden"])] for name in unknown}
            return problems.answer(Problem("invalid", errors=wrong))
        return run(request, **values)

    operation.run = checked  # type: ignore[method-assign]


for bound in api._get_bound_routers():
    for view in bound.path_operations.values():
        for each in view.operations:
            _only_known(each)

urlpatterns = [
    path("api/v1/openapi.json", describing.document, {"api": api}),
    path("api/v1/docs", describing.page, {"api": api}),
    path("api/v1/", api.urls),
]
