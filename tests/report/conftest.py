"""A campaign of 12,400 leads told by hand, one without any mail, and one whose every text is hostile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import sqrt

import pandas as pd
import pytest

from analyzer.diagnose.diagnosis import (
    DataQuality,
    Deliverability,
    Diagnosis,
    Driver,
    Fix,
    Forecast,
    Forecasts,
    InputFile,
    Interval,
    Rate,
    Row,
    Totals,
)
from analyzer.records import BOUNCE_COLUMNS, ByMethod, Matching

#: Everything that a stranger may put into a name or a reply.
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "a | b || `c` ``d`` [link](https://example.com) *bold* ![i](x) @everyone <b>",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\u202eevil\u202c \u200fright\u200e \u2066isolated\u2069 \ufeffmark",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;https://example.com\x1b\\link \x9b2J bell\x07 nul\x00 back\x08",
    "line\nbreak\r\nand\ttab\u2028sep\u2029par",
    "W" * 10_000,
    "broken \ud800 half \ufffe none",
    "[red]markup[/red] {{ 7*7 }} {% raw %} ${x} </style></title></svg>",
    "\u0627\u0644\u0628\u0631\u064a\u062f \u05d3\u05d5\u05d0\u05e8 中文 é",
)


@dataclass
class FakeCorrelated:
    """As much of correlate's result as the report looks at."""

    sends: pd.DataFrame
    bounces: pd.DataFrame
    matching: Matching
    leads: pd.DataFrame = field(default_factory=pd.DataFrame)
    warnings: list[str] = field(default_factory=list)
    next_leads: pd.DataFrame | None = None
    have: frozenset[str] = frozenset()


@dataclass
class Case:
    diagnosis: Diagnosis
    correlated: FakeCorrelated
    suppression: pd.DataFrame


def wilson(count: int, leads: int) -> tuple[float, float]:
    z = 1.959964
    middle = (count + z * z / 2) / (leads + z * z)
    half = z / (leads + z * z) * sqrt(count * (leads - count) / leads + z * z / 4)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def rate(count: int, leads: int) -> Rate:
    return Rate(count, leads, count / leads, *wilson(count, leads)) if leads else Rate(0, 0, None, None, None)


def row(value: str, leads: int, hard: int, spam: int, unknown: int = 0) -> Row:
    return Row(
        value, leads, hard, spam, unknown, hard / leads, *wilson(hard, leads), spam / leads, *wilson(spam, leads)
    )


#: (email status, industry group): leads, hard, spam.
CELLS = {
    ("verified", "open"): (5200, 62, 21),
    ("verified", "strict"): (2100, 29, 96),
    ("verified", "unclassified"): (182, 3, 1),
    ("guessed", "open"): (3300, 361, 17),
    ("guessed", "strict"): (1100, 125, 47),
    ("catch_all", "open"): (500, 22, 2),
    ("catch_all", "strict"): (18, 2, 1),
}
REPLIES = (
    ("user_unknown", "hard", "address", "google", "550-5.1.1 The address you wrote to has no mailbox here."),
    ("user_unknown", "hard", "address", "microsoft", "550 5.1.10 RESOLVER.NOTFOUND; nobody of that name"),
    ("mailbox_full", "hard", "mailbox", "google", "452-4.2.2 This inbox is over its space."),
    ("recipient_restricted", "spam", "recipient", "proofpoint", "550 5.7.133 Only people inside may write here"),
    (
        "auth_failure",
        "spam",
        "sender",
        "microsoft",
        "550 5.7.509 Sending domain example.com fails DMARC, policy reject",
    ),
    ("unspecified", "unknown", "unknown", "", ""),
)


def _sum(position: int, value: str) -> Row:
    chosen = [numbers for key, numbers in CELLS.items() if key[position] == value]
    return row(value, *(sum(numbers[index] for numbers in chosen) for index in range(3)))


def _sends() -> pd.DataFrame:
    rows = []
    for (status, group), (leads, hard, spam) in CELLS.items():
        for number in range(leads):
            label = "hard" if number < hard else "spam" if number < hard + spam else ""
            rows.append((f"{status}.{group}.{number}@example.com", status, group, label))
    frame = pd.DataFrame(rows, columns=["recipient", "email_status", "industry_group", "label"])
    again = frame[::3].assign(label="")  # a second mail to every third lead: the lead still counts once
    frame = pd.concat([frame, again], ignore_index=True)
    frame.insert(0, "send_id", range(len(frame)))
    return frame


