"""The version of the program: the one that a release is made of, as in pyproject.toml."""

__version__ = "0.1.0"
