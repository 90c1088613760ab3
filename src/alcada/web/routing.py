"""Pages of the routing: a company's rules, its default, and the try-out. Company administrators only."""

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alcada.connections import queries, routing_actions
from alcada.connections.models import Routing, RoutingRule
from alcada.connections.routing_actions import RoutingError, RulesChangedError, Target
from alcada.directory import documents
from alcada.directory.condition_words import row as row_words
from alcada.directory.queries import counterpart
from alcada.flow.refusals import refusal
from alcada.flow.rules import routed_nowhere
from alcada.intake.reader import not_there
from alcada.intake.rules import key
from alcada.people.models import Company
from alcada.web import routing_words
from alcada.web.guards import companies_in_view, company_or_404, person
from alcada.web.routing_forms import NOTHING, REFUSE, DefaultForm, RuleForm, TryForm
from alcada.web.routing_values import suggestions

MANAGE: Final = "connection.manage"
PAGE: Final = 50


@require_safe
def companies(request: HttpRequest) -> HttpResponse:
    """Which company's routing? With one to choose from, it is that one's."""
    allowed = companies_in_view(request, MANAGE)
    wanted = request.GET.get("q", "").strip()[:100]
    found = list(allowed[:2])
    if len(found) == 1 and not wanted:
        return redirect("routing", found[0].pk)
    if wanted:
        number = documents.normalise(wanted)
        by_number = Q(document__startswith=number) if number.isalnum() else Q(pk=None)
        allowed = allowed.filter(Q(name__icontains=wanted) | by_number)
    accounts = Count("connections", Q(connections__authorised_at__isnull=False), distinct=True)
    rows = Company.objects.filter(pk__in=allowed.values("pk")).select_related("routing__default_connection")
    rows = rows.annotate(accounts=accounts, rules=Count("routing_rules", distinct=True))
    page = Paginator(rows.order_by("name", "pk"), PAGE).get_page(request.GET.get("page"))
    return render(request, "routing/companies.html", {"page": page, "wanted": wanted})


@require_safe
def routing(request: HttpRequest, company_id: int) -> HttpResponse:
    """The rules in order, the default, and, asked with an entry's facts, where that one would go."""
    company = company_or_404(request, company_id, MANAGE)
    asked = TryForm(request.GET if "kind" in request.GET else None, company=company)
    return _page(request, company, asked=asked, status=422 if asked.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_new(request: HttpRequest, company_id: int) -> HttpResponse:
    company = company_or_404(request, company_id, MANAGE)
    if request.method == "POST":
        return _posted_rule(request, company, None)
    return _rule_page(request, company, None, RuleForm.empty(company))


@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, company_id: int, pk: int) -> HttpResponse:
    company = company_or_404(request, company_id, MANAGE)
    found = _rule(company, pk)
    if request.method == "POST":
        return _posted_rule(request, company, found)
    return _rule_page(request, company, found, RuleForm.of(found))


@require_POST
def rule_move(request: HttpRequest, company_id: int, pk: int) -> HttpResponse:
    company = company_or_404(request, company_id, MANAGE)
    found = _rule(company, pk)
    up = request.POST.get("direction") == "up"
    try:
        routing_actions.move_rule(found, up=up, version=_version(request), by=person(request))
    except RulesChangedError:
        messages.warning(request, _changed_meanwhile())
    if request.htmx:  # type: ignore[attr-defined]
        return _page(request, company, moved=(found.pk, "up" if up else "down"))
    return redirect("routing", company.pk)


@require_POST
def rule_remove(request: HttpRequest, company_id: int, pk: int) -> HttpResponse:
    company = company_or_404(request, company_id, MANAGE)
    found = _rule(company, pk)
    try:
        routing_actions.remove_rule(found, version=_version(request), by=person(request))
    except RulesChangedError:
        messages.warning(request, _changed_meanwhile())
        return redirect("routing-rule", company.pk, found.pk)
    messages.success(request, _("Rule “%(name)s” is removed.") % {"name": found.name})
    return redirect("routing", company.pk)


@require_POST
def default(request: HttpRequest, company_id: int) -> HttpResponse:
    company = company_or_404(request, company_id, MANAGE)
    form = DefaultForm(request.POST, company=company)
    if form.is_valid():
        try:
            target = form.target()
            routing_actions.set_default(company, target, version=_version(request), by=person(request))
        except RoutingError as exc:
            form.add_error("refusal" if form.cleaned_data["to"] == REFUSE else "to", exc.message)
        except RulesChangedError:
            form.add_error(None, _changed_meanwhile())
        else:
            messages.success(request, _("Saved for %(company)s.") % {"company": company.name})
            return redirect("routing", company.pk)
    return _page(request, company, default_form=form, status=422)


