"""Contracts of the ports, over all their backends."""
