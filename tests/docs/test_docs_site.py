"""The site builds with warnings as errors, opens without a network, and its reference is made from the code."""

from __future__ import annotations

import html.parser
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import pytest
from docs_pages import DOCS, ROOT

#: What loads something, by tag and attribute; a link that a reader follows does not.
_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dead links and anchors, pages that no menu leads to, and reference pages that cannot be made are errors."""
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", out],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


class _Loads(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "link" and told.get("rel") in {"canonical", "next", "prev"}:
            return
        if tag in _LOADED and (where := told.get(_LOADED[tag])):
            self.found.append(where)


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loads = _Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert not [where for where in loads.found if urlparse(where).netloc], page
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert "url(http" not in styles and "@import" not in styles


def test_the_reference_has_every_command_column_reason_and_rule(site: Path) -> None:
    from reference import commands

    from analyzer import knowledge
    from analyzer.classify import default_classifier

    pages = {path.stem: path.read_text(encoding="utf-8") for path in (site / "reference").glob("*.html")}
    assert [words for words, _ in commands.tree() if f'id="{words.replace(" ", "-")}"' not in pages["commands"]] == []
    assert [name for name in knowledge.reasons() if f"<code>{name}</code>" not in pages["reasons"]] == []
    assert [rule.id for rule in default_classifier().rules if f"<code>{rule.id}</code>" not in pages["rules"]] == []


def test_python_names_have_their_signature_and_docstring(site: Path) -> None:
    import analyzer

    page = (site / "reference" / "python.html").read_text(encoding="utf-8")
    for name in ("read", "parse", "classify", "diagnose", "check", "export"):
        assert f'id="{getattr(analyzer, name).__module__}.{name}"' in page


def test_what_the_pages_name_in_the_checkout_is_there() -> None:
    """Links out of `docs/` are not MkDocs' to see."""
    import re

    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\((\.\./[\w./-]+)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8")):
            found = (page.parent / target).resolve()
            assert found.exists() or found.parent.name == "reference", f"{page}: {target}"
