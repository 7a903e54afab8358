"""The verbs, in the order a message meets them: `mt.py` is the page to read first."""
