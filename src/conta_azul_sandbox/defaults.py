"""Companies as a reset makes them: from what is given, the rest by a seed, the same each time."""

import random
import re
import unicodedata
from decimal import Decimal
from typing import Any

from conta_azul_sandbox.company import Company
from conta_azul_sandbox.documents import cnpj, cpf, only_digits_and_letters
from conta_azul_sandbox.ids import Ids
from conta_azul_sandbox.model import BankAccount, Category, CostCentre, Person, Transfer
from conta_azul_sandbox.money import cents_of

NAMES = (
    ("Padaria Trigo Dourado Ltda", "Trigo Dourado"),
    ("Mercearia Boa Vista Comércio Ltda", "Mercearia Boa Vista"),
    ("Oficina Irmãos Ferreira Ltda", "Irmãos Ferreira"),
    ("Clínica Vida Serena Serviços Médicos Ltda", "Vida Serena"),
    ("Construtora Pedra Alta Ltda", "Pedra Alta"),
    ("Transportes Rota Sul Ltda", "Rota Sul"),
    ("Estúdio Lume Design Ltda", "Estúdio Lume"),
    ("Agropecuária Santa Rita Ltda", "Santa Rita"),
)
# tipo, parent, DRE entry, leaves
CATEGORIES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("RECEITA", "Receitas operacionais", "RECEITA_BRUTA", ("Venda de mercadorias", "Prestação de serviços")),
    (
        "RECEITA",
        "Outras receitas",
        "RECEITAS_FINANCEIRAS",
        ("Rendimentos de aplicações", "Reembolsos recebidos"),
    ),
    (
        "DESPESA",
        "Ocupação",
        "DESPESAS_ADMINISTRATIVAS",
        ("Aluguel", "Energia elétrica", "Água e esgoto", "Internet"),
    ),
    (
        "DESPESA",
        "Serviços",
        "DESPESAS_ADMINISTRATIVAS",
        ("Serviços de terceiros", "Honorários", "Contabilidade"),
    ),
    (
        "DESPESA",
        "Compras",
        "CUSTO_DAS_VENDAS",
        ("Mercadorias para revenda", "Embalagens", "Frete sobre compras"),
    ),
    (
        "DESPESA",
        "Administrativas",
        "DESPESAS_ADMINISTRATIVAS",
        ("Material de escritório", "Manutenção e equipamentos"),
    ),
    ("DESPESA", "Pessoal", "DESPESAS_COM_PESSOAL", ("Salários", "Encargos", "Benefícios")),
    ("DESPESA", "Impostos", "IMPOSTOS", ("Simples Nacional", "Taxas municipais")),
    ("DESPESA", "Financeiras", "DESPESAS_FINANCEIRAS", ("Tarifas bancárias", "Juros pagos")),
)
ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"nome": "Banco do Brasil", "banco": "BANCO_BRASIL", "codigo_banco": 1, "conta_padrao": True},
    {"nome": "Itaú Empresas", "banco": "ITAU", "codigo_banco": 341},
    {"nome": "Caixinha", "banco": "NAO_BANCO", "tipo": "CAIXINHA"},
    {"nome": "Receba Fácil Cartão", "banco": "OUTROS", "tipo": "RECEBA_FACIL_CARTAO"},
)
PEOPLE: tuple[dict[str, Any], ...] = (
    {"nome": "Imobiliária Horizonte Ltda", "tipo_pessoa": "Jurídica", "perfis": ["Fornecedor"]},
    {
        "nome": "Distribuidora Nacional de Alimentos SA",
        "tipo_pessoa": "Jurídica",
        "perfis": ["Cliente", "Fornecedor"],
    },
    {"nome": "Maria da Silva", "tipo_pessoa": "Física", "perfis": ["Cliente"]},
)
CENTRES: tuple[dict[str, Any], ...] = (
    {"nome": "Administrativo", "codigo": "01"},
    {"nome": "Loja", "codigo": "02"},
)


