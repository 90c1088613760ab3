"""What the sandbox does not simulate; tests keep the lists true."""

# (path prefix, why): a call below it is answered 501, so that nobody takes it for the real service's answer.
NOT_SIMULATED = (
    ("/v1/venda", "closed sales: the product posts receivables instead"),
    ("/v1/orcamentos", "proposals: nothing of the product's"),
    ("/v1/contratos", "contracts, older and newer form: nothing of the product's"),
    ("/v1/produto", "products: only sales name them"),
    (
        "/v1/financeiro/eventos-financeiros/contas-a-receber/gerar-cobranca",
        "charges: boletos and Pix come from a bank",
    ),
    ("/v1/financeiro/eventos-financeiros/contas-a-receber/cobranca", "charges: as above"),
)

# The same for groups that the reference names and no description here has.
NOT_SIMULATED_UNDESCRIBED = (
    ("/v1/captura", "document capture; an unknown route there is a text/plain 404"),
    ("/v1/servicos", "services: only sales name them"),
    ("/v1/notas-fiscais", "invoices"),
    ("/v1/financeiro/centros-de-custo", "second address of the cost centres, seen in types only"),
    ("/v1/financeiro/categorias", "second address of the categories, seen in types only"),
    ("/v1/financeiro/baixas", "second address of the settlements, seen in types only"),
    ("/v1/financeiro/cobrancas", "charges"),
    ("/v1/financeiro/contas-financeiras", "second address of the bank accounts, seen in types only"),
)

BEHAVIOURS_NOT_SIMULATED = (
    "the MFA code at sign-in",
    "the signature of tokens (they look like JWT and are looked up)",
    "the discovery documents, whose addresses the guides do not mention",
    "attachments, charges, invoices, renegotiation and reconciliation: always empty or null",
    "recurring and scheduled entries",
    "the names under which the older search sums `totais`: sums are given under the described names",
    "the real DRE tree: two branches hold all categories",
    "monthly sums and delays in a person's record: always 0",
    "city registers, tax registrations and countries: kept as sent, not checked",
    "limits on the length of texts of entries: not documented",
    "500 for a valid but unknown uuid: seen only in groups that are not simulated",
    "wrong totals: seen only in groups that are not simulated",
)


def not_simulated(path: str) -> str | None:
    """Why this path is left out, or None when it is not one of those."""
    for prefix, why in (*NOT_SIMULATED, *NOT_SIMULATED_UNDESCRIBED):
        if path == prefix or path.startswith(f"{prefix}/"):
            return why
    return None
