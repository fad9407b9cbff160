"""A list source, a country, a title or a named column whose leads bounce more: the next list is judged by it too."""

from __future__ import annotations

from importlib import import_module

import pandas as pd
import pytest
from diagnose_builder import Block, campaign, next_list

from analyzer.correlate import Correlated
from analyzer.diagnose import diagnose, next_send
from analyzer.diagnose.diagnosis import DataQuality
from analyzer.report.sentences import actions

VERIFIED = ("verified", ("Software Development", "open"))


def sent(
    *sources: tuple[str, int, int], next_leads: pd.DataFrame | None = None, column: str = "list_source"
) -> Correlated:
    """Verified leads by (source, leads, bad ones), each at a company of its own."""
    blocks = [Block(leads, bounced={"user_unknown": bad}) for _, leads, bad in sources]
    correlated = campaign(*blocks, next_leads=next_leads, drivers=(column,))
    number = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    correlated.sends[column] = number.map(dict(enumerate(name for name, _, _ in sources)))
    return correlated


def upcoming(*sources: tuple[str, int], column: str = "list_source") -> pd.DataFrame:
    frame = next_list(*((leads, *VERIFIED) for _, leads in sources))
    frame[column] = [name for name, leads in sources for _ in range(leads)]
    return frame


def told(correlated: Correlated) -> DataQuality:
    return diagnose(correlated).data_quality


CRAWLED = (("Crawler", 600, 120), ("Webinar", 1400, 28))


def test_a_next_list_without_the_bad_source_is_not_held_liable_for_it() -> None:
    found = told(sent(*CRAWLED, next_leads=upcoming(("Webinar", 1500))))
    assert found.recommendation == "max_quantity"
    rate = found.forecast.max_quantity.rate
    assert rate is not None
    assert rate == pytest.approx(0.02, abs=0.006)
    assert found.origin is not None
    assert (found.origin.column, found.origin.values, found.origin.next_leads) == ("list source", ["Crawler"], 0)
    assert "the next list has none of them" in found.why


def test_without_the_column_in_the_next_list_all_its_leads_are_as_those_were() -> None:
    found = told(sent(*CRAWLED, next_leads=upcoming(("Webinar", 1500)).drop(columns="list_source")))
    rate = found.forecast.max_quantity.rate
    assert rate is not None
    assert rate == pytest.approx(148 / 2000, abs=0.02)
    assert found.origin is not None
    assert found.origin.next_leads is None


def test_the_best_mix_leaves_the_bad_source_out_and_says_why() -> None:
    correlated = sent(*CRAWLED, next_leads=upcoming(("Crawler", 500), ("Webinar", 1000)))
    diagnosis = diagnose(correlated)
    mix = diagnosis.data_quality.forecast.best_mix.leads
    assert 950 <= mix <= 1150
    table = next_send(correlated, diagnosis)
    from_source = table["email"].str.startswith("n0-")
    assert (table.loc[from_source, "probability"] > 0.12).all()
    assert (table.loc[~from_source, "probability"] < 0.04).all()
    assert set(table.loc[~from_source, "decision"]) == {"send"}
    assert (
        table.loc[from_source, "reason"].iloc[-1]
        == "Leads of the list source Crawler bounce more than others like them; with it, the list would go beyond what is tolerated."
    )
    assert "list_source" not in table.columns
    assert any(
        action.what
        == "Leave the 500 leads of the list source Crawler out of the next sequence, or have them verified first."
        for action in actions(diagnosis)
    )


