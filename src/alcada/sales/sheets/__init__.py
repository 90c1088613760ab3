"""Spreadsheets of deals: the columns, what their lines say, the file to begin with."""
