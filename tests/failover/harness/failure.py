"""The error that ends a run."""


class Failure(Exception):
    """What went wrong, for the user."""
