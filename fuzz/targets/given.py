"""What a user gives beside the input: a folder of rules, a file of keys, the values of options."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from analyzer.api.tables import column_pair
from analyzer.bounds import parse_bounds
from analyzer.classify import load_rules
from analyzer.cli.options import day
from analyzer.diagnose.thresholds import _SECTIONS, _section
from analyzer.errors import AnalyzerError, RuleError, UnreadableInputError
from analyzer.history.workspace import check_week
from analyzer.knowledge import load_toml, rules_version
from analyzer.sources.imap_address import imap_address
from analyzer.sources.tables.zones import zone_of
from analyzer.verp import keys_from, sign, verify
from analyzer.verp.keys import Keys
from fuzz.rows import hold
from fuzz.seeds import texts
from fuzz.target import Target

# ruff: noqa: E501

_PASSWORD = b"hunter2hunter2"
#: What parts the files of a folder.
_FILE = b"\x1e"
_SECRET = b"0123456789abcdef" * 4
_SHIPPED = ("alarms", "industries", "statuses", "flags", "fixes")


def rule_folder(data: bytes) -> None:
    """Several files of rules in one folder: taken together, or refused in one line that names one of them."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        folder = Path(place)
        for number, piece in enumerate(data.split(_FILE)[:8]):
            (folder / f"own{number}.toml").write_bytes(piece)
        try:
            loaded = load_rules([folder])
        except RuleError as error:
            hold(re.search(r"own\d\.toml", str(error)) is not None, "an error names the file", str(error))
            hold("\n" not in str(error), "an error is one line", str(error))
        else:
            hold(len({rule.id for rule in loaded}) == len(loaded), "an id is there once")
        hold(len(rules_version(folder)) == 12, "rules have a version, right or wrong")


def key_file(data: bytes) -> None:
    """A file of keys of signed return paths: taken and usable, or refused by an error that shows none of it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        path = Path(place) / "verp.keys"
        path.touch(0o600)
        path.write_bytes(data)
        try:
            keys = keys_from(path)
        except UnreadableInputError as error:
            hold("verp.keys" in str(error) and "\n" not in str(error), "an error names its file on one line")
            hold(all(line.decode("latin-1") not in str(error) for line in data.split() if len(line) > 12), "no secret")
            return
        assert keys is not None
        hold(all(repr(one) not in repr(keys) for one in keys.secrets), "keys do not show")
        signed = sign("kim@lumen.example", keys, domain="mail.example")
        hold(verify(signed, keys).valid, "what a key signs it verifies", signed)


def threshold_file(data: bytes) -> None:
    """A file in place of our own thresholds: every section of it, or one line that names it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        path = Path(place) / "thresholds.toml"
        path.write_bytes(data)
        try:
            table = load_toml(path)
            for name, kind in _SECTIONS.items():
                hold(isinstance(_section(str(path), name, kind, table), kind), "a section is of its kind", name)
        except RuleError as error:
            hold("thresholds.toml" in str(error) and "\n" not in str(error), "an error names its file on one line")


_OPTIONS: dict[bytes, Callable[[str], object]] = {
    b"bound": lambda text: parse_bounds([text]),
    b"map": column_pair,
    b"timezone": zone_of,
    b"since": lambda text: day(text, "--since"),
    b"week": check_week,
    b"imap": imap_address,
    b"address": lambda text: verify(text, Keys((_SECRET,))),
}


def option(data: bytes) -> None:
    """The value of an option, whose name stands on the first line: taken, or an error of ours."""
    name, _, value = data.partition(b"\n")
    read = _OPTIONS.get(name)
    if read is None:
        return
    try:
        read(value.decode("utf-8", "surrogateescape"))
    except AnalyzerError as error:
        if name == b"imap" and value.count(_PASSWORD) == value.count(b":" + _PASSWORD + b"@") == 1:
            hold(_PASSWORD.decode() not in str(error), "an error shows no password", str(error))


_VALUES = (
    b"bound\nmime_depth=50", b"bound\nmessage_bytes=16MiB", b"bound\ncharsets=utf8,latin1", b"map\nWork mail=recipient", b"timezone\nEurope/Berlin",
    b"timezone\n+05:30", b"since\n2026-03-31", b"week\n2026-W10", b"imap\nimaps://ava%40outreach.example@mail.example:993/INBOX/Bounces",
    b"imap\nimaps://ava:hunter2hunter2@mail.example/INBOX", b"address\nbounces+kim=lumen.example-raaabbbbcccccccccccccccc@mail.example",
)  # fmt: skip


def _shipped() -> list[bytes]:
    from analyzer.knowledge import data_folder

    whole = (data_folder("rules") / "thresholds.toml").read_bytes()
    return [whole, *((data_folder("rules") / f"{name}.toml").read_bytes()[:4000] for name in _SHIPPED)]


TARGETS = (
    Target("rule-folders", rule_folder, lambda: [texts.RULE, _FILE.join((texts.RULE, texts.RULE.replace(b"every", b"each")))]),
    Target("key-files", key_file, lambda: [_SECRET + b"\n", b"# two keys\n\n" + _SECRET + b"\n" + _SECRET[::-1] + b"\n", b"short\n"]),
    Target("thresholds", threshold_file, _shipped),
    Target("options", option, lambda: list(_VALUES)),
)  # fmt: skip
