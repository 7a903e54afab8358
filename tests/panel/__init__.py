"""The panel in a real browser, on the real program."""
