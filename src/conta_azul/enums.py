"""Conta Azul's words, with English names."""

from enum import StrEnum


class PaymentMethod(StrEnum):
    """`metodo_pagamento`: the 22 values of the financial description."""

    CASH = "DINHEIRO"
    CREDIT_CARD = "CARTAO_CREDITO"
    BOLETO = "BOLETO_BANCARIO"
    CREDIT_CARD_BY_LINK = "CARTAO_CREDITO_VIA_LINK"
    CHEQUE = "CHEQUE"
    DEBIT_CARD = "CARTAO_DEBITO"
    BANK_TRANSFER = "TRANSFERENCIA_BANCARIA"
    OTHER = "OUTRO"
    DIGITAL_WALLET = "CARTEIRA_DIGITAL"
    CASHBACK = "CASHBACK"
    STORE_CREDIT = "CREDITO_LOJA"
    VIRTUAL_CREDIT = "CREDITO_VIRTUAL"
    BANK_DEPOSIT = "DEPOSITO_BANCARIO"
    PIX = "PIX_PAGAMENTO_INSTANTANEO"
    LOYALTY_PROGRAMME = "PROGRAMA_FIDELIDADE"
    NO_PAYMENT = "SEM_PAGAMENTO"
    FOOD_VOUCHER = "VALE_ALIMENTACAO"
    FUEL_VOUCHER = "VALE_COMBUSTIVEL"
    GIFT_VOUCHER = "VALE_PRESENTE"
    MEAL_VOUCHER = "VALE_REFEICAO"
    PIX_CHARGE = "PIX_COBRANCA"
    DIRECT_DEBIT = "DEBITO_AUTOMATICO"


class EntryKind(StrEnum):
    """Money in, or money out: of a category, and of an entry."""

    REVENUE = "RECEITA"
    EXPENSE = "DESPESA"


class SearchStatus(StrEnum):
    """What the older searches filter by; the same words for payables and receivables."""

    LOST = "PERDIDO"
    SETTLED = "RECEBIDO"
    OPEN = "EM_ABERTO"
    RENEGOTIATED = "RENEGOCIADO"
    PARTLY_SETTLED = "RECEBIDO_PARCIAL"
    OVERDUE = "ATRASADO"


class Profile(StrEnum):
    """What a person is to the company. Accented and capitalised exactly so; CLIENTE is refused (observed)."""

    CUSTOMER = "Cliente"
    SUPPLIER = "Fornecedor"
    CARRIER = "Transportadora"


class PersonKind(StrEnum):
    """Kind of person (`tipo_pessoa`)."""

    INDIVIDUAL = "Física"
    COMPANY = "Jurídica"
    FOREIGN = "Estrangeira"


class Activity(StrEnum):
    """Quick filter of the cost centres."""

    ACTIVE = "ATIVO"
    INACTIVE = "INATIVO"
    ALL = "TODOS"


class AccountKind(StrEnum):
    """Kind of bank account (`conta financeira`)."""

    APPLICATION = "APLICACAO"
    PETTY_CASH = "CAIXINHA"
    CURRENT = "CONTA_CORRENTE"
    CREDIT_CARD = "CARTAO_CREDITO"
    INVESTMENT = "INVESTIMENTO"
    OTHER = "OUTROS"
    RECEIVING = "MEIOS_RECEBIMENTO"
    SAVINGS = "POUPANCA"
    CONTA_AZUL_CHARGES = "COBRANCAS_CONTA_AZUL"
    RECEBA_FACIL_CARD = "RECEBA_FACIL_CARTAO"
