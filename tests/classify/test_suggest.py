"""`rules suggest`: templates of the texts that no rule decides, and stubs that load and decide what they come from."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from analyzer import api
from analyzer.classify import Classifier, Example, classifier_of, load_rules
from analyzer.classify.checks import prove
from analyzer.classify.suggest import NEAR_MISS, SOURCE, WHY, Suggestion, suggest
from analyzer.cli import app
from analyzer.errors import OutputError, UnreadableInputError
from analyzer.report.rows import write_rows

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

OWN = """
[[rule]]
id = "known/otter"
pattern = 'the otter is asleep'
reason = "policy"
why = "w"
examples = ["550 the otter is asleep"]
near_misses = ["550 the otter is awake"]
"""
ZEBRA = [
    "550 5.7.1 Zebra crossing jammed for anna@example.com, ask warden 123 at https://zoo.example/x?1 (q7f31a09b)",
    "550 5.7.1 Zebra crossing jammed for <tom@example.org>, ask warden 9 at https://zoo.example/y (x91b77c02)",
]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    folder: Path = tmp_path_factory.mktemp("known")
    (folder / "known.toml").write_text(OWN, encoding="utf-8")
    return Classifier(load_rules([folder]))


def found_in(texts: list[str], known: Classifier, **wanted: int) -> list[Suggestion]:
    return list(suggest(map(Example, texts), known, **wanted).found)


def run(*args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["rules", "suggest", *args], input=stdin)


ONE_TEMPLATE = {
    "numbers, links, ids and addresses": (
        [
            "554 lamp 12 of a@b.example dim, see https://x.example/1",
            "554 lamp 7 of c@d.example dim, see https://y.example/2",
        ],
        "<number> lamp <number> of <address> dim, see <link>",
    ),
    "IP addresses of both kinds": (
        ["554 lantern of 192.0.2.7 went out", "554 lantern of 2001:db8::7 went out"],
        "<number> lantern of <ip> went out",
    ),
    "hosts": (
        ["554 mx1.example.com dislikes lanterns", "554 mail-7.example.org dislikes lanterns"],
        "<number> <host> dislikes lanterns",
    ),
    "codes": (["550 5.7.1 lantern broken", "554-5.7.0 lantern broken"], "<number> <number> lantern broken"),
    "capitals": (["554 Lantern Broken", "554 LANTERN broken"], "<number> lantern broken"),
    "a name that is seen once": (
        ["554 guest jsmith may not enter today", "554 guest bwayne may not enter today"],
        "<number> guest <word> may not enter today",
    ),
    "names that come again": (
        [f"554 guest {name} may not enter today" for name in ("ann", "bob", "cid", "dan") for _ in range(3)],
        "<number> guest <word> may not enter today",
    ),
    "nearly the same words": (
        ["554 the velvet room is closed to all guests"] * 3 + ["554 the velvet room is closed to all our guests"] * 2,
        "<number> the velvet room is closed to all guests",
    ),
    "a wrapper round the reply": (
        [
            "host mx.a.example[192.0.2.1] said: 550 the walnut is hollow",
            "host mx.b.example[192.0.2.2] said: 550 the walnut is hollow (in reply to RCPT TO)",
        ],
        "<number> the walnut is hollow",
    ),
    "no spaces between words": (
        ["554 宛先<x@y.example>の猫", "554 宛先<z@y.example>の猫"],
        "<number> 宛先<<address>>の猫",
    ),
}


@pytest.mark.parametrize("case", ONE_TEMPLATE)
def test_texts_that_say_the_same_are_one_template(case: str, known: Classifier) -> None:
    texts, template = ONE_TEMPLATE[case]
    [one] = found_in(texts, known)
    assert (one.count, one.share, one.template) == (len(texts), 1.0, template)


def test_different_texts_stay_apart(known: Classifier) -> None:
    texts = ["554 lantern broken by wind"] * 2 + ["554 walnut hollow since spring"] * 2
    assert [one.count for one in found_in(texts, known)] == [2, 2]
    # In a short text the word that changes may be the one that says why.
    why = [f"554 recipient refused: {word}" for word in ("greylisted", "nonexistent", "overquota", "blocklisted")]
    assert [one.count for one in found_in([*why, *why], known)] == [2, 2, 2, 2]


def test_what_is_counted_and_what_is_shown(known: Classifier) -> None:
    texts = ["550 the otter is asleep"] * 4 + ["554 lantern broken"] * 3 + ["554 walnut hollow"] * 2 + ["554 plum sour"]
    found = suggest(map(Example, texts), known)
    assert (found.texts, found.decided, found.templates) == (10, 4, 3)
    assert [(one.count, round(one.share, 3)) for one in found.found] == [(3, 0.5), (2, 0.333)]
    assert found.summary() == "10 texts, 4 decided by rules; the other 6 have 3 templates, 2 shown"
    few = [suggest(map(Example, texts[:number]), known).summary() for number in (0, 1, 4, 5)]
    assert few[:2] == ["no text", "1 text, decided by a rule"]
    assert few[2:] == [
        "4 texts, all decided by rules",
        "5 texts, 4 decided by rules; the other 1 has 1 template, 0 shown",
    ]
    assert [one.count for one in found_in(texts, known, least=1)] == [3, 2, 1]
    assert [one.count for one in found_in(texts, known, least=1, most=1)] == [3]
    assert found_in([], known) == []


def test_no_one_is_named_in_an_example(known: Classifier) -> None:
    beside = {"host": "mx.secret.example", "recipient": "tom@buyer.example"}
    texts = [
        Example("554 mx.secret.example [198.51.100.7]: lantern of tom@buyer.example at buyer.example out", **beside)
    ]
    [one] = suggest(texts, known, least=1).found
    assert one.example == "554 mx.example.com [192.0.2.1]: lantern of user@example.com at example.com out"
    assert "secret" not in one.stub
    assert "buyer" not in one.stub


def test_a_likely_reason_comes_with_its_chance(known: Classifier) -> None:
    [one] = found_in(["550 5.1.1 the mailbox of this user does not exist"] * 2, known)
    assert one.reason == "user_unknown"
    assert 0.5 < one.chance <= one.label_chance <= 1
    assert f"likely    user_unknown ({one.chance:.0%}), hard" in "\n".join(one.facts())


AWKWARD = [
    *ONE_TEMPLATE["nearly the same words"][0],
    *ZEBRA,
    *['554 can\'t (yet) take [this] \\ "mail" | 100% {sorry} ^$*+? at once.'] * 2,
    *["550 5.7.1 'single' quotes and trailing backslash \\"] * 2,
    *["550-5.7.1 Lines of a reply\n550 5.7.1 with two parts"] * 2,
    *["554 İstanbul DEĞİL buraya gelmez"] * 2,
    *["554 Ωμέγα ΣΕΛΊΔΑΣ λείπει από εδώ"] * 2,
    *["554 bell\x07 and escape\x1b[31m sequences"] * 2,
    *["554 lone \udcff byte in here"] * 2,
    *["554 host mx.example.com said: 550 inner lantern: went out"] * 2,
    *["554 " + "walnut lantern plum otter " * 60] * 2,
    *[f"554 guest {name} may not enter today" for name in ("ann", "bob", "cid")],
]


def test_stubs_decide_their_examples_once_a_person_has_filled_them(tmp_path: Path, known: Classifier) -> None:
    found = found_in(AWKWARD, known)
    assert [one.template for one in found if not one.stub] == []
    stubs = "\n".join(one.stub for one in found)
    (tmp_path / "new.toml").write_text(stubs, encoding="utf-8")
    # As it comes it loads, and `rules test` says what is left to do.
    assert {failed.kind for failed in prove(Classifier(load_rules([tmp_path]))).failed} == {"near miss"}
    assert all(NEAR_MISS in failed.example.text for failed in prove(Classifier(load_rules([tmp_path]))).failed)
    rows = tomllib.loads(stubs)["rule"]
    filled = stubs.replace(WHY, "The zoo says so.").replace(SOURCE, "The zoo")
    for row in rows:
        [prompt] = [line for line in filled.splitlines() if NEAR_MISS in line][:1]
        filled = filled.replace(prompt, '  "550 nothing of the kind",', 1)
        assert row["examples"]
    (tmp_path / "new.toml").write_text(filled, encoding="utf-8")
    proof = prove(classifier_of(tmp_path), only="own/")
    assert (proof.rules, proof.failed) == (len(found), ())


def test_a_stub_decides_the_texts_that_it_comes_from(tmp_path: Path, known: Classifier) -> None:
    (tmp_path / "new.toml").write_text("".join(one.stub for one in found_in(AWKWARD, known)), encoding="utf-8")
    own = Classifier(load_rules([tmp_path]))
    assert [text for text in AWKWARD if not own.classify(text).decided_by.startswith("rule:own/")] == []
    assert own.classify("554 guest someone.else may not enter today").decided_by.startswith("rule:own/guest")


def test_too_few_words_make_no_stub(known: Classifier) -> None:
    for texts in (["550 5.0.0"] * 2, [""] * 2, ["554 no"] * 2, ["554 a@b.example: 12"] * 2):
        [one] = found_in(texts, known)
        assert (one.stub, one.count) == ("", 2)
        assert one.note
    assert found_in(["550 5.0.0"] * 2, known)[0].reason == ""


def test_a_stub_that_another_makes_needless_is_left_out(known: Classifier) -> None:
    texts = ["554 lantern broken"] * 3 + [
        "554 the little boy says that his lantern broken is by now no use to anyone"
    ] * 2
    first, second = found_in(texts, known)
    assert first.stub
    assert (second.stub, second.note) == ("", "own/lantern-broken above decides it")


def test_ids_are_not_taken_twice(tmp_path: Path, known: Classifier) -> None:
    (tmp_path / "own.toml").write_text(OWN.replace("known/otter", "own/lantern-went-out"), encoding="utf-8")
    [one] = found_in(["554 lantern 1: went out"] * 2, Classifier(load_rules([tmp_path])))
    assert 'id = "own/lantern-went-out-2"' in one.stub


# The command


@pytest.fixture
def own(tmp_path: Path) -> str:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "known.toml").write_text(OWN, encoding="utf-8")
    return str(folder)


def test_lines_json_lines_and_stdin(own: str, tmp_path: Path) -> None:
    lines = tmp_path / "said.txt"
    lines.write_text(
        "\ufeff"
        + ZEBRA[0]
        + '\n\n{"text": "550 Zebra crossing jammed for 4@x.example, ask warden 4 at https://z.example'
        ' (q7f31a09c)", "status": "5.7.1"}\n550 the otter is asleep\n',
        encoding="utf-8",
    )
    result = run(str(lines), "-", "--rules", own, stdin=ZEBRA[1])
    assert result.exit_code == 0
    assert result.stdout.startswith("# 3 texts, 100.0% of the undecided\n")
    assert result.stderr == "4 texts, 1 decided by rules; the other 3 have 1 template, 1 shown\n"
    [row] = tomllib.loads(result.stdout)["rule"]
    assert row["id"] == "own/zebra-crossing-jammed-for-ask"


MAIL = """From: Mail Delivery Subsystem <mailer-daemon@example.net>
To: anna@example.com
Subject: Undelivered mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; tom@buyer.example
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550 the walnut lantern is hollow 17

