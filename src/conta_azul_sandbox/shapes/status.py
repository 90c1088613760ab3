"""What state an instalment is in, in the three vocabularies that the API speaks."""

from conta_azul_sandbox.model import Instalment

# parcela word -> (search code, search word); PENDENTE is EM_ABERTO and QUITADO is RECEBIDO (§3.5).
# Assumed: the English codes beyond OVERDUE and ACQUITTED, the two that were seen (§3.4).
SEARCH = {
    "PENDENTE": ("PENDING", "EM_ABERTO"),
    "QUITADO": ("ACQUITTED", "RECEBIDO"),
    "RECEBIDO_PARCIAL": ("PARTIAL", "RECEBIDO_PARCIAL"),
    "ATRASADO": ("OVERDUE", "ATRASADO"),
    "PERDIDO": ("LOST", "PERDIDO"),
}


def instalment_status(instalment: Instalment, today: str) -> str:
    if instalment.open <= 0:
        return "PERDIDO" if instalment.loss else "QUITADO"
    if instalment.settlements:
        return "RECEBIDO_PARCIAL"
    return "ATRASADO" if instalment.due < today else "PENDENTE"
