"""Hostile input for every reader and stage: what each promises (`targets`), and three drivers that try to break it.

`python -m fuzz.mutate` runs mutations of our own seeds, told by a number each; `python -m fuzz.guided` lets coverage
guide them (atheris); `tests/fuzz` draws from grammars (hypothesis), and replays every case that was ever found.
docs/reliability.md has the figures.
"""
