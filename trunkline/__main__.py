"""`python -m trunkline`: the same as the command `trunkline`."""

from trunkline.cli import app

app(prog_name="trunkline")
