"""The home page: a company's books as a person would like to read them."""

from html import escape

from aiohttp import web

from conta_azul_sandbox.clock import local_date
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.documents import shown as shown_document
from conta_azul_sandbox.model import PAYABLE, RECEIVABLE, Event, Instalment
from conta_azul_sandbox.money import reais
from conta_azul_sandbox.shapes.status import instalment_status
from conta_azul_sandbox.web.layout import brazilian_date, cell, page, section, table
from conta_azul_sandbox.world import World

MOST = 200
WORDS = {
    "PENDENTE": "Em aberto",
    "QUITADO": "Quitada",
    "RECEBIDO_PARCIAL": "Paga em parte",
    "ATRASADO": "Atrasada",
    "PERDIDO": "Perdida",
}
TYPES = {"CONTA_CORRENTE": "Conta corrente", "CAIXINHA": "Caixinha", "RECEBA_FACIL_CARTAO": "Receba Fácil"}


def home(world: World) -> web.Response:
    rows = [
        [
            f'<td><a href="/books/{escape(company.id)}">{escape(company.legal_name)}</a></td>',
            cell(shown_document(company.document), "day"),
            cell(str(sum(1 for _ in company.of_kind(PAYABLE))), "money"),
            cell(str(sum(1 for _ in company.of_kind(RECEIVABLE))), "money"),
        ]
        for company in world.companies.values()
    ]
    intro = '<p class="soft">Empresas de mentira, para experimentar sem tocar em nada de verdade.</p>'
    listing = table(["Empresa", "CNPJ", "Contas a pagar", "Contas a receber"], rows)
    return page("Empresas", f"<h1>Empresas</h1>{intro}{section('Escolha uma empresa', listing)}")


def books(world: World, company_id: str) -> web.Response:
    company = world.companies.get(company_id)
    if company is None:
        return page("Não encontrada", "<h1>Empresa não encontrada</h1>", status=404)
    today = local_date(world.clock.now())
    content = (
        f"<h1>{escape(company.legal_name)}</h1>"
        f'<p class="soft">CNPJ {shown_document(company.document)} · empresa nº {escape(company.id)}</p>'
        f"{_sums(company)}"
        '<nav class="card"><a href="#pagar">Contas a pagar</a><a href="#receber">Contas a receber</a>'
        '<a href="#contas">Contas financeiras</a><a href="#pessoas">Pessoas</a>'
        '<a href="#centros">Centros de custo</a></nav>'
        + section("Contas a pagar", _entries(company, PAYABLE, today), "pagar")
        + section("Contas a receber", _entries(company, RECEIVABLE, today), "receber")
        + section("Contas financeiras", _accounts(company), "contas")
        + section("Pessoas", _people(company), "pessoas")
        + section("Centros de custo", _cost_centres(company), "centros")
    )
    return page(company.trade_name, content)


def _sums(company: Company) -> str:
    own = sum(company.balance(account_id) for account_id in company.accounts)
    boxes = (
        ("A pagar", _open(company, PAYABLE)),
        ("A receber", _open(company, RECEIVABLE)),
        ("Em contas", own),
    )
    shown = "".join(
        f'<div><span class="soft">{name}</span><b>{reais(cents)}</b></div>' for name, cents in boxes
    )
    return f'<div class="sums">{shown}</div>'


def _open(company: Company, kind: str) -> int:
    return sum(max(0, each.open) for event in company.of_kind(kind) for each in event.instalments)


def _entries(company: Company, kind: str, today: str) -> str:
    found = [(event, instalment) for event in company.of_kind(kind) for instalment in event.instalments]
    found.sort(key=lambda pair: (pair[1].due, pair[0].created_at))
    rows = [_entry_row(company, event, instalment, today) for event, instalment in found[:MOST]]
    party = "Fornecedor" if kind == PAYABLE else "Cliente"
    names = [
        "Vencimento",
        "Descrição",
        party,
        "Categoria",
        "Centro de custo",
        "Referência",
        "Situação",
        "Valor",
    ]
    more = f'<p class="soft">Mostrando {MOST} de {len(found)} parcelas.</p>' if len(found) > MOST else ""
    return table(names, rows) + more


def _entry_row(company: Company, event: Event, instalment: Instalment, today: str) -> list[str]:
    status = instalment_status(instalment, today)
    person = company.people.get(event.party or "")
    many = len(event.instalments) > 1
    part = f" ({instalment.index}/{len(event.instalments)})" if many else ""
    categories = ", ".join(company.categories[share.category].name for share in event.shares)
    centres = dict.fromkeys(each.cost_centre for share in event.shares for each in share.cost_centres)
    return [
        cell(brazilian_date(instalment.due), "day"),
        cell(f"{event.description}{part}"),
        cell(person.name if person else "—"),
        cell(categories),
        cell(", ".join(company.cost_centres[each].name for each in centres) or "—"),
        cell(event.external_reference or "—", "day"),
        cell(WORDS[status], f"day {status}"),
        cell(reais(instalment.amounts.net), "money"),
    ]


def _accounts(company: Company) -> str:
    rows = [
        [
            cell(
                account.name
                + (" (padrão)" if account.default else "")
                + ("" if account.active else " (inativa)")
            ),
            cell(TYPES.get(account.type, account.type.replace("_", " ").capitalize())),
            cell(f"{account.agency} / {account.number}", "day"),
            cell(reais(company.balance(account.id)), "money"),
        ]
        for account in company.accounts.values()
    ]
    return table(["Conta", "Tipo", "Agência / número", "Saldo"], rows)


def _people(company: Company) -> str:
    people = sorted(company.people.values(), key=lambda person: person.name.lower())
    rows = [
        [
            cell(person.name + ("" if person.active else " (inativa)")),
            cell(shown_document(person.document or "—"), "day"),
            cell(", ".join(person.profiles)),
        ]
        for person in people[:MOST]
    ]
    return table(["Nome", "CPF/CNPJ", "Perfis"], rows)


def _cost_centres(company: Company) -> str:
    rows = [
        [cell(centre.code or "—"), cell(centre.name), cell("Ativo" if centre.active else "Inativo")]
        for centre in company.cost_centres.values()
    ]
    return table(["Código", "Nome", "Situação"], rows)
