"""The command line: one thin file per command."""


def main() -> None:
    """The entry point of `bounce-analyzer`."""
