"""Everything that can go wrong with a call, as one tree.

    ContaAzulError
    ├── NotSent              surely never arrived: safe to send again
    ├── TooManyRequests      429: not processed; send again after `retry_after`
    ├── Refused              4xx: their answer says why, and nothing was done
    │   ├── NotFound         404
    │   └── Conflict         409: the version sent is missing or no longer the current one
    ├── NotAuthorised        401: refresh the token, then authorise again
    │   └── ErpLoginNeeded   authorised with the developer portal's login instead of an ERP user's
    ├── PlanNotAllowed       403: the plan or trial of this Conta Azul account does not include the API
    ├── OAuthError           the token endpoint said no
    │   └── InvalidGrant     the code or refresh token is used up, expired or wrong: authorise again
    ├── NotARedirect         what a person pasted after authorising holds no code
    └── MayHaveArrived       no clear answer: look before sending a write again
        └── Unreadable       a 2xx whose body lacks what we rely on

One place turns HTTP into these: `conta_azul.outcome`. No error's text carries a token, a CPF, a CNPJ or bank
details; `body` is the answer as it came, for records, and stays out of the text.
"""

# ruff: noqa: N818  the names say what happened; only the root says that it is an error


class ContaAzulError(Exception):
    """A call to Conta Azul did not end well.

    `sentence` is for a person to read, `call` names the call (method and path template), `status` is the HTTP
    status when there was one, and `body` the answer's text as it came (it may hold personal data: don't log
    it).
    """

    def __init__(
        self, sentence: str, *, call: str = "", status: int | None = None, body: str | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.call = call
        self.status = status
        self.body = body

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.call, f"HTTP {self.status}" if self.status else "") if part)
        return f"{self.sentence} [{where}]" if where else self.sentence


class NotSent(ContaAzulError):
    """The call surely never reached Conta Azul."""


class TooManyRequests(ContaAzulError):
    """Conta Azul's limit for this account was reached; the call was not processed.

    `retry_after` is in seconds, or None when the answer named no usable time.
    """

    retry_after: float | None = None


class Refused(ContaAzulError):
    """Conta Azul refused the call; nothing was done."""


class NotFound(Refused):
    """There is no such thing, or no such path, in this account."""


class Conflict(Refused):
    """The version sent is missing or is no longer the current one."""


class NotAuthorised(ContaAzulError):
    """The access token is missing, wrong or expired."""


class ErpLoginNeeded(NotAuthorised):
    """The authorisation was made with the developer portal's login; it needs an ERP user's."""


class PlanNotAllowed(ContaAzulError):
    """This Conta Azul account's plan, trial or status does not allow the API.

    `account_status` is Conta Azul's own word for it, such as END_TRIAL or BLOQUEADA.
    """

    account_status: str | None = None


class OAuthError(ContaAzulError):
    """The token endpoint refused. `code` is the OAuth error code, such as invalid_client."""

    code: str = ""


class InvalidGrant(OAuthError):
    """The authorisation code or refresh token is used up, expired or wrong."""


class NotARedirect(ContaAzulError):
    """What was pasted holds no authorisation code.

    `reason` is one of "empty", "no_code", "several_codes", "not_a_code", "authorize_address" (the address
    where the authorisation begins, not where it ended) and "denied" (the address carries an error; `code` is
    its name).
    """

    reason: str = ""
    code: str = ""


class MayHaveArrived(ContaAzulError):
    """There is no clear answer: the call may or may not have taken effect."""


class Unreadable(MayHaveArrived):
    """The answer says success, but what we rely on is not in it."""
