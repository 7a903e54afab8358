"""Trunkline: a self-hosted SMS gateway."""
