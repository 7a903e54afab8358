"""Test equipment that ships in the box: an SMSC simulator and an ESME load generator. Protocol only."""
