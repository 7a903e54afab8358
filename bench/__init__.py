"""`python -m bench`: measures a gateway under load and checks that nothing was lost or doubled.

Each scenario runs a gateway of its own in a throw-away directory, between an instrument that sends and an
instrument that plays the SMSC. docs/benchmarks.md says what is measured and how to repeat it.
"""
