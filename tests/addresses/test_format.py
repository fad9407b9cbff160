"""One cell as an address: cleaned, or named as what is wrong with it."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from analyzer.addresses.names import domain_name
from analyzer.addresses.reading import read_address
from analyzer.addresses.typos import Typos

CLEANED = [
    ("jane@example.org", "jane@example.org", ()),
    (" jane@example.org\t", "jane@example.org", ("spaces removed",)),
    ("jane @ example.org", "jane@example.org", ("spaces removed",)),
    ("\N{NO-BREAK SPACE}jane@example.org", "jane@example.org", ("spaces removed",)),
    ("ja\N{ZERO WIDTH SPACE}ne@example.org", "jane@example.org", ("invisible characters removed",)),
    ("\N{ZERO WIDTH NO-BREAK SPACE}jane@example.org", "jane@example.org", ("invisible characters removed",)),
    ("Jane Roe <Jane.Roe@Example.ORG>", "Jane.Roe@example.org", ("display name removed",)),
    ('"Roe, Jane" <jane@example.org>', "jane@example.org", ("display name removed",)),
    ("jane@example.org <jane@example.org>", "jane@example.org", ("display name removed",)),
    ("jane@example.org (office)", "jane@example.org", ("comment removed",)),
    ("mailto:jane@example.org?subject=Hello", "jane@example.org", ("mailto: removed",)),
    ("MAILTO:jane%40example.org", "jane@example.org", ("mailto: removed",)),
    ("jane@example.org.", "jane@example.org", ("trailing punctuation removed",)),
    ("jane@example.org;", "jane@example.org", ("trailing punctuation removed",)),
    ("jane＠example．org", "jane@example.org", ("full-width signs made plain",)),
    ("'jane@example.org'", "jane@example.org", ("quotes or brackets removed",)),
    ("“jane@example.org”", "jane@example.org", ("quotes or brackets removed",)),
    ("u003ejane@example.org", "jane@example.org", ("web escapes removed",)),
    ("jane&#64;example.org", "jane@example.org", ("web escapes removed",)),
    ("=jane@example.org", "jane@example.org", ("web escapes removed",)),
    ("o’neil@example.org", "o'neil@example.org", ("curly apostrophes made plain",)),
    ("o´neil@example.org", "o'neil@example.org", ("curly apostrophes made plain",)),
    ("o&#39;neil@example.org", "o'neil@example.org", ("web escapes removed",)),
    ("o&apos;neil@example.org", "o'neil@example.org", ("web escapes removed",)),
    ("jane&amp;john@example.org", "jane&john@example.org", ("web escapes removed",)),
    ("jane@example.org&nbsp;", "jane@example.org", ("web escapes removed", "spaces removed")),
    ("Jane Roe &lt;jane@example.org&gt;", "jane@example.org", ("web escapes removed", "display name removed")),
    ("jane@example.org%20", "jane@example.org", ("web escapes removed",)),
    ("jane%40example.org", "jane@example.org", ("web escapes removed",)),
    (", jane@example.org", "jane@example.org", ("leading punctuation removed", "spaces removed")),
    (
        "[jane@example.org](mailto:jane@example.org)",
        "jane@example.org",
        ("quotes or brackets removed", "repetition removed"),
    ),
    ("jane@example.org (jane@example.org)", "jane@example.org", ("quotes or brackets removed", "repetition removed")),
]


@pytest.mark.parametrize(("text", "email", "notes"), CLEANED)
def test_dirt_comes_off_and_is_told(text: str, email: str, notes: tuple[str, ...]) -> None:
    address = read_address(text)
    assert (address.email, address.cleaned) == (email, notes)
    assert address.fault == "reserved_domain"


FAULTS = [
    ("", "blank_line", ""),
    (" \t", "blank_line", ""),
    ("n/a", "blank_line", ""),
    ("-", "blank_line", ""),
    ("www.example.org", "no_at_sign", ""),
    ("+49 30 0000", "no_at_sign", ""),
    ("jane (at) example (dot) org", "no_at_sign", "jane@example.org"),
    ("info@@gmail", "several_at_signs", "info@gmail.com"),
    ("info@@example.org", "several_at_signs", "info@example.org"),
    ("user@gmailcom", "domain_without_dot", "user@gmail.com"),
    ("user@gmail", "domain_without_dot", "user@gmail.com"),
    ("jane@example.org, john@example.org", "several_addresses", "jane@example.org"),
    ("jane@example.org/john@example.org", "several_addresses", "jane@example.org"),
    ("A <jane@example.org>; B <john@example.org>", "several_addresses", "jane@example.org"),
    ("jane@example.org\njohn@example.org", "several_addresses", "jane@example.org"),
    ("jane..roe@example.org", "address_syntax", "jane.roe@example.org"),
    (".jane@example.org", "address_syntax", "jane@example.org"),
    ("jane@example,org", "address_syntax", "jane@example.org"),
    ("jane@example..org", "address_syntax", "jane@example.org"),
    ("jane@-example.org", "address_syntax", "jane@example.org"),
    ("jane roe@example.org", "address_syntax", ""),
    ("jane@example.org Acme", "address_syntax", "jane@example.org"),
    ("jane@example. org", "address_syntax", "jane@example.org"),
    ("jane@example.org: work", "address_syntax", "jane@example.org"),
    ("jane@example.org?subject=Hello", "address_syntax", "jane@example.org"),
    ("jane@example.org*", "address_syntax", "jane@example.org"),
    ("work: jane@example.org", "address_syntax", "jane@example.org"),
    ("Jane Roe jane.roe@example.org", "address_syntax", "jane.roe@example.org"),
    ("jane@exa_mple.org, john@example.org", "several_addresses", "john@example.org"),
    ("jane@", "address_syntax", ""),
    ("@example.org", "address_syntax", ""),
    ("jane@exa_mple.org", "address_syntax", ""),
    (f"{'j' * 65}@example.org", "address_too_long", ""),
    ("jane@[192.0.2.1]", "address_literal", ""),
    ("jane@example.con", "unknown_suffix", "jane@example.com"),
    ("jane@company.zzqx", "unknown_suffix", ""),
    ("jane@co.uk", "public_suffix", ""),
    ("jane@localhost", "reserved_domain", ""),
    ("jane@host.test", "reserved_domain", ""),
    ("j\N{CYRILLIC SMALL LETTER A}ne@example.org", "mixed_scripts", "jane@example.org"),
    ("jane@\N{CYRILLIC SMALL LETTER A}cme.com", "mixed_scripts", "jane@acme.com"),
    ("jane@xn--cme-5cd.com", "mixed_scripts", "jane@acme.com"),
    ("jane@acme.couk", "unknown_suffix", "jane@acme.co.uk"),
]


@pytest.mark.parametrize(("text", "fault", "suggestion"), FAULTS)
def test_what_is_wrong_is_named(text: str, fault: str, suggestion: str) -> None:
    address = read_address(text)
    assert address.fault == fault
    # The suggested domains are themselves reserved ones here: only the text counts.
    assert address.suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "domain", "registrable"),
    [
        ("jane@mail.example.co.uk", "mail.example.co.uk", "example.co.uk"),
        ("jane@example.com.br", "example.com.br", "example.com.br"),
        ("jörg@bücher.example.de", "xn--bcher-kva.example.de", "example.de"),
        ("jane@xn--bcher-kva.de", "xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("jane@почта.рф", "xn--80a1acny.xn--p1ai", "xn--80a1acny.xn--p1ai"),
        ('"jane roe"@example.de', "example.de", "example.de"),
        ("o'neil+news@example.ie", "example.ie", "example.ie"),
    ],
)
def test_domains_of_every_country_and_script_are_in_order(text: str, domain: str, registrable: str) -> None:
    address = read_address(text)
    assert (address.fault, address.domain, address.registrable) == ("", domain, registrable)


def test_the_form_that_a_server_is_asked_for_has_a_labels() -> None:
    address = read_address("Jane@Bücher.de")
    assert address.email == "Jane@bücher.de"
    assert address.deliverable_form == "Jane@xn--bcher-kva.de"


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("hotmaill.com", "hotmail.com"),
        ("t-onlne.de", "t-online.de"),
        ("protonmial.com", "protonmail.com"),
        ("nordwark-bank.se", "nordmark-bank.se"),
        # Known to be good, or used often here: never a misspelling of something else.
        *((good, "") for good in ("gmail.com", "ymail.com", "mail.com", "yahoo.fr", "nordmark-bank.se")),
        # Another country, another number, another company; short names are near to everything.
        *((other, "") for other in ("nordmark-bank.dk", "nordmark2-bank.se", "example.com", "aul.com", "life.com")),
        *((company, "") for company in ("cloud.com", "libera.it")),
    ],
)
def test_a_misspelling_is_near_to_what_is_known_or_frequent(domain: str, meant: str) -> None:
    counts = {domain: 1, "nordmark-bank.se": 40}
    assert Typos(counts).suggestion(domain) == meant


@pytest.mark.parametrize(
    ("domain", "meant"), [("fmail.com", "gmail.com"), ("jmail.com", "gmail.com"), ("gmail.de", "")]
)
def test_of_several_that_are_as_near_the_usual_one_was_meant(domain: str, meant: str) -> None:
    assert Typos().suggestion(domain) == meant


def test_a_domain_that_the_list_uses_often_is_no_misspelling() -> None:
    assert Typos({"gmaild.com": 9}).suggestion("gmaild.com") == "gmail.com"
    assert Typos({"gmaild.com": 10}).suggestion("gmaild.com") == ""


@given(st.text(max_size=60) | st.from_regex(r"[ <>\"'(),;:a-zA-Z@.＠．\u200b-]{0,40}", fullmatch=True))
def test_no_text_breaks_the_reader_and_what_was_cleaned_stays_clean(text: str) -> None:
    address = read_address(text)
    again = read_address(address.email)
    assert again.fault == address.fault
    if not address.fault:
        assert (again.email, again.cleaned) == (address.email, ())


_LOCAL = st.text("abcz019.!#$%&'*+/=?^_`{|}~- \"(),:;<>@[\\]", max_size=66)
_DOMAIN = st.text("abz09.-_", max_size=20) | st.lists(st.text("abz0-", max_size=64), max_size=4).map(".".join)


@given(_LOCAL, _DOMAIN)
def test_the_short_way_of_plain_addresses_agrees_with_the_library(local: str, domain: str) -> None:
    """What is in order here is in order there; and what is cleaned of nothing and in order there is in order here."""
    text = f"{local}@{domain}.de"
    address = read_address(text)
    try:
        validate_email(text, check_deliverability=False, allow_quoted_local=True, strict=True)
        in_order = True
    except EmailNotValidError:
        in_order = False
    if not address.cleaned and not address.fault:
        assert in_order
    if in_order and not address.cleaned:
        assert address.fault in {"", "public_suffix"}, address


@given(st.text(max_size=30))
def test_no_domain_breaks_the_reader(text: str) -> None:
    assert domain_name(text).fault in {
        *(
            "",
            "address_syntax",
            "domain_without_dot",
            "unknown_suffix",
            "public_suffix",
            "reserved_domain",
            "address_literal",
        )
    }
