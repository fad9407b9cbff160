"""The made-up world: Northbeam's mailboxes, the companies it writes to, and their people.

Every domain ends in .example (RFC 2606); surnames and company names are put together from syllables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maker.chance import Chance

STRICT = ("Banking", "Pharmaceuticals")
#: The industries by share of leads, and how their companies are called.
INDUSTRIES: dict[str, tuple[float, tuple[str, ...], dict[str, float]]] = {
    "Banking": (0.155, ("Bank", "Private Bank", "Savings Bank", "Bank Group"), {"Banking": 1}),
    "Pharmaceuticals": (
        0.125,
        ("Pharma", "Therapeutics", "Pharmaceuticals"),
        {"Pharmaceuticals": 4, "Pharmaceutical Manufacturing": 1},
    ),
    "Software": (
        0.21,
        ("Software", "Labs", "Cloud", "Systems"),
        {"Computer Software": 3, "Software Development": 2},
    ),
    "Marketing & Advertising": (0.11, ("Media", "Agency", "Brands"), {"Marketing & Advertising": 1}),
    "Logistics": (0.12, ("Logistics", "Freight", "Cargo"), {"Logistics & Supply Chain": 1}),
    "Retail": (0.09, ("Stores", "Markets", "Outfitters"), {"Retail": 1}),
    "Machinery": (0.09, ("Works", "Machines", "Tooling"), {"Machinery": 1}),
    "Hospitality": (0.07, ("Hotels", "Resorts"), {"Hospitality": 1}),
    "(none given)": (0.03, ("Partners", "Group"), {"": 1}),
}
_STATUS_STRICT = {"Verified": 0.675, "Guessed": 0.22, "Unknown": 0.02}
_STATUS_OPEN = {"Verified": 0.485, "Guessed": 0.395, "Unknown": 0.03}
_COUNTRIES = {
    "Germany": 20, "United Kingdom": 16, "France": 9, "Netherlands": 8, "Sweden": 5, "Spain": 4,
    "United States": 30, "Canada": 8,
}  # fmt: skip
AMERICAS = ("United States", "Canada")
_PROVIDERS_STRICT = {"microsoft": 34, "proofpoint": 20, "mimecast": 19, "barracuda": 8, "google": 7, "own": 12}
_PROVIDERS_OPEN = {"google": 38, "microsoft": 30, "own": 25, "yahoo": 3, "barracuda": 2, "mimecast": 2}
#: What a company that runs its own mail server runs; a German one has its Exchange speak German.
_SERVERS_STRICT = {"exchange2010": 4, "domino": 3, "sendmail": 2, "postfix": 1}
_SERVERS_OPEN = {
    "postfix": 3, "exim": 5, "sendmail": 3, "qmail": 4, "courier": 4, "opensmtpd": 3, "domino": 2, "exchange2010": 3,
}  # fmt: skip

_HEADS = (
    "Hal", "Tor", "Bren", "Vas", "Mor", "Kel", "Ost", "Lun", "Ser", "Dra", "Fen", "Gri", "Wes", "Nor", "Pel", "Quo",
    "Ryl", "Sta", "Tam", "Ul", "Ver", "Zan", "Al", "Bor", "Cas", "Del", "El", "Far", "Gol", "Hes", "Ing", "Jar",
)  # fmt: skip
_TAILS = (
    "den", "vik", "ntis", "lora", "mark", "brix", "dane", "sund", "ferro", "gard", "holt", "quen", "rova", "stad",
    "thal", "wen", "zeno", "moor", "lith", "pont", "cora", "bek",
)  # fmt: skip
_FIRST = (
    "Anna", "Ben", "Carla", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Katja", "Liam", "Marta",
    "Nils", "Olga", "Paul", "Rosa", "Simon", "Tara", "Victor", "Wendy", "Yara", "Amir", "Bianca", "Colin", "Daria",
    "Emil", "Fiona", "Gavin", "Hanna", "Ivan", "Julia", "Kiran", "Leona", "Mateo", "Nadia", "Oscar", "Priya", "Quinn",
    "Rahel", "Sven", "Tessa", "Ursula", "Vera", "Walter", "Zoe",
)  # fmt: skip
_LAST_HEADS = (
    "Hav", "Brisk", "Torm", "Mer", "Vand", "Osk", "Kell", "Lind", "Rav", "Sork", "Dahl", "Fenn", "Grun", "Welk",
    "Norr", "Pell", "Rud", "Stav", "Tamm", "Ulv", "Zand", "Ahl", "Bor", "Cast",
)  # fmt: skip
_LAST_TAILS = (
    "ering", "ow", "ling", "mont", "wick", "sten", "dal", "rick", "berg", "ton", "quist", "ner", "elli", "ova", "sen",
    "hurst", "ander", "eau",
)  # fmt: skip
_TITLES = (
    "Head of Finance", "CFO", "VP Sales", "Sales Operations Manager", "Head of Controlling", "Chief Revenue Officer",
    "Director of Analytics", "Finance Director", "Head of Business Intelligence", "COO",
)  # fmt: skip


@dataclass(frozen=True)
class Mailbox:
    """One of Northbeam's senders; `service` is who carries its mail and so who writes its bounces."""

    address: str
    name: str
    service: str

    @property
    def domain(self) -> str:
        return self.address.partition("@")[2]


OUTREACH = Mailbox("outreach@getnorthbeam.example", "Tomas at Northbeam", "m365")
MAYA = Mailbox("maya@getnorthbeam.example", "Maya Lindholm", "postfix")
HELLO = Mailbox("hello@northbeam-mail.example", "Northbeam Analytics", "google")
MAILBOXES = {OUTREACH: 38.0, MAYA: 34.0, HELLO: 28.0}