class Maker:
    """Makes companies one after another from one seed."""

    def __init__(self, seed: int, now: float) -> None:
        self._source = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._ids = Ids(self._source)
        self._now = now
        self._made = 0

    def company(self, wish: dict[str, Any]) -> Company:
        legal_name, trade_name = NAMES[self._made % len(NAMES)]
        if self._made >= len(NAMES):
            legal_name = legal_name.replace(" Ltda", f" {self._made + 1} Ltda")
            trade_name = f"{trade_name} {self._made + 1}"
        self._made += 1
        document, number = cnpj(self._source), str(self._source.randrange(100_000, 999_999) + self._made)
        if "name" in wish:
            legal_name, trade_name = wish["name"], wish["name"]
        company = Company(
            id=str(wish.get("id") or number),
            document=only_digits_and_letters(str(wish.get("document") or document)),
            legal_name=legal_name,
            trade_name=wish.get("trade_name") or trade_name,
            founded=f"20{self._source.randrange(10, 24)}-0{self._source.randrange(1, 10)}-15",
            email="",
        )
        company.email = f"contato@{slug(company.trade_name)}.example"
        self._fill(company, wish)
        return company

    def _fill(self, company: Company, wish: dict[str, Any]) -> None:
        for row in _given(wish, "bank_accounts", ACCOUNTS):
            self.account(company, row)
        for row in _given(wish, "cost_centres", CENTRES):
            self.cost_centre(company, row)
        for row in _given(wish, "people", PEOPLE):
            self.person(company, row)
        if "categories" in wish:
            for row in _given(wish, "categories", ()):
                self.category(company, row)
        else:
            self._default_categories(company)
        self._default_transfer(company)

    def account(self, company: Company, row: dict[str, Any]) -> BankAccount:
        opening = row.get("saldo_inicial", self._source.randrange(1_000, 90_000))
        account = BankAccount(
            id=row.get("id") or self._ids.new(),
            name=row["nome"],
            type=row.get("tipo", "CONTA_CORRENTE"),
            bank=row.get("banco", "OUTROS"),
            bank_code=row.get("codigo_banco", 0),
            agency=row.get("agencia") or f"{self._source.randrange(1, 9999):04d}",
            number=row.get("numero")
            or f"{self._source.randrange(10_000, 99_999)}-{self._source.randrange(10)}",
            default=row.get("conta_padrao", False),
            active=row.get("ativo", True),
            opening_cents=cents_of(Decimal(str(opening))),
        )
        company.accounts[account.id] = account
        return account

    def cost_centre(self, company: Company, row: dict[str, Any]) -> CostCentre:
        centre = CostCentre(
            row.get("id") or self._ids.new(), row["nome"], row.get("codigo"), row.get("ativo", True)
        )
        company.cost_centres[centre.id] = centre
        return centre

    def category(self, company: Company, row: dict[str, Any]) -> Category:
        """`categoria_pai` names a category already there, by id or by name."""
        wanted = row.get("categoria_pai")
        parent = next(
            (each.id for each in company.categories.values() if wanted in (each.id, each.name)), None
        )
        if wanted and parent is None:
            raise ValueError(f"Unknown categoria_pai: {wanted}")
        category = Category(
            id=row.get("id") or self._ids.new(),
            name=row["nome"],
            kind=row["tipo"],
            parent=parent,
            dre=row.get("entrada_dre"),
        )
        company.categories[category.id] = category
        return category

    def person(self, company: Company, row: dict[str, Any]) -> Person:
        kind = row.get("tipo_pessoa", "Jurídica")
        document = row["documento"] if "documento" in row else self._document(kind)
        person = Person(
            id=row.get("id") or self._ids.new(),
            legacy_id=company.legacy_id(),
            legacy_uuid=self._ids.new(),
            name=row["nome"],
            kind=kind,
            document=only_digits_and_letters(document) if document else None,
            profiles=list(row.get("perfis", ["Fornecedor"])),
            created_at=self._now,
            updated_at=self._now,
            active=row.get("ativo", True),
            details={"email": row["email"]} if row.get("email") else {},
        )
        company.people[person.id] = person
        return person

    def _document(self, kind: str) -> str:
        return cpf(self._source) if kind == "Física" else cnpj(self._source)

    def _default_categories(self, company: Company) -> None:
        for kind, parent_name, dre, leaves in CATEGORIES:
            self.category(company, {"nome": parent_name, "tipo": kind, "entrada_dre": dre})
            for leaf in leaves:
                row = {"nome": leaf, "tipo": kind, "categoria_pai": parent_name, "entrada_dre": dre}
                self.category(company, row)

    def _default_transfer(self, company: Company) -> None:
        """One transfer, so that the list of them has something to show."""
        own = [account for account in company.accounts.values() if account.type == "CONTA_CORRENTE"]
        if len(own) > 1:
            text, cents, day = "Transferência entre contas", 25_000, "2026-01-15"
            company.transfers.append(Transfer(self._ids.new(), text, cents, day, own[0].id, own[1].id))


def slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "empresa"


def _given(wish: dict[str, Any], key: str, default: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    rows = wish.get(key)
    if rows is None:
        return list(default)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("nome") for row in rows):
        raise ValueError(f"{key}: a list of objects, each with a nome, is expected")
    return rows
