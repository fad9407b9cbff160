"""THIRD_PARTY.md: every package that the program runs with, its licence, and where it comes from.

    python -m release.licences [--check]

Read from the metadata of the installed packages (PEP 639 `License-Expression`, else the classifiers, else `License`),
along what the program requires, directly or through others; the extras `dev` and `spark` are not followed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "THIRD_PARTY.md"

# Long classifier names, by the short name that SPDX has for them.
SHORT = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Apache 2.0": "Apache-2.0",
}

# Words that only this licence has, for packages that ship the text and name it nowhere.
WORDS = {
    "Redistribution and use in source and binary forms": "BSD",
    "Permission is hereby granted, free of charge": "MIT",
    "Apache License": "Apache-2.0",
}

HEAD = """# Licences of what the program runs with

Each package that an installation brings along, from its own metadata. Made by `make licences`; a test holds it to the
pinned versions. None of their code is part of this project's files.

| Package | Version | Licence | From |
|---|---|---|---|
"""


def needed(name: str = "bounce-analyzer") -> dict[str, Distribution]:
    """The installed packages that `name` needs, directly or through others, by their canonical names."""
    found: dict[str, Distribution] = {}
    waiting = [(name, frozenset[str]())]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        if wanted in seen:
            continue
        seen.add(wanted)
        package, extras = wanted
        try:
            there = distribution(package)
        except PackageNotFoundError:
            # Only for another system: its marker would have been true there.
            continue
        found[canonicalize_name(package)] = there
        for text in there.requires or ():
            requirement = Requirement(text)
            if _applies(requirement, extras):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    del found[canonicalize_name(name)]
    return found


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def licence(package: Distribution) -> str:
    """The licence as the package names it, in SPDX's short form where that is known."""
    metadata = package.metadata
    if expression := _field(package, "License-Expression"):
        return expression
    classifiers = [value.rsplit(" :: ", 1)[-1] for value in metadata.get_all("Classifier", ()) if "License ::" in value]
    if classifiers:
        return ", ".join(SHORT.get(value, value) for value in classifiers)
    first = _field(package, "License").strip().split("\n", 1)[0]
    return SHORT.get(first, first) or _by_its_text(package) or "not stated"


def _by_its_text(package: Distribution) -> str:
    shipped = [file for file in package.files or () if ".dist-info/licenses/" in str(file)]
    texts = " ".join(" ".join(file.read_text().split()) for file in shipped)
    return next((name for words, name in WORDS.items() if words in texts), "")


def _field(package: Distribution, name: str) -> str:
    return str(package.metadata[name] or "") if name in package.metadata else ""


def origin(package: Distribution) -> str:
    """The package's own page: its repository or homepage, as its metadata names it."""
    urls = [value.partition(", ") for value in package.metadata.get_all("Project-URL", ())]
    named = {re.sub(r"[^a-z]", "", label.lower()): url for label, _, url in urls}
    for label in ("repository", "source", "sourcecode", "github", "homepage", "home"):
        if label in named:
            return str(named[label])
    return _field(package, "Home-page")


def lines() -> Iterator[str]:
    for name, package in sorted(needed().items()):
        yield f"| {name} | {package.version} | {licence(package)} | {origin(package)} |\n"


def text() -> str:
    return HEAD + "".join(lines())


if __name__ == "__main__":
    if "--check" in sys.argv:
        if LIST.read_text() != text():
            sys.exit(f"{LIST.name} is not what is installed: run `make licences` and look at what changed")
    else:
        LIST.write_text(text())
        print(LIST)
