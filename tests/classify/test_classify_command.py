"""`classify` and `rules` as commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson
import pytest
from typer.testing import CliRunner

from analyzer.classify import classify, explain
from analyzer.cli import app
from analyzer.errors import AnalyzerError
from analyzer.records import VERDICT_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def run(*args: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, [*args], input=stdin)


def test_a_text_in_a_line_for_a_person() -> None:
    result = run("classify", "550 5.1.1 User unknown")
    assert result.exit_code == 0
    assert result.stdout.startswith("hard    user_unknown · address fault · will not pass later · ")
    assert "“User unknown”" in result.stdout


def test_json_has_the_contracts_names_in_their_order() -> None:
    answer = orjson.loads(run("classify", "--json", "450 4.7.1 Greylisted, try again in 300 seconds").stdout)
    assert tuple(answer) == VERDICT_COLUMNS
    assert (answer["reason"], answer["transient"], answer["retry_after_s"]) == ("greylisted", True, 300)


def test_options_stand_beside_the_text() -> None:
    args = ["--status", "5.1.10", "--host", "x.mail.protection.outlook.com", "--recipient", "a@b.example", "--json"]
    answer = orjson.loads(run("classify", "hm", *args).stdout)
    assert (answer["reason"], answer["provider"], answer["status"]) == ("user_unknown", "microsoft", "5.1.10")


def test_stdin_gives_an_answer_for_every_line_in_order() -> None:
    lines = [
        b"550 5.1.1 User unknown",
        b"",
        b'{"text": "hm", "status": "5.2.2", "reply": null, "host": null}',
        b'{"text": null, "reply": 552}',
        b'{"text": broken 550 5.1.1 User unknown',
        b"552 5.2.2 Mailbox full \xff",
    ]
    result = run("classify", "--json", stdin=b"\n".join(lines))
    answers = [orjson.loads(line) for line in result.stdout.splitlines()]
    reasons = ["user_unknown", "unspecified", "mailbox_full", "mailbox_full", "user_unknown"]
    assert [answer["reason"] for answer in answers] == [*reasons, "mailbox_full"]


def test_a_dash_stands_for_stdin() -> None:
    assert run("classify", "-", stdin="550 5.1.1 User unknown\n").stdout.startswith("hard    user_unknown")


def test_explain_tells_rule_words_and_codes() -> None:
    shown = run("classify", "--explain", "550 5.1.1 User unknown").stdout
    assert "decided by   rule:" in shown
    assert "words        “User unknown”" in shown
    assert "alone: user_unknown" in shown
    answer = orjson.loads(run("classify", "--explain", "--json", "550 5.1.1 hm").stdout)
    assert answer["decided_by"] == "code"
    assert answer["explanation"]["codes_alone"] == "user_unknown"


def test_the_rule_commands(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        """
[[rule]]
id = "own/rope"
provider = ["google"]
pattern = 'velvet rope'
reason = "policy"
why = "w"
examples = [{text = "velvet rope", host = "aspmx.l.google.com"}]
near_misses = ["velvet"]
"""
    )
    own = ("--rules", str(tmp_path))
    listed = run("rules", "list", *own).stdout.splitlines()
    assert listed[0].split() == ["own/rope", "spam", "policy", "[google]"]
    shown = run("rules", "show", "own/rope", *own).stdout
    assert "pattern      velvet rope" in shown
    assert "velvet rope  (host aspmx.l.google.com)" in shown
    proven = run("rules", "test", "--only", "own/", *own)
    assert (proven.exit_code, proven.stdout) == (0, "1 rule, 2 texts, 0 failed, 0 never reached\n")
    assert "rule:own/rope" in run("rules", "explain", "velvet rope - gsmtp", *own).stdout


def test_rules_test_fails_with_the_rule_that_fails(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        "[[rule]]\nid = 'own/x'\npattern = 'rope'\nreason = 'policy'\nwhy = 'w'\nexamples = ['x']\nnear_misses = ['rope']\n"
    )
    result = run("rules", "test", "--only", "own/", "--rules", str(tmp_path))
    assert result.exit_code == 1
    assert "own/x: example decided by default (unspecified): x" in result.stdout
    assert "own/x: near miss decided by rule:own/x (policy): rope" in result.stdout


@pytest.mark.parametrize("args", [("rules", "show", "no/such"), ("classify", "x", "--rules", "no-such-folder")])
def test_what_a_person_can_put_right_is_one_line(args: tuple[str, ...]) -> None:
    result = run(*args)
    assert isinstance(result.exception, AnalyzerError)
    assert "\n" not in str(result.exception)


@pytest.mark.parametrize("args", [("--status", "banana"), ("--status", "5.1"), ("--reply", "999"), ("--reply", "5")])
@pytest.mark.parametrize("command", [("classify", "x"), ("rules", "explain", "x")])
def test_a_code_that_is_none_is_refused(command: tuple[str, ...], args: tuple[str, str]) -> None:
    error = run(*command, *args).exception
    assert isinstance(error, AnalyzerError)
    assert str(error).startswith(f"{args[0]} {args[1]!r}: is no ")


def test_a_line_that_is_no_json_is_told_by_its_number_and_answered_in_its_place() -> None:
    result = run("classify", stdin='550 5.1.1 User unknown\n{"text": broken\n550 mailbox full\n')
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["user_unknown", "unspecified", "mailbox_full"]
    assert result.stderr == "standard input, line 2: begins as JSON and is none; judged as plain text\n"


@pytest.mark.parametrize("text", [float("nan"), None, b"550 5.1.1 User unknown"])
def test_the_library_takes_text_alone(text: object) -> None:
    with pytest.raises(TypeError, match=rf"^classify: the text is a str, not {type(text).__name__}$"):
        classify(text)  # type: ignore[arg-type]


def test_a_reply_code_may_be_a_number_and_nothing_else_may() -> None:
    assert classify("refused", reply=550) == classify("refused", reply="550")
    assert explain("refused", reply=421).verdict.reply == "421"
    with pytest.raises(TypeError, match=r"^classify: the reply is a str, not float$"):
        classify("refused", reply=550.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^classify: the status is a str, not int$"):
        classify("refused", status=5)  # type: ignore[arg-type]


def test_none_says_that_nothing_is_known_beside_the_text() -> None:
    assert classify("refused", status=None, reply=None, host=None, recipient=None) == classify("refused")


def test_a_reply_code_that_a_table_made_a_decimal_of_is_the_code() -> None:
    # pandas writes a column of whole numbers in which one is missing so.
    result = run("classify", "--json", stdin='{"text": "refused", "reply": 550.0}\n')
    assert '"reply":"550"' in result.stdout


def test_a_slip_of_the_pen_in_a_rules_id_is_helped() -> None:
    assert "did you mean blocklist/dnsbl-postfix" in str(run("rules", "show", "blocklist/dnsbl-postfx").exception)
    assert "`rules list` shows them all" in str(run("rules", "show", "xyz").exception)


def test_the_words_end_where_a_word_ends() -> None:
    verdict = classify("554 5.7.1 This mail was blocked using zen.spamhaus.org")
    assert verdict.evidence == "blocked using zen.spamhaus.org"


WITHOUT_A_TEXT = '550 5.1.1 User unknown\n{"status": "5.2.2"}\n{"id": 7}\n550 5.7.1 Message rejected as spam\n'


def test_a_json_object_without_a_text_ends_no_run_and_is_named_by_its_line() -> None:
    result = run("classify", "--json", stdin=WITHOUT_A_TEXT)
    reasons = [orjson.loads(line)["reason"] for line in result.stdout.splitlines()]
    assert reasons == ["user_unknown", "mailbox_full", "unspecified", "spam_content"]
    assert 'line 2: is a JSON object without a "text"; judged by its other fields alone' in result.stderr
    assert "line 3" in result.stderr


def test_a_json_object_without_a_text_suggests_nothing_and_is_named_by_its_line() -> None:
    result = run("rules", "suggest", "-", stdin=WITHOUT_A_TEXT)
    assert isinstance(result.exception, AnalyzerError)
    assert "line 2: is a JSON object without a text" in str(result.exception)
    assert '{"text"' in str(result.exception)


def test_rules_test_of_no_rule_is_a_wrong_question() -> None:
    result = run("rules", "test", "--only", "no-such-family/")
    assert isinstance(result.exception, AnalyzerError)
    assert "no rule's id starts with 'no-such-family/'" in str(result.exception)


def test_an_explanation_names_what_else_would_have_decided_and_what_the_model_thinks() -> None:
    text = "550 5.1.1 User unknown (in reply to RCPT TO command)"
    shown = run("rules", "explain", text).stdout
    assert re.search(r"also matched .*\(user_unknown\)", shown)
    assert "phase rcpt" in shown
    assert "  model " not in shown
    answer = orjson.loads(run("classify", "--explain", "--json", text).stdout)["explanation"]
    assert {"rule", "reason"} == set(answer["also_matched"][0])
    assert (answer["phase"], answer["model"]) == ("rcpt", [])
    assert answer["why"]
    assert answer["source"]
    assert answer["codes_why"]
    unknown = run("rules", "explain", "ye olde letterbox doth not belong to this gentleman").stdout
    assert re.search(r"model +\w+ >?\d+ %, \w+ <?\d+ %, \w+ <?\d+ %", unknown)
    assert "as matched" in run("rules", "explain", "550 5.1.1 <jo@example.org>: User unknown").stdout