def _bounces(number: int) -> pd.DataFrame:
    rows = []
    for index in range(number):
        reason, label, fault, provider, diagnostic = REPLIES[index % len(REPLIES)]
        found = dict.fromkeys(BOUNCE_COLUMNS, "")
        found |= {
            "source": f"bounces.mbox#{index}",
            "kind": "bounce",
            "received_at": f"2026-03-{index % 28 + 1:02d}T08:15:00Z",
            "recipient": f"lead{index}@example.com",
            "sender": "maria@mail.example.net",
            "provider": provider,
            "diagnostic": diagnostic,
            "label": label,
            "fault": fault,
            "reason": reason,
            "transient": reason == "mailbox_full",
            "confidence": 0.97,
            "decided_by": f"rule:{provider}/{reason}" if diagnostic else "default",
            "retry_after_s": None,
            "record_id": f"id{index:05d}",
            "match_method": "message_id" if index % 4 else "recipient",
            "send_id": index,
            "duplicate_of": "id00001" if index == 7 else "",
            "suspected_forged": index == 13,
            "forged_why": "no such mail was sent" if index == 13 else "",
        }
        rows.append(found)
    frame = pd.DataFrame(rows, columns=[*BOUNCE_COLUMNS, *_MATCHED])
    return frame.astype({"send_id": "Int64"})


_MATCHED = ("match_method", "send_id", "duplicate_of", "suspected_forged", "forged_why")


def suppression_of(bounces: pd.DataFrame) -> pd.DataFrame:
    chosen = bounces[bounces["fault"] == "address"]
    return pd.DataFrame(
        {
            "email": chosen["recipient"],
            "reason": chosen["reason"],
            "fault": chosen["fault"],
            "evidence": chosen["diagnostic"],
            "date": chosen["received_at"],
            "match_method": chosen["match_method"],
            "record_id": chosen["record_id"],
        }
    ).reset_index(drop=True)


def make_campaign() -> Case:
    bounces = _bounces(120)
    leads = sum(numbers[0] for numbers in CELLS.values())
    hard, spam = (sum(numbers[index] for numbers in CELLS.values()) for index in (1, 2))
    matching = Matching(830, 811, 12, 7, 3, ByMethod(640, 21, 38, 112), flag_only=4)
    fixes = [
        Fix(
            "dmarc",
            "Make DMARC pass for mail.example.net",
            "sender",
            ["auth_failure"],
            1,
            31,
            26,
            31 / spam,
            ["550 5.7.509 Sending domain example.com fails DMARC, policy reject"],
            [
                "Let the platform sign with DKIM under your own domain.",
                "Add the platform to the SPF record of the envelope sender's domain.",
            ],
            ["Send one mail to a mailbox of your own and read dmarc=pass in its Authentication-Results header."],
        ),
        Fix(
            "other-channel",
            "Reach strict companies by phone or LinkedIn",
            "recipient",
            ["recipient_restricted", "policy"],
            3,
            118,
            97,
            118 / spam,
            ["550 5.7.133 Only people inside may write here", "554 5.7.1 Refused by a rule of the company"],
            ["Take these companies out of the sequence and give them to the callers."],
            ["The spam rate in strict industries no longer counts against you."],
        ),
    ]
    weeks = [
        row("2026-W06", 1800, 52, 20),
        row("2026-W07", 2150, 88, 31),
        row("2026-W08", 2300, 101, 33),
        row("2026-W09", 3050, 158, 49),
        row("2026-W10", 3100, 205, 52),
    ]
    diagnosis = Diagnosis(
        inputs=[
            InputFile("bounces/march.mbox", "bounces", 830, "a" * 64),
            InputFile("smartlead-export.csv", "log", 31022, "b" * 64),
            InputFile("leads.xlsx", "leads", 12400, "c" * 64),
            InputFile("april.csv", "next", 40000, "d" * 64),
        ],
        tool_version="0.1.0",
        rules_version="2026.11",
        options={"tolerance": 0.05, "seed": 1},
        matching=matching,
        totals=Totals(leads, 31022, rate(hard, leads), rate(spam, leads), rate(22, leads), rate(561, leads)),
        breakdown={
            "email_status": [_sum(0, name) for name in ("catch_all", "guessed", "verified")],
            "industry": [
                row("Banking", 1400, 66, 64),
                row("Pharmaceuticals", 700, 31, 33),
                row("Hospital and health care", 1118, 59, 47),
                row("Software", 5600, 281, 19),
                row("Manufacturing", 3400, 164, 21),
                row("(not given)", 182, 3, 1),
            ],
            "industry_group": [_sum(1, name) for name in ("open", "strict", "unclassified")],
            "provider": [
                row("google", 5200, 240, 41),
                row("microsoft", 4700, 251, 69),
                row("proofpoint", 900, 44, 52),
                row("mimecast", 300, 14, 18),
                row("(not given)", 1300, 55, 5),
            ],
            "sender": [
                row("maria@mail.example.net", 4200, 171, 52),
                row("jonas@mail.example.net", 4100, 203, 61),
                row("li@mail.example.net", 4090, 230, 72),
                row("warmup-new@mail.example.net", 10, 0, 0),
            ],
            "sender_domain": [row("mail.example.net", leads, hard, spam)],
            "campaign": [row("Q1 fintech outreach", 3218, 157, 144), row("Q1 software, second touch", 9182, 447, 41)],
            "step": [row("1", 12400, 541, 150), row("2", 9800, 51, 25), row("3", 7100, 12, 10)],
            "recipient_domain": [
                row(f"company{number}.example", 40 - number, number % 5, number % 3) for number in range(30)
            ],
            "week": weeks,
        },
        data_quality=DataQuality(
            "max_quality",
            "driven",
            Interval(0.0979, 0.0881, 0.1083),
            Interval(0.776, 0.731, 0.815),
            Forecasts(
                Forecast(40000, 2436.0, 0.0609, 0.0412, 0.0851, 0.83),
                Forecast(24600, 418.0, 0.017, 0.0098, 0.0264, 0.0004),
                Forecast(34100, 1398.0, 0.041, 0.0291, 0.0538, 0.097),
            ),
            "Guessed addresses bounce 11.0 % against 1.3 % of the verified ones, in open and strict industries alike; "
            "they make 81 % of the bad addresses.",
        ),
        deliverability=Deliverability(
            "mixed",
            Interval(0.0044, 0.0031, 0.0062),
            Interval(0.0447, 0.0381, 0.0524),
            fixes,
            "Microsoft tells of a DMARC failure at 26 unrelated companies, which is ours; the rest comes from banks and "
            "pharma companies that take mail from known senders only.",
        ),
        drivers=[
            Driver("sender", "li@mail.example.net", "hard", 4090, 230, 0.0562, 0.0468, 1.2, 0.021),
            Driver("provider", "proofpoint", "spam", 900, 52, 0.0578, 0.0203, 2.85, 0.00004),
        ],
        warnings=[
            "182 leads have no industry: they count neither as strict nor as open.",
            "Column 'Lead Owner' of smartlead-export.csv is not used.",
        ],
    )
    return Case(diagnosis, FakeCorrelated(_sends(), bounces, matching), suppression_of(bounces))


