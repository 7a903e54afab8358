"""Runs a program that uses smpplib with TLS in place of plain sockets.

python tls.py AUTHORITIES PROGRAM ARGUMENTS...
"""

import functools
import runpy
import ssl
import sys

import smpplib.client

context = ssl.create_default_context(cafile=sys.argv[1])
context.check_hostname = False  # smpplib does not tell which host it connects to
smpplib.client.Client = functools.partial(smpplib.client.Client, ssl_context=context)
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