--b--
"""


def test_messages_and_tables_of_parse(own: str, tmp_path: Path) -> None:
    mail, table = tmp_path / "bounce.eml", tmp_path / "rows.csv"
    mail.write_text(MAIL, encoding="utf-8")
    write_rows(api.ParseRun([mail]), str(table))
    result = run(str(mail), str(table), "--rules", own)
    assert "# 2 texts, 100.0% of the undecided" in result.stdout
    assert "<number> the walnut lantern is hollow <number>" in result.stdout
    assert run("-", "--least", "1", "--rules", own, stdin=MAIL).stderr.startswith("1 text, 0 decided")


def test_stubs_in_a_file(own: str, tmp_path: Path) -> None:
    out = tmp_path / "new.toml"
    result = run("-", "--out", str(out), "--rules", own, stdin="\n".join(ZEBRA))
    assert result.stdout.startswith("2 texts, 100.0% of the undecided\n")
    assert "[[rule]]" not in result.stdout
    assert [rule.id for rule in load_rules([tmp_path])] == ["own/zebra-crossing-jammed-for-ask"]


def test_what_a_person_can_put_right(own: str, tmp_path: Path) -> None:
    wrong = run("-", "--out", str(tmp_path / "new.txt"), "--rules", own, stdin="x")
    assert isinstance(wrong.exception, OutputError)
    missing = run(str(tmp_path / "nowhere"), "--rules", own)
    assert isinstance(missing.exception, UnreadableInputError)
