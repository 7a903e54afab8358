"""Drivers behind the model's ports: SMPP connectors towards SMSCs, webhooks towards customers."""
