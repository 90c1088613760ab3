"""The shapes in which the API refuses. They differ by route on purpose (docs/conta-azul-api.md §2.1).

ApiError
├── InvalidError       400, Spring shape
├── NotThereError      404, known route with an unknown id
├── UnknownRouteError  404, "Not Found"
├── ConflictError      409, versao missing or stale
├── UnauthorizedError  401, {"code", "message"}
├── PlanBlockedError   403, before routing
└── TooManyError       429
"""

import json
from typing import Any

from conta_azul_sandbox.clock import utc_text

REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    409: "Conflict",
    415: "Unsupported Media Type",
}
REASONS |= {429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented"}


class ApiError(Exception):
    status = 500
    shape = "spring"

    def __init__(self, message: str = "", *, status: int | None = None, shape: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status or self.status
        self.shape = shape or self.shape
        self.headers: dict[str, str] = {}

    def body(self, path: str, now: float) -> tuple[bytes, str]:
        """The answer's bytes and content type."""
        if self.shape == "empty":
            return b"", "application/json"
        if self.shape == "text":
            return self.message.encode(), "text/plain"
        return json.dumps(self.document(path, now)).encode(), "application/json"

    def document(self, path: str, now: float) -> dict[str, Any]:
        if self.shape == "code":
            return {"code": self.status, "message": self.message}
        if self.shape == "error":
            return {"error": self.message}
        message = _wrapped_html(self.message) if self.shape == "html" else self.message
        reason = REASONS.get(self.status, "Error")
        return {
            "timestamp": utc_text(now),
            "status": self.status,
            "error": reason,
            "message": message,
            "path": path,
        }


class InvalidError(ApiError):
    status = 400


class NotThereError(ApiError):
    status = 404

    def __init__(self, *, shape: str | None = None) -> None:
        super().__init__("O recurso solicitado não foi encontrado", shape=shape)


class UnknownRouteError(ApiError):
    status = 404

    def __init__(self) -> None:
        super().__init__("Not Found")


class ConflictError(ApiError):
    status = 409

    def __init__(self) -> None:
        super().__init__("Versão informada para o recurso é inválida")


class UnauthorizedError(ApiError):
    status = 401
    shape = "code"

    def __init__(self, message: str = "The Token has expired.") -> None:
        super().__init__(message)


class PlanBlockedError(ApiError):
    status = 403

    def __init__(self, account_status: str) -> None:
        super().__init__("A conta não está elegível para uso da API devido ao status atual do plano.")
        self.account_status = account_status

    def document(self, path: str, now: float) -> dict[str, Any]:
        return {"descricao_erro": self.message, "status_conta": self.account_status}


class TooManyError(ApiError):
    """Assumed: the body, which nobody has written down, follows the gateway's 401."""

    status = 429
    shape = "code"

    def __init__(self, retry_after: str | None) -> None:
        super().__init__("Too Many Requests")
        if retry_after is not None:
            self.headers["Retry-After"] = retry_after


def _wrapped_html(message: str) -> str:
    """Seen on a settlement that lacks a field: a 400 whose message is another server's error page (§2.1)."""
    page = f"<html><body><h1>Internal Server Error</h1><!-- {message} --></body></html>"
    return f"Unexpected character ('<' (code 60)): expected a valid value: {page}"
