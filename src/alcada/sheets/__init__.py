"""Spreadsheets that people send: read, their columns matched, kept line by line with what became of each.

This room knows no payable and no deal: what a kind of row has for columns, and what it makes, is told by the room whose
row it is; `flow.importing` carries a file from its upload to its report.
"""
