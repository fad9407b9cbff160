"""Addresses of whole columns in one spelling."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.addresses.key import address_key
from analyzer.correlate.addresses import address_keys, domains, normalise_addresses


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("jane@example.com", "jane@example.com"),
        ("  Jane.Roe@EXAMPLE.Com ", "Jane.Roe@example.com"),
        ("Jane Roe <jane@Example.com>", "jane@example.com"),
        ('"Roe, Jane" <jane@example.com>', "jane@example.com"),
        ("<jane@example.com>", "jane@example.com"),
        ("mailto:jane@example.com?subject=hi", "jane@example.com"),
        ("jane.roe @example.com", "jane.roe@example.com"),
        ("jane.roe@ example.com ", "jane.roe@example.com"),
        ("jane@example.com; bob@example.net", "jane@example.com"),
        ("jane@example.com, bob@example.net", "jane@example.com"),
        ("'jane@example.com'", "jane@example.com"),
        ("jane@example.com.", "jane@example.com"),
        ("jürgen@bücher.example", "jürgen@bücher.example"),
        ('"odd name"@example.com', '"odd name"@example.com'),
        ("jane@", "jane@"),
        ("Total", ""),
        ("", ""),
    ],
)
def test_one_spelling(cell: str, address: str) -> None:
    assert normalise_addresses(pd.Series([cell])).tolist() == [address]


def test_keys_and_domains() -> None:
    addresses = normalise_addresses(pd.Series(["Jane@Example.com", None], index=[4, 9]))
    assert address_keys(addresses).to_dict() == {4: "jane@example.com", 9: ""}
    assert domains(addresses).to_dict() == {4: "example.com", 9: ""}


@pytest.mark.parametrize(
    "cells",
    [
        ["a@b.example", "Jörg@b.example", "c@xn--bcher-kva.example", "", "D@b.example"],
        # A "--" that two neighbours make, and one that is there.
        ["a-", "-b@x.example", "a--b@x.example", "c@x.example"],
        ["É@é.example"] * 3,
        ["a@b.example"] * 200_000 + ["ö@b.example"] + ["a@b.example"] * 3,
    ],
)
@pytest.mark.parametrize("step", [1, 2])
def test_the_key_of_each_in_a_column_is_its_own(cells: list[str], step: int) -> None:
    column = pd.Series(cells, dtype="str").iloc[step - 1 :: step]
    assert address_keys(column).tolist() == [address_key(cell) for cell in column]