def test_a_source_that_nobody_had_before_says_nothing() -> None:
    known = told(sent(*CRAWLED, next_leads=upcoming(("Webinar", 1500))))
    new = told(sent(*CRAWLED, next_leads=upcoming(("Conference", 1500))))
    one, other = known.forecast.max_quantity.rate, new.forecast.max_quantity.rate
    assert one is not None
    assert other is not None
    assert other > 2 * one


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        ((("A", 600, 18), ("B", 600, 24), ("C", 800, 22)), "differences of chance"),
        ((("A", 40, 8), ("B", 1400, 28)), "too few bounces"),
        ((("A", 600, 60), ("B", 1400, 98)), "less than twice the others"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_is_not_beyond_doubt_moves_nothing(sources: tuple[tuple[str, int, int], ...], why: str) -> None:
    assert told(sent(*sources, next_leads=upcoming(("B", 1500)))).origin is None, why


def test_one_company_is_not_its_source() -> None:
    blocks = (Block(60, domain="gone.example", bounced={"user_unknown": 55}), Block(540, bounced={"user_unknown": 9}))
    correlated = campaign(*blocks, Block(1400, bounced={"user_unknown": 24}), drivers=("list_source",))
    number = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    correlated.sends["list_source"] = number.map({0: "Crawler", 1: "Crawler", 2: "Webinar"})
    assert told(correlated).origin is None


def test_a_company_that_is_most_of_its_sources_bad_leads_is_told_apart(monkeypatch) -> None:
    """Without it, the source is as all others; with it, four times as bad."""
    # Where many companies show that their leads are not alike, one that is dead is no less of an exception.
    monkeypatch.setattr(import_module("analyzer.diagnose.drivers.drivers"), "likeness_of", lambda *_: 0.1)
    dead = Block(60, domain="dead.example", bounced={"user_unknown": 60})
    blocks = [dead, Block(190, bounced={"user_unknown": 16}), Block(2200, bounced={"user_unknown": 180})]
    correlated = campaign(*blocks, next_leads=upcoming(("Crawler", 300), ("Webinar", 900)), drivers=("list_source",))
    number = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    correlated.sends["list_source"] = number.map({0: "Crawler", 1: "Crawler", 2: "Webinar"})
    assert told(correlated).origins == []


def test_a_column_that_somebody_named_counts_as_well() -> None:
    ahead = upcoming(("west", 1500), column="driver:Region")
    found = told(sent(("east", 600, 120), ("west", 1400, 28), next_leads=ahead, column="driver:Region"))
    assert found.origin is not None
    assert (found.origin.column, found.origin.next_leads) == ("Region", 0)
    assert found.recommendation == "max_quantity"


def test_status_and_industry_explain_before_a_source_does() -> None:
    """All guessed addresses are from one source, as bad there as guessed ones elsewhere."""
    correlated = campaign(
        Block(600, "guessed", bounced={"user_unknown": 90}),
        Block(300, "guessed", bounced={"user_unknown": 45}),
        Block(1400, bounced={"user_unknown": 28}),
        drivers=("list_source",),
    )
    number = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    correlated.sends["list_source"] = number.map({0: "Crawler", 1: "Webinar", 2: "Webinar"})
    assert told(correlated).origin is None


def test_verified_leads_of_a_bad_source_stay_where_only_its_guessed_ones_are_bad() -> None:
    parts = (("guessed", 600, 180), ("verified", 600, 8), ("guessed", 600, 24), ("verified", 1400, 20))
    ahead = next_list(*((leads, status, VERIFIED[1]) for status, leads, _ in parts))
    sources = ["Crawler", "Crawler", "Webinar", "Webinar"]
    ahead["list_source"] = [name for name, (_, leads, _) in zip(sources, parts, strict=True) for _ in range(leads)]
    blocks = [Block(leads, status, bounced={"user_unknown": bad}) for status, leads, bad in parts]
    correlated = campaign(*blocks, next_leads=ahead, drivers=("list_source",))
    number = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    correlated.sends["list_source"] = number.map(dict(enumerate(sources)))
    found = told(correlated).origin
    assert found is not None
    assert (found.only, found.leads, found.bounces, found.next_leads) == ("unverified", 600, 180, 600)
    assert "Leads of the list source Crawler that are not verified bounced at 30.0 % (180 of 600)" in found.text
    table = next_send(correlated, diagnose(correlated)).set_index("email")["probability"]
    assert table[table.index.str.startswith("n0-")].min() > 0.2
    assert table[table.index.str.startswith("n1-")].max() < 0.03
    assert table[table.index.str.startswith("n2-")].max() < 0.08


def test_bad_sources_of_two_columns_do_not_hide_one_another() -> None:
    """A bad list source and a bad country: each is told, and who is of neither is sent to."""
    parts = (("Webinar", "DE", 1200, 18), ("Crawler", "DE", 300, 45), ("Webinar", "BR", 300, 45))
    blocks = [Block(leads, bounced={"user_unknown": bad}) for _, _, leads, bad in parts]
    ahead = next_list((400, *VERIFIED), (100, *VERIFIED), (80, *VERIFIED))
    for place, column in enumerate(("list_source", "country")):
        ahead[column] = ahead["email"].str[1].astype(int).map({row: part[place] for row, part in enumerate(parts)})
    correlated = campaign(*blocks, next_leads=ahead, drivers=("list_source",))
    number = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    for place, column in enumerate(("list_source", "country")):
        correlated.sends[column] = number.map({row: part[place] for row, part in enumerate(parts)})
    diagnosis = diagnose(correlated)
    quality = diagnosis.data_quality
    assert {each.column: (each.values, each.next_leads) for each in quality.origins} == {
        "list source": (["Crawler"], 100),
        "country": (["BR"], 80),
    }
    assert quality.origin == quality.origins[0]
    assert (quality.recommendation, quality.to_verify) == ("reverify", [])
    table = next_send(correlated, diagnosis)
    good = table["email"].str.startswith("n0-")
    assert set(table.loc[good, "decision"]) == {"send"}
    assert set(table.loc[~good, "decision"]) == {"verify_again"}
    assert table.loc[good, "probability"].max() < 0.04
    told_first = actions(diagnosis)[0].what
    assert "100 leads of the list source Crawler" in told_first
    assert "80 leads of the country BR" in told_first


def test_a_source_within_the_tolerance_may_stay() -> None:
    correlated = sent(("A", 1000, 30), ("B", 3000, 15), next_leads=upcoming(("A", 500), ("B", 500)))
    found = told(correlated)
    assert found.origin is not None
    assert "no more than the 5 % that are accepted" in found.origin.text
    assert not any("Leave" in action.what for action in actions(diagnose(correlated)))


def old_and_bought(leads: int, bad: int, others: int, few: int) -> Correlated:
    """Verified leads of a source that was verified a year before, and fresh ones of another, in two weeks each."""
    upcoming_leads = upcoming(("Bought", 500), ("Webinar", 1000))
    upcoming_leads["verified_at"] = ["2025-03-01"] * 500 + ["2026-03-01"] * 1000
    half = [(name, count // 2, hits // 2) for name, count, hits in (("Bought", leads, bad), ("Webinar", others, few))]
    correlated = sent(*half, *half, next_leads=upcoming_leads)
    sends = correlated.sends
    later = sends["lead_id"].str.partition("-")[0].astype(int) > 1
    sends["sent_at"] = pd.to_datetime(later.map({False: "2026-03-03T09:00:00Z", True: "2026-03-10T09:00:00Z"}))
    bought = sends["list_source"] == "Bought"
    sends["verified_at"] = pd.to_datetime(bought.map({True: "2025-02-01", False: "2026-02-20"}), utc=True)
    return correlated


@pytest.mark.parametrize(
    ("counts", "used", "rates"),
    [
        ((600, 60, 1400, 14), "cells", (0.10, 0.01)),
        ((1600, 320, 3600, 36), "model", (0.20, 0.01)),
    ],
    ids=["by cells", "by the model, which knows of ages"],
)
def test_an_old_list_that_was_bought_is_one_cause_and_counted_once(
    counts: tuple[int, int, int, int], used: str, rates: tuple[float, float]
) -> None:
    correlated = old_and_bought(*counts)
    diagnosis = diagnose(correlated)
    found = diagnosis.data_quality
    assert found.ranking is not None
    assert found.ranking.used == used
    assert found.origin is not None
    assert found.origin.values == ["Bought"]
    assert [each.kind for each in found.explained_by] == []
    table = next_send(correlated, diagnosis)
    bought = table["email"].str.startswith("n0-")
    assert table.loc[bought, "probability"].mean() == pytest.approx(rates[0], rel=0.15)
    assert table.loc[~bought, "probability"].mean() == pytest.approx(rates[1], rel=0.3)
    assert found.forecast.max_quantity.rate == pytest.approx((500 * rates[0] + 1000 * rates[1]) / 1500, rel=0.2)


def test_old_verifications_are_still_told_among_leads_of_no_bad_source() -> None:
    correlated = sent(("Crawler", 500, 100), ("Webinar", 500, 40), ("Webinar", 900, 9))
    part = correlated.sends["lead_id"].str.partition("-")[0]
    at = part.map({"0": "2026-02-20", "1": "2025-03-01", "2": "2026-02-20"})
    correlated.sends["verified_at"] = pd.to_datetime(at, utc=True)
    found = told(correlated)
    assert [(each.kind, each.leads) for each in found.explained_by] == [("stale_verification", 500)]
    assert "bounced at 8.0 %, fresher ones at 1.0 %" in found.why


@pytest.mark.parametrize(
    ("guessed", "without"),
    [
        ((2, 40), "Without these 400 leads it"),
        ((60, 240), "Without these 400 leads, and without the other guessed ones,"),
    ],
)
def test_what_can_stay_is_what_the_figure_beside_it_is_of(guessed: tuple[int, int], without: str) -> None:
    bad, extra = guessed
    parts = (("Crawler", 600, 150), ("Webinar", 1400, 14))
    upcoming_leads = pd.concat(
        [
            upcoming(("Crawler", 400), ("Webinar", 1000)),
            next_list((extra, "guessed", ("Software Development", "open"))),
        ],
        ignore_index=True,
    ).fillna({"list_source": "Webinar"})
    upcoming_leads["email"] = [f"n{i}@n{i}.example" for i in range(len(upcoming_leads))]
    blocks = [Block(leads, bounced={"user_unknown": hits}) for _, leads, hits in parts]
    correlated = campaign(*blocks, Block(300, "guessed", bounced={"user_unknown": bad}), next_leads=upcoming_leads)
    number = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    correlated.sends["list_source"] = number.map({0: "Crawler", 1: "Webinar", 2: "Webinar"})
    found = told(correlated)
    assert found.recommendation == "reverify"
    assert without in found.why
    sentence = found.why.split(without)[1].split(" %")[0]
    kept = 1000 * 0.01 + (extra * bad / 300 if "guessed" not in without else 0)
    size = 1000 + (extra if "guessed" not in without else 0)
    assert float(sentence.rsplit(" ", 1)[1]) == pytest.approx(100 * kept / size, rel=0.4)
