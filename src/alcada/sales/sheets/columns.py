"""The columns of a file of deals. Pure."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from alcada.sheets.columns import Column

COLUMNS: Final[tuple[Column, ...]] = (
    Column(
        "title",
        _("What is sold"),
        _("In a few words: the deal's name."),
        (
            *(
                "o que é vendido",
                "what is sold",
                "negócio",
                "deal",
                "título",
                "title",
                "deal name",
                "nome negócio",
            ),
            *(
                "oportunidade",
                "opportunity",
                "nome oportunidade",
                "descrição",
                "description",
                "produto",
                "serviço",
            ),
            *("proposta", "assunto", "subject", "venda", "sale", "o que está sendo vendido"),
        ),
        needed=True,
    ),
    Column(
        "party",
        _("Customer"),
        _("The name. Who is not in the directory yet is added to it."),
        (
            *(
                "cliente",
                "customer",
                "nome cliente",
                "client",
                "account name",
                "empresa",
                "company",
                "razão social",
            ),
            *("nome", "name", "contato", "contact", "organização", "organization", "pessoa", "nome fantasia"),
        ),
    ),
    Column(
        "document",
        _("CPF/CNPJ"),
        _("With or without marks. Format the column as text, or the spreadsheet drops leading zeros."),
        (
            "cpf cnpj",
            "cnpj cpf",
            "cnpj",
            "cpf",
            "cnpj cliente",
            "cpf cnpj cliente",
            "tax id",
            "documento",
            "document",
        ),
    ),
    Column(
        "email",
        _("E-mail"),
        _("Of the customer; kept where none is known."),
        ("e-mail", "email", "e mail cliente", "email cliente", "customer email", "email contato"),
    ),
    Column(
        "amount",
        _("Value"),
        _("Of the whole deal, more than zero: 1.234,56 or 1234.56."),
        (
            *(
                "valor",
                "value",
                "amount",
                "valor negócio",
                "deal value",
                "valor total",
                "total",
                "preço",
                "price",
            ),
            *("valor proposta", "vlr", "vl", "quantia", "valor venda", "valor oportunidade"),
        ),
        needed=True,
    ),
    Column(
        "terms",
        _("Payment terms"),
        _(
            "30/60/90, cash, 10x, entry + 3, 28 ddl. Format the column as text, or the spreadsheet makes dates of it."
        ),
        (
            *(
                "condições de pagamento",
                "payment terms",
                "condição pagamento",
                "terms",
                "condições",
                "prazo pagamento",
            ),
            *(
                "prazo",
                "parcelamento",
                "parcelas",
                "instalments",
                "forma pagamento",
                "cond pagamento",
                "cond pgto",
            ),
        ),
    ),
    Column(
        "expected",
        _("Expected to close on"),
        _("31/12/2026, 31/12/26 or 2026-12-31."),
        (
            *(
                "previsão de fechamento",
                "expected to close on",
                "data prevista",
                "previsão",
                "expected close date",
            ),
            *(
                "close date",
                "expected on",
                "fechamento",
                "data fechamento",
                "data previsão",
                "fechamento previsto",
            ),
            "expected",
        ),
    ),
    Column(
        "pipeline",
        _("Pipeline"),
        _("By its name. Only needed where two pipelines have a stage of one name."),
        ("funil", "pipeline", "funil vendas", "sales pipeline"),
    ),
    Column(
        "stage",
        _("Stage"),
        _("By its name. Empty: the first one. A deal that is imported is open; win or lose it here."),
        ("etapa", "stage", "fase", "etapa funil", "deal stage", "phase", "estágio", "coluna"),
    ),
    Column(
        "owner",
        _("Owner"),
        _("Name or e-mail. Empty: you. Another than you only where your role may choose."),
        (
            "responsável",
            "owner",
            "vendedor",
            "salesperson",
            "deal owner",
            "dono",
            "proprietário",
            "consultor",
        ),
    ),
    Column(
        "category",
        _("Category"),
        _(
            "As it is called here: “Sales” or “Revenue › Sales”. Empty: the customer's or the company's usual one."
        ),
        ("categoria", "category", "plano contas", "conta contábil", "natureza financeira", "classificação"),
    ),
    Column(
        "cost_centre",
        _("Cost centre"),
        _("By name or code. Empty: the usual one."),
        (
            "centro de custo",
            "cost centre",
            "cost center",
            "cc",
            "centro custos",
            "departamento",
            "department",
        ),
    ),
    Column(
        "bank_account",
        _("Received in"),
        _("The account. Empty: the usual one."),
        (
            *(
                "recebido em",
                "received in",
                "conta",
                "account",
                "conta financeira",
                "bank account",
                "conta bancária",
            ),
            *("banco", "bank", "conta recebimento", "receber em"),
        ),
    ),
    Column(
        "notes",
        _("Notes"),
        _("They stay here: they are not sent to Conta Azul."),
        (
            "observações",
            "notes",
            "observação",
            "obs",
            "comentário",
            "comentários",
            "anotações",
            "comment",
            "remarks",
        ),
    ),
)
BY_NAME: Final = {column.name: column for column in COLUMNS}