def make_empty() -> Case:
    nothing, none = Interval(None, None, None), Forecast(0, 0.0, None, None, None, None)
    matching = Matching(0, 0, 0, 0, 0)
    zero = rate(0, 0)
    diagnosis = Diagnosis(
        inputs=[],
        tool_version="0.1.0",
        rules_version="2026.11",
        options={},
        matching=matching,
        totals=Totals(0, 0, zero, zero, zero, zero),
        breakdown={},
        data_quality=DataQuality(
            "insufficient_evidence", "too_little_data", nothing, nothing, Forecasts(none, none, none), ""
        ),
        deliverability=Deliverability("undetermined", nothing, nothing, [], ""),
        drivers=[],
        warnings=[],
    )
    bounces = pd.DataFrame(columns=[*BOUNCE_COLUMNS, *_MATCHED])
    sends = pd.DataFrame(columns=["send_id", "recipient", "email_status", "industry_group", "label"])
    return Case(diagnosis, FakeCorrelated(sends, bounces, matching), suppression_of(bounces))


def make_hostile() -> Case:
    """The campaign with every text replaced: each hostile one stands in each place at least once."""
    case = make_campaign()
    diagnosis = case.diagnosis
    texts = list(HOSTILE)
    fixes = [
        replace(fix, id=text, title=text, reasons=[text], evidence=texts, steps=texts, verify=texts)
        for text in texts
        for fix in diagnosis.deliverability.fixes
    ]
    bounces = case.correlated.bounces.copy()
    for name in ("source", "recipient", "sender", "subject", "diagnostic", "reason", "provider", "decided_by"):
        # A frame of Arrow strings cannot hold half a surrogate pair; a Diagnosis can.
        bounces[name] = [texts[number % len(texts)].replace("\ud800", "?") for number in range(len(bounces))]
    hostile = replace(
        diagnosis,
        inputs=[InputFile(text, "bounces", 1, "e" * 64) for text in texts],
        tool_version=texts[5],
        rules_version=texts[0],
        options={"tolerance": 0.05} | {text: text for text in texts},
        breakdown={
            name: [row(text, 50 + number, number, number // 2) for number, text in enumerate(texts)]
            for name in diagnosis.breakdown
        },
        data_quality=replace(diagnosis.data_quality, why=" ".join(texts[:7])),
        deliverability=replace(diagnosis.deliverability, fixes=fixes, why=texts[5]),
        drivers=[replace(driver, value=text) for text in texts for driver in diagnosis.drivers],
        warnings=texts,
    )
    return Case(hostile, replace(case.correlated, bounces=bounces), suppression_of(bounces))


@pytest.fixture(scope="session")
def campaign() -> Case:
    return make_campaign()


@pytest.fixture(scope="session")
def empty() -> Case:
    return make_empty()


@pytest.fixture(scope="session")
def hostile() -> Case:
    return make_hostile()
