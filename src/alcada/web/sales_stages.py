"""A company's pipelines and their stages: added, renamed, moved, removed when nothing is in them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alcada.people.models import Company, User
from alcada.people.queries import companies_where
from alcada.sales import pipelines
from alcada.sales.models import Deal, Pipeline, Stage
from alcada.sales.pipelines import shipped_stages
from alcada.sales.queries import pipelines_of, stages_of
from alcada.sales.rules import NotYoursError, StageError
from alcada.web import deal_words, intake_company
from alcada.web.guards import company_or_404, person


@require_http_methods(["GET", "HEAD", "POST"])
def stages(request: HttpRequest) -> HttpResponse:
    user = person(request)
    company = _company(request, user)
    if company is None:
        allowed = list(companies_where(user, "pipeline.manage").order_by("name", "pk"))
        return render(request, "sales/choose_company.html", {"companies": allowed})
    do = request.POST.get("do", "")
    if request.method == "POST":
        try:
            told = _do(request, company, user, do)
        except StageError as exc:
            error = str(deal_words.STAGE_REFUSALS[exc.code])
            return _page(request, company, status=422, failed=do, error=error)
        except NotYoursError as exc:
            raise PermissionDenied from exc
        if told:
            messages.success(request, told)
        return redirect(f"{reverse('sales-stages')}?company={company.pk}")
    return _page(request, company)


def _company(request: HttpRequest, user: User) -> Company | None:
    """The one asked for, else the only one in which the person may; None: which one has to be said."""
    asked = request.POST.get("company") or request.GET.get("company") or ""
    if asked.isascii() and asked.isdigit() and len(asked) < 18:
        return company_or_404(request, int(asked), "pipeline.manage")
    allowed = list(companies_where(user, "pipeline.manage").order_by("name", "pk"))
    if not allowed:
        raise PermissionDenied(_("None of your roles allows this."))
    return intake_company.chosen(allowed, None)


def _page(request: HttpRequest, company: Company, *, status: int = 200, **more: str) -> HttpResponse:
    groups = []
    for pipeline in pipelines_of(company):
        open_ = Count("deals", filter=Q(deals__state=Deal.State.OPEN))
        groups.append((pipeline, list(stages_of(pipeline).annotate(open_deals=open_))))
    context = {
        "company": company,
        "groups": groups,
        "shipped": shipped_stages()[1],
        "typed": request.POST,
        **more,
    }
    return render(request, "sales/stages.html", context, status=status)


def _do(request: HttpRequest, company: Company, user: User, do: str) -> str:
    """Carry out one button: "add-3", "rename-12", "up-12", "down-12", "remove-12", "pipeline", "name-3", "begin"."""
    verb, _dash, key = do.partition("-")
    if verb == "begin":
        pipelines.ensure(company, by=user)
        return _("The pipeline is set up. Change its stages as you like.")
    if verb == "pipeline":
        pipelines.add(company, request.POST.get("pipeline", ""), by=user)
        return _("Pipeline added.")
    if verb in ("add", "name"):
        pipeline = _pipeline(company, key)
        if verb == "add":
            pipelines.add_stage(pipeline, request.POST.get(do, ""), by=user)
            return _("Stage added.")
        pipelines.rename(pipeline, request.POST.get(do, ""), by=user)
        return _("Renamed.")
    stage = _stage(company, key)
    if verb == "rename":
        pipelines.rename_stage(stage, request.POST.get(do, ""), by=user)
        return _("Renamed.")
    if verb in ("up", "down"):
        pipelines.shift_stage(stage, up=verb == "up", by=user)
        return ""
    if verb == "remove":
        pipelines.remove_stage(stage, by=user)
        return _("Stage removed.")
    raise Http404


def _pipeline(company: Company, key: str) -> Pipeline:
    found = pipelines_of(company).filter(pk=_key(key)).first()
    if found is None:
        raise Http404
    return found


def _stage(company: Company, key: str) -> Stage:
    found = Stage.objects.select_related("pipeline").filter(pipeline__company=company, pk=_key(key)).first()
    if found is None:
        raise Http404
    return found


def _key(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
