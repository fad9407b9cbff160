"""What MkDocs asks while it builds the pages: it gets those made from the code, and links that also work in a checkout.

In a checkout the pages of `docs/` link to files beside that folder (`../rules/reasons.toml`, `../CHANGELOG.md`); on the
site the same links lead to the pages made from them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File
from pygments.formatters import HtmlFormatter
from reference import pages

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_ROOT = Path(__file__).resolve().parents[2]
#: Files beside `docs/` that pages link to, and the page of the site that says the same.
_ON_THE_SITE: dict[str, str] = {
    "rules/reasons.toml": "reference/reasons.md",
    "rules/providers.toml": "reference/providers.md",
    "rules/blocklists.toml": "reference/block-lists.md",
    "rules/fixes.toml": "reference/fixes.md",
    "sample_data/README.md": "sample-campaign.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "THIRD_PARTY.md": "licences.md",
    "README.md": "index.md",
}
#: Pages of the site that stand beside `docs/`.
_BESIDE: dict[str, str] = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "licences.md": "THIRD_PARTY.md",
    "sample-campaign.md": "sample_data/README.md",
    "security.md": "SECURITY.md",
}
#: ```toml own/acme.toml: a block that is a file, or a part of one.
_FILE_BLOCK = re.compile(r"^```(\w+) ([^=\n]+)$", re.MULTILINE)
_LINK = re.compile(r"\]\((?P<up>(?:\.\./)+)(?P<file>[\w./-]+)(?P<anchor>#[\w-]+)?\)")
_AT_THE_TOP = re.compile(r"\]\((?P<file>[\w./-]+)(?P<anchor>#[\w-]+)?\)")


def _from_the_top(link: re.Match[str]) -> str:
    """A link in a file at the top of the checkout, as the site has it."""
    target = _ON_THE_SITE.get(link["file"], link["file"].removeprefix("docs/"))
    return f"]({target}{link['anchor'] or ''})"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages made from the code, and those that live beside `docs/`."""
    made = dict(pages())
    for path, beside in _BESIDE.items():
        made[path] = _AT_THE_TOP.sub(_from_the_top, (_ROOT / beside).read_text(encoding="utf-8"))
    made["assets/code.css"] = str(HtmlFormatter(style="xcode").get_style_defs(".highlight"))
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give blocks that are files their name as a title, and lead links out of `docs/` to their page."""
    del config, files
    depth = page.file.src_uri.count("/")

    def onto_the_site(link: re.Match[str]) -> str:
        target = _ON_THE_SITE.get(link["file"])
        # A link that goes up further than the page lies deep leaves `docs/`.
        if target is None or link["up"].count("../") != depth + 1:
            return link[0]
        return f"]({'../' * depth}{target}{link['anchor'] or ''})"

    def titled(block: re.Match[str]) -> str:
        name = block[2].replace('"', "'")
        return f'```{block[1]} title="{name}"'

    return _LINK.sub(onto_the_site, _FILE_BLOCK.sub(titled, markdown))
