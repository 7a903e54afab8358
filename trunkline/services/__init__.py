"""Management that the doors, the panel and the command line call: one place for every rule."""
