"""Every command that a page shows is run, and prints what the page shows; `docs_pages` says how pages are written."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from pathlib import Path

import docs_pages
import pytest
from docs_pages import DOCS, PAGES, ROOT, Workplace, blocks, is_console, shown

NAMES = {str(page.relative_to(ROOT)): page for page in PAGES}
WITH_COMMANDS = [name for name, page in NAMES.items() if any(map(is_console, blocks(page)))]
WITH_PYTHON = [name for name, page in NAMES.items() if any(block.kind == "pycon" for block in blocks(page))]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def workplace(request: pytest.FixtureRequest, tmp_path: Path, cache: Path) -> Iterator[Workplace]:
    found = Workplace(tmp_path, cache, NAMES[request.param])
    yield found
    found.close()


@pytest.mark.parametrize(("name", "workplace"), [(name, name) for name in WITH_COMMANDS], indirect=["workplace"])
def test_the_commands_print_what_the_page_shows(name: str, workplace: Workplace) -> None:
    page = NAMES[name]
    for block in filter(is_console, blocks(page)):
        for one in shown(block):
            printed = workplace.run(one)
            said = docs_pages.differs(one.lines, printed, open_ended=page in docs_pages.OPEN_ENDED)
            assert not said, f"{name}: {one.command}\n\n{said}\n(python tests/docs/docs_pages.py {name} renews it)"


@pytest.mark.parametrize(("name", "workplace"), [(name, name) for name in WITH_PYTHON], indirect=["workplace"])
def test_the_python_answers_as_the_page_shows(name: str, workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace.folder)
    session = "\n".join(block.body for block in blocks(NAMES[name]) if block.kind == "pycon")
    test = doctest.DocTestParser().get_doctest(session, {}, name, name, 0)
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(test, out=told.append)
    assert not told, "".join(told)


@pytest.mark.parametrize("name", NAMES)
def test_the_program_takes_every_command_that_is_only_shown(name: str) -> None:
    told = [docs_pages.problem(command, whole=True) for command in docs_pages.only_shown(NAMES[name])]
    told += [docs_pages.problem(command, whole=False) for command in docs_pages.inline(NAMES[name])]
    assert not [problem for problem in told if problem]


def test_a_command_that_does_not_exist_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Run `bounce-analyzer pars x`.\n\n```sh\nbounce-analyzer parse x --frobnicate | head\n```\n")
    assert [docs_pages.problem(each, whole=False) for each in docs_pages.inline(page)] == [
        "pars x: there is no command pars"
    ]
    (only,) = docs_pages.only_shown(page)
    assert "--frobnicate" in docs_pages.problem(only, whole=True)


def test_other_output_than_the_page_shows_would_be_seen() -> None:
    assert not docs_pages.differs(("a", "…", "d"), ["a", "b", "c", "d"])
    assert not docs_pages.differs(("took … s",), ["took 3 s"])
    assert docs_pages.differs(("a", "d"), ["a", "b", "c", "d"])
    assert docs_pages.differs(("3.5 %",), ["4.5 %"])


def test_writing_rules_shows_every_command_of_rules_and_every_field() -> None:
    from analyzer.classify.rules import _KEYS

    page = DOCS / "rules.md"
    commands = " ".join(one.command for block in blocks(page) if is_console(block) for one in shown(block))
    assert all(f"rules {name}" in commands for name in ("list", "show", "test", "explain", "suggest"))
    text = page.read_text(encoding="utf-8")
    assert all(f"`{field}`" in text for field in _KEYS)