@dataclass(frozen=True)
class Company:
    """One organisation, its mail domain, and who runs the mail there."""

    name: str
    domain: str
    industry: str
    industry_spelling: str
    country: str
    provider: str
    server: str
    pattern: str
    catch_all: bool
    #: How readily its gateway refuses strangers, beside the others of its industry.
    strictness: float
    #: The reason for which every address there fails ("" none).
    dead: str = ""

    @property
    def strict(self) -> bool:
        return self.industry in STRICT

    @property
    def group(self) -> str:
        """`strict`, `open` or, where no industry is given, `not classified`."""
        return "strict" if self.strict else "open" if self.industry_spelling else "not classified"

    @property
    def mx(self) -> str:
        """The host that answers for the domain."""
        slug = self.domain.replace(".", "-")
        return {
            "google": "aspmx.l.google.com",
            "microsoft": f"{slug}.mail.protection.outlook.com",
            "proofpoint": f"mx0a-{sum(map(ord, slug)):08d}.pphosted.com",
            "mimecast": "eu-smtp-inbound-1.mimecast.com",
            "barracuda": f"d{sum(map(ord, slug)) * 7}a.ess.barracudanetworks.com",
            "yahoo": "mx-biz.mail.am0.yahoodns.net",
            "own": f"mx1.{self.domain}",
        }[self.provider]


@dataclass(frozen=True)
class Lead:
    """One row of a lead list."""

    lead_id: str
    email: str
    first: str
    last: str
    status: str
    verified_at: str
    title: str
    company: Company

    def row(self) -> tuple[str, ...]:
        """The lead in the order of `LEAD_HEADER`."""
        of = self.company
        return (
            self.email, self.lead_id, self.status, of.industry_spelling, of.name, of.country, self.verified_at,
            self.title,
        )  # fmt: skip


LEAD_HEADER = ("Email", "Lead ID", "Email Status", "Industry", "Company", "Country", "Verified At", "Title")


class World:
    """Makes companies and leads, never the same address twice."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self._domains: set[str] = set()
        self._emails: set[str] = set()
        self._count = 0

    def companies(self, leads_wanted: int) -> list[tuple[Company, int]]:
        """Companies with the number of people to write to at each."""
        made: list[tuple[Company, int]] = []
        for industry, (share, _, _) in INDUSTRIES.items():
            left = round(leads_wanted * share)
            while left > 0:
                people = min(left, self.chance.whole(3, 8) if industry in STRICT else self.chance.whole(1, 6))
                made.append((self._company(industry), people))
                left -= people
        return made

    def leads(self, company: Company, people: int, guessed: float = 1.0) -> list[Lead]:
        """People of one company; `guessed` stretches the share of guessed addresses."""
        return [self._lead(company, guessed) for _ in range(people)]

    def particular(self, company: Company, email: str, first: str, last: str, status: str) -> Lead:
        """A lead with an address given beforehand."""
        return self._numbered(company, email, first, last, status)

    def _company(self, industry: str) -> Company:
        chance = self.chance
        _, kinds, spellings = INDUSTRIES[industry]
        while True:
            name = f"{chance.pick(_HEADS)}{chance.pick(_TAILS)} {chance.pick(kinds)}"
            domain = name.lower().replace(" ", "-") + ".example"
            if domain not in self._domains:
                break
        self._domains.add(domain)
        strict = industry in STRICT
        country = chance.weighted({key: float(value) for key, value in _COUNTRIES.items()})
        provider = chance.weighted(dict(_PROVIDERS_STRICT if strict else _PROVIDERS_OPEN))
        server = chance.weighted(dict(_SERVERS_STRICT if strict else _SERVERS_OPEN)) if provider == "own" else ""
        if server and country == "Germany" and (server == "exchange2010" or chance.under(0.25)):
            server = "exchange_de"
        return Company(
            name=name,
            domain=domain,
            industry=industry,
            industry_spelling=chance.weighted(dict(spellings)),
            country=country,
            provider=provider,
            server=server,
            pattern=chance.weighted({"first.last": 5, "flast": 3, "f.last": 2, "first": 1}),
            catch_all=chance.under(0.09),
            strictness=chance.weighted({0.25: 3, 1.0: 5, 2.5: 3}),
        )

    def _lead(self, company: Company, guessed: float) -> Lead:
        chance = self.chance
        while True:
            first = chance.pick(_FIRST)
            last = chance.pick(_LAST_HEADS) + chance.pick(_LAST_TAILS)
            email = f"{_local_part(company.pattern, first.lower(), last.lower())}@{company.domain}"
            if email not in self._emails:
                break
        odds = dict(_STATUS_STRICT if company.strict else _STATUS_OPEN)
        odds["Guessed"] *= guessed
        status = "Catch-all" if company.catch_all else "Guessed" if company.dead else chance.weighted(odds)
        return self._numbered(company, email, first, last, status)

    def _numbered(self, company: Company, email: str, first: str, last: str, status: str) -> Lead:
        self._emails.add(email)
        self._count += 1
        probed = date(2026, 2, 13) - timedelta(days=self.chance.whole(1, 45))
        verified_at = probed.isoformat() if status in ("Verified", "Catch-all") else ""
        title = self.chance.pick(_TITLES)
        return Lead(f"NB-{self._count:05d}", email, first, last, status, verified_at, title, company)


def _local_part(pattern: str, first: str, last: str) -> str:
    return {
        "first.last": f"{first}.{last}",
        "flast": f"{first[0]}{last}",
        "f.last": f"{first[0]}.{last}",
        "first": first,
    }[pattern]
