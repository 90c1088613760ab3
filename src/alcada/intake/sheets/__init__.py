"""Payables and receivables in spreadsheets: their columns, and a line (or several) as a draft."""
