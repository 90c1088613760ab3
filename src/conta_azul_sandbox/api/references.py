"""What an entry names must be there, be active and be of the right kind."""

from conta_azul_sandbox.company import Company
from conta_azul_sandbox.enums import RECEBA_FACIL
from conta_azul_sandbox.errors import InvalidError
from conta_azul_sandbox.model import KIND_WORD, PAYABLE

NEEDED_PROFILE = {"payable": "Fornecedor", "receivable": "Cliente"}


def check_account(company: Company, account_id: str, kind: str) -> None:
    account = company.accounts.get(account_id)
    if account is None:
        raise InvalidError(f"A conta financeira de id {account_id} não existe.")
    if not account.active:
        raise InvalidError(f"A conta financeira de id {account_id} está inativa.")
    if kind == PAYABLE and account.type == RECEBA_FACIL:
        raise InvalidError("Conta financeira do tipo Receba Fácil não é permitida para contas a pagar.")


def check_person(company: Company, person_id: str, kind: str, *, enforce_profiles: bool) -> None:
    person = company.people.get(person_id)
    if person is None:
        raise InvalidError(f"A pessoa de id {person_id} não existe.")
    if not person.active:
        raise InvalidError(f"A pessoa de id {person_id} está inativa.")
    if enforce_profiles and NEEDED_PROFILE[kind] not in person.profiles:
        raise InvalidError(f"A pessoa de id {person_id} não possui o perfil {NEEDED_PROFILE[kind]}.")


def check_category(company: Company, category_id: str, kind: str) -> None:
    category = company.categories.get(category_id)
    if category is None or not category.active:
        raise InvalidError(f"A categoria de id {category_id} não existe.")
    if category.kind != KIND_WORD[kind]:
        raise InvalidError(f"A categoria de id {category_id} não é do tipo {KIND_WORD[kind]}.")
    if not company.is_leaf(category_id):
        raise InvalidError(
            f"A categoria de id {category_id} possui categorias filhas e não pode receber lançamentos."
        )


def check_cost_centre(company: Company, centre_id: str) -> None:
    centre = company.cost_centres.get(centre_id)
    if centre is None:
        raise InvalidError(f"O centro de custo de id {centre_id} não existe.")
    if not centre.active:
        raise InvalidError(f"O centro de custo de id {centre_id} está inativo.")
