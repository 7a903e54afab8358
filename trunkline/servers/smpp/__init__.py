"""The SMPP door: ESMEs bind here, submit, and get their receipts."""
