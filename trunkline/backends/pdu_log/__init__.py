"""The PDU log: what every connection reads and writes, in files for people.

`log` is the gateway's side, `scribe` the program that writes. Nothing is imported here, so that the program
stays small.
"""