@require_POST
def parties(request: HttpRequest, company_id: int) -> HttpResponse:
    """Whom the typed text may mean: options for the list under the field, whatever that field is called.

    By POST, although it only reads: what is typed may be a CPF, and proxies write addresses into their logs.
    """
    company = company_or_404(request, company_id, MANAGE)
    typed = next((value for name, value in request.POST.items() if name.endswith(("value", "party"))), "")
    return render(request, "routing/_parties.html", {"found": suggestions(company, str(typed)[:260])})


def _page(
    request: HttpRequest,
    company: Company,
    *,
    asked: TryForm | None = None,
    default_form: DefaultForm | None = None,
    moved: tuple[int, str] = (0, ""),
    status: int = 200,
) -> HttpResponse:
    table = queries.table(company)
    row = Routing.objects.filter(company=company).first()
    asked = asked or TryForm(company=company)
    initial = DefaultForm.initial_of(row)
    context = {
        "company": company,
        "version": table.version,
        "accounts": sorted(table.accounts.values(), key=lambda account: account.name),
        "undecided": len(table.accounts) > 1 and initial["to"] == NOTHING,
        "rules": routing_words.shown(company, table.rules),
        "default_form": default_form or DefaultForm(company=company, initial=initial),
        "try_form": asked,
        "answer": _answer(company, asked) if asked.is_bound and asked.is_valid() else None,
        "changes": routing_words.changes(company),
        "moved": moved,
    }
    return render(request, "routing/routing.html", context, status=status)


def _answer(company: Company, asked: TryForm) -> dict[str, Any]:
    """Where the entry would go and why, or why nowhere; and each rule that was passed over."""
    facts = asked.facts()
    routed = queries.route(company, facts)
    refused = routed_nowhere(routed, company.name)
    rule = routed.choice.rule
    missing, category = "", asked.cleaned_data["category"]
    if routed.connection is not None and category is not None:
        theirs = counterpart(routed.connection, category)
        if theirs is None or not theirs.active:
            missing = not_there(str(category), routed.connection.name)
    names = routing_words.Names(company, rule.conditions["rows"]) if rule else None
    return {
        "account": routed.account,
        "refused": refusal(refused) if refused else "",
        "reason": routing_words.reason(routed.told),
        "rule": rule,
        "because": [row_words(row, names) for row in routing_words.holding(rule, facts)] if rule else [],
        "passed": routing_words.passed_over(company, routed.choice, facts),
        "missing": missing,
    }


def _posted_rule(request: HttpRequest, company: Company, found: RoutingRule | None) -> HttpResponse:
    form = RuleForm.posted(company, request.POST)
    if request.POST.get("do", "save") != "save":
        return _rule_page(request, company, found, form, version=_version(request))
    read = form.read()
    if not read.problems:
        try:
            _save(request, company, found, read.name, read.conditions, read.target)
        except RoutingError as exc:
            form.wrong(exc)
        except RulesChangedError:
            form.wrong(RoutingError("", _changed_meanwhile()))
        else:
            messages.success(request, _("Saved. It holds for what is submitted from now on."))
            return redirect("routing", company.pk)
    return _rule_page(request, company, found, form, status=422)


def _save(
    request: HttpRequest,
    company: Company,
    found: RoutingRule | None,
    name: str,
    conditions: dict[str, Any],
    target: Target,
) -> None:
    version, by = _version(request), person(request)
    if found is None:
        routing_actions.add_rule(
            company, name=name, conditions=conditions, target=target, version=version, by=by
        )
        return
    routing_actions.change_rule(
        found, name=name, conditions=conditions, target=target, version=version, by=by
    )


def _rule_page(
    request: HttpRequest,
    company: Company,
    found: RoutingRule | None,
    form: RuleForm,
    *,
    version: int | None = None,
    status: int = 200,
) -> HttpResponse:
    """`version`: of the rules that the person looked at; else they see, and save on, those of now."""
    table = queries.table(company)
    context = {
        "company": company,
        "rule": found,
        "form": form,
        "version": table.version if version is None else version,
        "place": found.order if found else len(table.rules) + 1,
    }
    return render(request, "routing/rule.html", context, status=status)


def _rule(company: Company, pk: int) -> RoutingRule:
    found = RoutingRule.objects.select_related("company", "connection").filter(company=company, pk=pk).first()
    if found is None:
        raise Http404
    return found


def _version(request: HttpRequest) -> int:
    return key(request.POST.get("version", ""))


def _changed_meanwhile() -> str:
    return _("Somebody changed this company's routing meanwhile. Look at it as it is now, then do it again.")
