"""Alçada: payables and receivables through approval, each approved one posted once to Conta Azul."""

__version__ = "0.1.0"
