"""Words of the trade are explained where they stand, once in a scope, and hostile text stays text."""

from __future__ import annotations

import re

import pytest

from analyzer.report.glossary import TERMS, Explainer


def plain(markup: str) -> str:
    return re.sub(r"<[^>]+>", "", re.sub(r'<span class="tip".*?</span>', "", markup)).replace("\xa0", " ")


@pytest.mark.parametrize("term", TERMS)
def test_every_word_is_found_and_explained_in_a_sentence(term: str) -> None:
    made = Explainer()(f"About {term}, this.")
    assert made.count('role="tooltip"') == 1
    assert plain(made) == f"About {term}, this."
    assert TERMS[term].endswith(".")
    assert 20 < len(TERMS[term]) < 130


def test_the_reading_text_is_unchanged_and_escaped() -> None:
    text = 'SPF & "DKIM" <b>fail</b> at 4.2 % of spf-like PTRs, see spf.example and a@spf'
    made = Explainer()(text)
    assert made.count('role="tooltip"') == 2
    assert plain(made) == text.replace("&", "&amp;").replace('"', "&#34;").replace("<", "&lt;").replace(">", "&gt;")


def test_a_word_is_explained_once_in_a_scope() -> None:
    explain = Explainer()
    assert explain("SPF and spf", "a").count("tooltip") == 1
    assert explain("SPF again", "a").count("tooltip") == 0
    assert explain("SPF elsewhere", "b").count("tooltip") == 1


def test_ids_are_unique_and_the_same_in_every_run() -> None:
    first, second = Explainer(), Explainer()
    texts = ["SPF, DKIM and DMARC", "Max quality against max quantity", "SPF"]
    made = ["".join(explain(text, text) for text in texts) for explain in (first, second)]
    assert made[0] == made[1]
    ids = re.findall(r' id="(\w+)"', made[0])
    assert len(ids) == len(set(ids)) == 6
    assert re.findall(r'aria-describedby="(\w+)"', made[0]) == ids
