"""Where things are in the product, for whoever tells people of them.

Whatever stands below the pages writes their addresses without loading them: a worker starts in a quarter less time and
never holds forms and views. tests/unit/test_links.py holds these against the pages' own addresses.
"""


def entry(pk: int, part: str = "") -> str:
    """An entry's page, at one of its parts if named."""
    return f"/entries/{pk}" + (f"#{part}" if part else "")


def decide(step_id: int) -> str:
    """The page that asks one step's question."""
    return f"/decisions/{step_id}"


def connection(pk: int) -> str:
    """A connection's page."""
    return f"/connections/{pk}"


def mapping(connection_id: int) -> str:
    """What an account's categories, cost centres, bank accounts and people are called here."""
    return f"/connections/{connection_id}/mapping"


def consent(token: str) -> str:
    """The page of a consent link."""
    return f"/consent/{token}"


def invitation(token: str) -> str:
    """The page of an invitation's link."""
    return f"/invitation/{token}"


def welcome(token: str) -> str:
    """The page of a link for the password."""
    return f"/welcome/{token}"


def notices(kind: str = "") -> str:
    """What a person was told; of one kind if named."""
    return "/notices" + (f"?kind={kind}" if kind else "")


def notice_settings() -> str:
    """What a person chooses to be told of, and how."""
    return "/notices/settings"


def unsubscribe(token: str) -> str:
    """The page behind a letter's List-Unsubscribe."""
    return f"/notices/unsubscribe/{token}"


def inbox(company: int) -> str:
    """What waits for a person's decision in one company."""
    return f"/inbox?company={company}"


def entries(company: int) -> str:
    """A company's entries."""
    return f"/entries?company={company}"


def postings(company: int) -> str:
    """A company's postings."""
    return f"/postings?company={company}"
