"""Addresses of whole columns in one spelling."""

from __future__ import annotations

import pandas as pd
import pytest

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
