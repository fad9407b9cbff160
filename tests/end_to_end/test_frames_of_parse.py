"""`parse` as a library call: the same columns and types whatever is read, and what is no source named as what it is."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

import analyzer
from analyzer.errors import AnalyzerError

SAMPLE = Path(__file__).parents[2] / "sample_data"
BOUNCES = SAMPLE / "bounces"
ONE = sorted(BOUNCES.iterdir())[0]
NOT_TEXT = {"transient": "bool", "confidence": "float64", "retry_after_s": "Int64"}
THREADS = 8


def types_of(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


@pytest.mark.parametrize("sources", [(), (ONE,), (BOUNCES,)])
@pytest.mark.parametrize("all_kinds", [False, True])
def test_the_columns_have_the_same_types_whatever_is_read(sources: tuple[Path, ...], all_kinds: bool) -> None:
    told = dict.fromkeys(analyzer.BOUNCE_COLUMNS, "str") | NOT_TEXT | ({"transient": "boolean"} if all_kinds else {})
    assert types_of(analyzer.parse(*sources, all_kinds=all_kinds)) == told


def test_frames_of_parse_join_and_go_through_parquet_as_they_are(tmp_path: Path) -> None:
    whole = pd.concat([analyzer.parse(), analyzer.parse(BOUNCES)], ignore_index=True)
    assert types_of(whole) == types_of(analyzer.parse())
    whole.to_parquet(tmp_path / "bounces.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "bounces.parquet"), whole)


@pytest.mark.parametrize(
    "given", [{"source": "x.eml"}, [{"recipient": "ann@corp.example"}], pd.Series(["x.eml"]), None]
)
def test_what_is_no_source_is_named_as_what_it_is(given: object) -> None:
    with pytest.raises(TypeError, match="a source is the path of a file"):
        analyzer.parse(given)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a source is the path of a file"):
        analyzer.diagnose(bounces=given, log=SAMPLE / "log.csv")  # type: ignore[arg-type]


def test_a_frame_with_a_column_twice_is_refused() -> None:
    rows = analyzer.parse(ONE).rename(columns={"sender": "recipient"})
    with pytest.raises(AnalyzerError, match="several columns 'recipient'"):
        analyzer.diagnose(bounces=rows, log=SAMPLE / "log.csv")


def test_threads_get_the_same_answers_as_one_alone() -> None:
    alone = analyzer.parse(BOUNCES)
    texts = alone["diagnostic"].tolist()
    judged = [analyzer.classify(text) for text in texts]
    together = threading.Barrier(THREADS)

    def asked(number: int) -> bool:
        together.wait(60)
        if number % 2:
            return analyzer.parse(BOUNCES).equals(alone)
        return [analyzer.classify(text) for text in texts] == judged

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(asked, range(THREADS)))
