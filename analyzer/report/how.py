"""How each number was worked out, in a reader's words: the page and the workbook print it."""

from __future__ import annotations

from typing import Final

#: How each number was worked out: (what, how).
HOW: Final[tuple[tuple[str, str], ...]] = (
    ("What is counted", "Leads contacted, each once, however many mails it got. Emails sent are shown beside."),
    (
        "Hard, spam, unknown",
        "Hard: the address, its mailbox or its server failed. Spam: the mail was refused for what it is, who sent it, "
        "or whom it reached. Unknown: nothing says why. A lead that bounced in two ways counts in both.",
    ),
    (
        "Bad addresses",
        "Only hard bounces whose fault is the address itself. A full mailbox or a server that is down says nothing "
        "about the quality of the data, so it counts as hard and not here.",
    ),
    (
        "The range beside a rate",
        "95 % interval by Wilson's method: chance alone moves a rate of so few or so many leads that far. It is wider "
        "where many leads are at the same companies, for what a company does to all of its own was seen once. "
        "When two ranges overlap widely, do not read much into the difference.",
    ),
    (
        "Forecast",
        "Bounces for bad addresses expected of the next list (of a list like this one when none was given), with a "
        "95 % range for what one campaign may bring. “Chance of more” is the probability of going over what you "
        "accept.",
    ),
    (
        "Max quality, max quantity",
        "Max quality leaves guessed addresses out, max quantity sends to all. Max quality cures bad addresses; it "
        "never cures spam bounces.",
    ),
    (
        "Best mix",
        "The largest set of leads, safest first, that stays within what you accept with a probability of 90 %.",
    ),
    (
        "Strict and open industries",
        "Strict ones (banks, insurers, pharma, healthcare and the like) block unknown senders whatever the mail says. "
        "The spam rate in open industries tells how healthy our own sending is.",
    ),
    (
        "Alarm band",
        "Where chance alone leaves a week: three standard errors round what the other weeks let expect, compared at "
        "the same sequence steps, since late steps reach mostly leads whose first mail arrived. With bounces that come "
        "singly, a week leaves it by chance once in about 400; clusters at one company make it more often.",
    ),
    (
        "What drives it",
        "Values that bounce more than the address status and industry of their leads explain; a status is compared "
        "within its industries, an industry within its statuses. “Chance of a false alarm” "
        "is corrected for the many values that were tried (q-value).",
    ),
    (
        "Matching",
        "Each bounce is tied to the mail it answers. Duplicates count once; bounces that answer nothing we sent are "
        "left out, and are named as suspected forgeries where they look made up.",
    ),
)
