"""The bench's own instruments, each a program: SMSC, ESME load, HTTP load and callback receiver."""
