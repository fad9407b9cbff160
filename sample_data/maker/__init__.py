"""Parts of `make_sample.py`: the made-up world, its campaign, and the mail servers that answer it."""
