"""SMPP 3.3, 3.4 and 5.0 in both roles, without I/O: layouts, codec, session. `smpp.asyncio` pumps bytes."""
