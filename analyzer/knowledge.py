"""Where the product's knowledge lies: the `rules/` and `sample_data/` folders, in a checkout or inside the wheel."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from analyzer.errors import RuleError, UnreadableInputError
from analyzer.records import Fault, Label

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """The folder `rules` or `sample_data`: inside an installed wheel, else at the top of the checkout."""
    for folder in (_PACKAGE / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise UnreadableInputError(str(_PACKAGE / name), "the folder is missing", "install the package again")


#: Tables whose content is known without reading TOML, which is slow; nobody changes them.
_known_tables: dict[Path, dict[str, Any]] = {}


def know_table(path: Path, table: dict[str, Any]) -> None:
    """Have `load_toml` answer with this table, which is the file's content, from now on."""
    _known_tables[path] = table


def load_toml(path: Path) -> dict[str, Any]:
    """One TOML file of reference data; a `RuleError` that names the file and line where it is broken."""
    if path in _known_tables:
        return _known_tables[path]
    import tomllib  # most commands never read a file of ours that is not known already

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RuleError(str(path), f"is not valid TOML: {error}", "mend the file") from None
    except UnicodeDecodeError:
        raise RuleError(str(path), "is not UTF-8 text", "save it as UTF-8") from None
    except ValueError as error:
        raise RuleError(str(path), f"holds a number that cannot be read: {error}", "mend the file") from None
    except RecursionError:
        raise RuleError(str(path), "is nested too deep", "mend the file") from None
    except OSError as error:
        raise RuleError(str(path), f"cannot be read: {error.strerror}") from None


class Reason(NamedTuple):
    """One row of `rules/reasons.toml`; `before_recipient`: it stops a mail before its recipient is asked for."""

    name: str
    label: Label
    fault: Fault
    transient: bool
    says: str
    before_recipient: bool


@cache
def reasons() -> dict[str, Reason]:
    """Every reason by name."""
    table = load_toml(data_folder("rules") / "reasons.toml")
    return {
        name: Reason(
            name,
            cast("Label", row["label"]),
            cast("Fault", row["fault"]),
            row["transient"],
            row["says"],
            row.get("before_recipient", False),
        )
        for name, row in table.items()
    }


def rules_version(own: Path | None = None) -> str:
    """A short digest of every rule, table and model under `rules/`, and of a user's own rules."""
    digest = hashlib.blake2b(digest_size=6)
    for folder in (data_folder("rules"), own):
        if folder is not None:
            for path in sorted(p for p in folder.rglob("*") if p.suffix in {".toml", ".npz"}):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
