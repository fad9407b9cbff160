"""`python -m analyzer` is `bounce-analyzer`."""

from analyzer.cli import main

main()
