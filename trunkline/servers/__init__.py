"""The doors: where messages come in and receipts go out."""
