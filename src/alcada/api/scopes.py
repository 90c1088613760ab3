"""What each operation needs of a token, stated beside it. An operation that states nothing is refused."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from alcada.api.caller import require_scope
from alcada.tokens.models import Token


class Bearer(HttpBearer):
    """`auth=Bearer("entries:read")`. The token itself was looked at by the door."""

    def __init__(self, scope: str = "") -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Token:
        return require_scope(request, self.scope)

    def authenticate(self, request: HttpRequest, token: str) -> Token:
        raise NotImplementedError  # ninja asks for it where it reads the header itself
