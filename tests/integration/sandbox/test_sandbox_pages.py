"""The home page: a company's books as a person reads them."""

import httpx
from integration.sandbox.office import Office


def test_the_books_in_brazilian(office: Office) -> None:
    office.create(descricao="Aluguel <b>de julho</b>")
    home = httpx.get(office.sandbox.url).text
    assert "Sandbox — não é a Conta Azul" in home
    assert all(company["name"] in home for company in office.companies)
    books = httpx.get(f"{office.sandbox.url}/books/{office.id}").text
    for text in (
        "R$ 1.500,50",
        "10/07/2027",
        "Imobiliária Horizonte Ltda",
        "ALC-7F3K2Q",
        "Em aberto",
        "Aluguel",
    ):
        assert text in books
    assert "<b>de julho" not in books
    for heading in (
        "Contas a pagar",
        "Contas a receber",
        "Pessoas",
        "Centros de custo",
        "Contas financeiras",
    ):
        assert f"<h2>{heading}</h2>" in books


def test_pages_are_self_contained_and_fit_a_phone(office: Office) -> None:
    answer = httpx.get(f"{office.sandbox.url}/books/{office.id}")
    assert 'name="viewport"' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text


def test_pages_that_are_not_there(office: Office) -> None:
    assert httpx.get(f"{office.sandbox.url}/books/1").status_code == 404
    assert httpx.get(f"{office.sandbox.url}/elsewhere").status_code == 404
    assert httpx.post(f"{office.sandbox.url}/").status_code == 404
