"""Headers that no list knows, told by their words; columns told by their values; and what a person is told of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.correlate import correlate, normalise_statuses
from analyzer.errors import UnreadableInputError
from analyzer.sources.tables import read_table, read_tables
from analyzer.sources.tables.header_words import readings

if TYPE_CHECKING:
    from pathlib import Path

#: header -> the field that its words make, "" for none
WORDS: dict[str, str] = {
    "Motivo del rebote": "bounce_reason", "Grund für Hard Bounce": "bounce_reason", "Motif du rejet": "bounce_reason",
    "Reden bounce": "bounce_reason", "Motivo da devolução": "bounce_reason", "Motivo respinta": "bounce_reason",
    "Email Bounced Reason": "bounce_reason", "SMTP error text": "bounce_reason", "BlockReason": "bounce_reason",
    "Email Bounced Date": "bounced", "Email rejeté": "bounced", "Devolvido": "bounced", "Respinta": "bounced",
    "Soft Bounce Date": "bounced", "Zustellung unzustellbar": "", "Bounce rate": "",
    "Last Sent On": "sent_at", "Dernier envoi": "sent_at", "Ostatni kontakt": "sent_at", "Letzter Versand": "sent_at",
    "Último envío": "sent_at", "Laatst verzonden op": "", "Verzenddatum en tijd": "sent_at", "Versand-Zeitpunkt": "sent_at",
    "Sequenz eingeschrieben am": "", "Last opened": "", "Added to sequence": "", "Next send": "",
    "Prüfstatus": "email_status", "Statut de vérification": "email_status", "Deliverability check": "", "E-Mail geprüft": "email_status",
    "Date de vérification": "verified_at", "Letzte Überprüfung": "verified_at",
    "Kampania": "campaign", "Last sequence name": "campaign", "Kampagnenname": "campaign", "Campaign owner": "",
    "Journey Step": "step", "Schritt-Nr": "", "Stap": "step", "Afzender": "sender", "From mailbox": "sender",
    "Secteur d'activité de l'entreprise": "industry", "Land/Region": "country", "Region": "", "custom.Industry": "industry",
    "domain_acceptAll": "catch_all", "Email pro": "recipient", "E-Mail (geschäftlich)": "recipient", "Email owner": "",
    "Company domain": "", "First name": "",
    "sent_ms": "sent_at", "debounce_response": "email_status", "Sent by": "sent_at", "": "", "12": "",
}  # fmt: skip


@pytest.mark.parametrize("header", WORDS)
def test_the_words_of_a_header_make_a_field(header: str) -> None:
    found = readings(header)
    assert (found[0].field if found else "") == WORDS[header]


def _log(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "log.csv"
    path.write_text(text, encoding=encoding)
    return path


#: A log in each language: (header and rows, the reasons of its mails)
LOGS: dict[str, str] = {
    "Spanish": "Correo electrónico;Sector;País;Campaña;Paso;Remitente;Fecha de envío;Rebotado;Motivo del rebote\n"
    "{};Banca;España;Q1;1;yo@envio.example;13/03/2026 09:11;Sí;{}\n{};Banca;España;Q1;1;yo@envio.example;13/03/2026 09:12;No;\n",
    "Italian": "Indirizzo email;Settore;Paese;Campagna;Passaggio;Mittente;Data di invio;Respinta;Motivo\n"
    "{};Banca;Italia;Q1;1;io@invio.example;13/03/2026 09:11;Sì;{}\n{};Banca;Italia;Q1;1;io@invio.example;13/03/2026 09:12;No;\n",
    "Dutch": "E-mailadres;Branche;Land;Campagne;Stap;Afzender;Verzonden op;Gebounced;Reden bounce\n"
    "{};Bank;Nederland;Q1;1;ik@verzend.example;13-03-2026 09:11;Ja;{}\n{};Bank;Nederland;Q1;1;ik@verzend.example;13-03-2026 09:12;Nee;\n",
    "Portuguese": "E-mail;Setor;País;Campanha;Etapa;Remetente;Data de envio;Devolvido;Motivo da devolução\n"
    "{};Banco;Brasil;Q1;1;eu@envio.example;13/03/2026 09:11;Sim;{}\n{};Banco;Brasil;Q1;1;eu@envio.example;13/03/2026 09:12;Não;\n",
    "French": "Email pro;Secteur d'activité;Pays;Campagne;Étape;Expéditeur;Dernier envoi;Email rejeté;Motif du rejet\n"
    "{};Banque;France;Q1;1;moi@envoi.example;13/03/2026 09:11;Oui;{}\n{};Banque;France;Q1;1;moi@envoi.example;13/03/2026 09:12;Non;\n",
    "Polish": "E-mail;Branża;Kraj;Kampania;Krok;Nadawca;Data wysyłki;Odbita;Powód odbicia\n"
    "{};Bank;Polska;Q1;1;ja@wysylka.example;13.03.2026 09:11;Tak;{}\n{};Bank;Polska;Q1;1;ja@wysylka.example;13.03.2026 09:12;Nie;\n",
}  # fmt: skip
FIELDS = ["recipient", "industry", "country", "campaign", "step", "sender", "sent_at", "bounced", "bounce_reason"]


@pytest.mark.parametrize("language", LOGS)
def test_a_log_in_each_language_needs_no_map(tmp_path: Path, language: str) -> None:
    path = _log(tmp_path, LOGS[language].format("jane@example.com", "550 5.1.1 User unknown", "bob@example.net"))
    table = read_table(path)
    assert list(table.mapping.values()) and {*table.mapping.values()} == {*FIELDS}
    assert table.unmapped == ()
    assert correlate([], table).sends["reason"].tolist() == ["user_unknown", ""]


def test_what_words_told_is_said_and_can_be_refused(tmp_path: Path) -> None:
    path = _log(tmp_path, "Email,Email Bounced Reason\njane@example.com,550 5.1.1 User unknown\nbob@example.net,\n")
    told = "log.csv: taken by the words of the header, or by what it holds: 'Email Bounced Reason' as bounce_reason"
    assert any(warning.startswith(told) for warning in read_table(path).warnings)
    refused = read_table(path, mapping={"Email Bounced Reason": "ignore"})
    assert "bounce_reason" not in refused.mapping.values()


#: Headers whose words say one thing and whose values another: nothing is taken.
CONTRADICTED = [
    "Email,Last contact\njane@example.com,Kim from sales\n",
    "Email,Bounce date\njane@example.com,see notes\n",
    "Email,Kampania\njane@example.com,17\n",
    "Email,Afzender\njane@example.com,the founder\n",
    "Email,Prüfstatus\njane@example.com,see notes\n",
]


@pytest.mark.parametrize("text", CONTRADICTED[:1] + CONTRADICTED[2:])
def test_values_that_contradict_the_header_are_not_taken(tmp_path: Path, text: str) -> None:
    assert list(read_table(_log(tmp_path, text)).mapping.values()) == ["recipient"]


def test_of_two_columns_for_one_field_the_other_is_named(tmp_path: Path) -> None:
    path = _log(tmp_path, "Email pro,Email perso,Dernier envoi\njane@example.com,j@example.net,13/03/2026\n")
    table = read_table(path)
    assert table.frame.loc[0, "recipient"] == "jane@example.com"
    assert any("both 'Email pro' and 'Email perso' could be recipient" in warning for warning in table.warnings)


def test_each_kind_of_bounce_has_its_columns(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        "Email,Sent At,Hard Bounce Date,Hard Bounce Reason,Soft Bounce Date,Soft Bounce Reason\n"
        "jane@example.com,2026-03-02,2026-03-02,550 5.1.1 User unknown,,\n"
        "bob@example.net,2026-03-02,,,2026-03-02,452 4.2.2 Mailbox full\n"
        "ann@example.org,2026-03-02,,,,\n",
    )
    table = read_table(path)
    assert correlate([], table).sends["reason"].tolist() == ["user_unknown", "mailbox_full", ""]
    assert any("where 'Hard Bounce Reason' says nothing, 'Soft Bounce Reason' is read" in one for one in table.warnings)


def test_a_status_under_any_name_and_a_blank_that_means_nothing_was_sent(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        "Email,Merge status\njane@example.com,EMAIL_SENT\nbob@example.net,BOUNCED\nann@example.org,EMAIL_OPENED\nkim@example.org,\n",
    )
    found = correlate([], read_table(path))
    assert found.sends[["recipient", "label"]].to_numpy().tolist() == [
        ["jane@example.com", ""],
        ["bob@example.net", "unknown"],
        ["ann@example.org", ""],
    ]
    assert "Rows of the log without a state, taken as leads without a mail: 1." in found.warnings


def test_of_two_statuses_the_one_that_tells_of_bounces(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        "E-mail;Kampania;Status;Status w kampanii\njane@example.com;Q1;ACTIVE;CONTACTED\nbob@example.net;Q1;ACTIVE;BOUNCED\n",
    )
    assert correlate([], read_table(path)).sends["label"].tolist() == ["", "unknown"]


def test_replies_are_found_whatever_their_column_is_called(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        "email,sent at,reason,what came back\n"
        "jane@example.com,2026-03-02,bounce,550 5.1.1 User unknown\nbob@example.net,2026-03-02,,250 2.0.0 OK\n",
    )
    found = correlate([], read_table(path))
    assert found.sends["reason"].tolist() == ["user_unknown", ""]


def test_a_row_without_a_time_is_a_lead_without_a_mail_and_that_is_said(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        "Email,Sent At,Bounced\njane@example.com,2026-03-02,No\nbob@example.net,,Yes\nann@example.org,,No\nkim@example.org,soon,No\n",
    )
    found = correlate([], read_table(path))
    assert found.sends["recipient"].tolist() == ["jane@example.com", "bob@example.net", "kim@example.org"]
    assert "Rows of the log without a time of sending, taken as leads without a mail: 1." in found.warnings


def test_a_blank_last_step_is_a_lead_without_a_mail(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        "Email,Email account,Last step completed at,Bounced\na@x.example,f@us.example,2026-03-02,0\nb@x.example,f@us.example,,0\n",
    )
    assert correlate([], read_table(path)).sends["recipient"].tolist() == ["a@x.example"]


def test_who_marked_a_mail_as_spam_complained(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        "Email,Send Time,Received Email,Marked Email as Spam\na@x.example,2026-03-02,True,False\nb@x.example,2026-03-02,True,True\n",
    )
    assert correlate([], read_table(path)).sends["reason"].tolist() == ["", "complaint"]


def test_of_a_row_without_a_time_that_names_a_sender_is_told_that_it_counts(tmp_path: Path) -> None:
    """A mailbox may have been given to a lead before anything was sent."""
    path = _log(
        tmp_path,
        "Email,Sent At,Sender,Bounced\na@x.example,2026-03-02,f@us.example,No\nb@x.example,,f@us.example,No\nc@x.example,,f@us.example,Yes\n",
    )
    found = correlate([], read_table(path))
    assert found.sends["recipient"].tolist() == ["a@x.example", "b@x.example", "c@x.example"]
    assert sum("that name a sender, counted as mails: 1." in warning for warning in found.warnings) == 1


def test_a_header_that_begins_with_an_at_sign_is_a_header(tmp_path: Path) -> None:
    path = _log(tmp_path, "@timestamp,recipient,event\n2026-03-02,jane@example.com,delivered\n")
    assert read_table(path).mapping == {"@timestamp": "sent_at", "recipient": "recipient", "event": "event"}


@pytest.mark.parametrize(
    ("mark", "bounced"),
    [
        ("✓", True),
        ("☑", True),
        ("✅", True),
        ("✗", False),
        ("Nee", False),
        ("Tak", True),
        ("100%", True),
        ("0 %", False),
    ],
)
def test_marks_of_all_kinds(tmp_path: Path, mark: str, bounced: bool) -> None:
    path = _log(tmp_path, f"Email,Sent At,Bounced\njane@example.com,2026-03-02,{mark}\nbob@example.net,2026-03-02,\n")
    found = correlate([], read_table(path))
    assert found.sends["label"].tolist() == ["unknown" if bounced else "", ""]
    assert not any("not known" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("header", "day"), [("Fecha de envío", "03.02."), ("Versendet am", "03.02."), ("Sent At", "02.03.")]
)
def test_the_language_of_a_header_tells_the_order_of_its_dates(tmp_path: Path, header: str, day: str) -> None:
    table = read_table(_log(tmp_path, f"Email;{header}\njane@example.com;03/02/2026\n"))
    assert table.frame["sent_at"].dt.strftime("%d.%m.").tolist() == [day]
    assert any("nothing tells day from month" in warning for warning in table.warnings)


#: Lead lists with numbered addresses, and a verification that says yes and no: (text, address, status)
LISTS = [
    ("Email - 1,Email - 1 status,Email - 2,Email - 2 status\njane@example.com,Verified,,\n", "jane@example.com", "verified"),
    ("Work Email #1,Work Email #1 SMTP Status,Work Email #2,Personal Email #1\njane@example.com,valid,,j@example.net\n", "jane@example.com", "verified"),
    ("E-Mail;Verifiziert\njane@example.com;ja\n", "jane@example.com", "verified"),
    ("E-Mail;Verifiziert\njane@example.com;geraten\n", "jane@example.com", "guessed"),
    ("Email,Verified\njane@example.com,catch-all\n", "jane@example.com", "catch_all"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "address", "status"), LISTS)
def test_lead_lists_with_numbered_addresses_and_other_verifications(
    tmp_path: Path, text: str, address: str, status: str
) -> None:
    table = read_table(_log(tmp_path, text), "leads")
    assert table.frame.loc[0, "email"] == address
    assert normalise_statuses(table.frame["email_status"], table.platform)[0] == status


def test_what_is_ticked_was_sent_and_the_rest_not(tmp_path: Path) -> None:
    path = _log(tmp_path, "Mail,Sent?,Bounce?\njane@example.com,x,\nbob@example.net,x,x\nkim@example.org,,\n")
    assert correlate([], read_table(path)).sends["recipient"].tolist() == ["jane@example.com", "bob@example.net"]


def test_french_happenings_in_the_code_page_of_france(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        "Adresse email;Activité;Date;Détail\njane@example.com;Email envoyé;13/03/2026 à 09:11;\n"
        "bob@example.net;Email envoyé;13/03/2026 à 09:12;\nbob@example.net;Email rejeté;13/03/2026 à 09:13;550 5.1.1 Inconnu à cette adresse\n",
        "cp1252",
    )
    sends = correlate([], read_table(path)).sends
    assert sends["sent_at"].dt.strftime("%d.%m. %H:%M").tolist() == ["13.03. 09:11", "13.03. 09:12"]
    assert (sends["label"] != "").tolist() == [False, True]


def test_a_list_of_leads_given_as_a_log_is_told(tmp_path: Path) -> None:
    leads = _log(tmp_path, "Email,Company,ZB Status,ZB Sub Status\njane@example.com,X,valid,\n")
    told = "log.csv: nothing in it tells that mail was sent: no time, campaign, sender or state"
    assert any(warning.startswith(told) for warning in correlate([], read_table(leads)).warnings)
    log = _log(tmp_path, "Email,Sent At\njane@example.com,2026-03-02\n")
    assert not any("nothing in it tells" in warning for warning in correlate([], read_table(log)).warnings)


def test_a_slip_in_map_is_answered_with_the_columns_there_are(tmp_path: Path) -> None:
    log = _log(tmp_path, "Email,Gone Out\njane@example.com,2026-03-02\n")
    with pytest.raises(UnreadableInputError, match=r"no column 'Gone Oot'.*name one that is there: Email, Gone Out"):
        read_tables([(log, "log")], {"Gone Oot": "sent_at"})


#: Columns that may tell what bounced, and are not understood.
UNREAD = [
    "Email,Sent At,Delivered\njane@example.com,2026-03-02,Yes\nbob@example.net,2026-03-02,perhaps\n",
    "Email,Sent At,Disposition\njane@example.com,2026-03-02,Connected\nbob@example.net,2026-03-02,Bounced\n",
    "Email,Sent At,Bounced at step\njane@example.com,2026-03-02,\nbob@example.net,2026-03-02,second one\n",
]


@pytest.mark.parametrize("text", UNREAD)
def test_a_column_that_may_tell_of_bounces_is_never_passed_over_in_silence(tmp_path: Path, text: str) -> None:
    found = correlate([], read_table(_log(tmp_path, text)))
    assert len(found.sends) == 2, "what was not delivered was sent"
    assert any("nothing tells which mails bounced; " in warning for warning in found.warnings)


def test_a_class_of_bounces_in_words_is_their_reason(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        "Email,Sending status,Bounce classification\na@example.com,delivered,\nb@example.net,bounced,Mailbox full\n",
    )
    assert correlate([], read_table(path)).sends["reason"].tolist() == ["", "mailbox_full"]


@pytest.mark.parametrize("header", ["Sequence Step Order", "Step Order", "Sequenznummer"])
def test_what_counts_the_mails_of_a_sequence_is_its_step(tmp_path: Path, header: str) -> None:
    (tmp_path / "log.csv").write_text(f"email,{header}\na@b.example,2\nc@d.example,1\n")
    assert read_table(tmp_path / "log.csv").frame["step"].tolist() == ["2", "1"]


def test_how_sure_a_finder_is_of_an_address(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("email;certainty\na@b.example;ultra_sure\nc@d.example;probable\n")
    status = read_table(tmp_path / "leads.csv", "leads").frame["email_status"]
    assert list(normalise_statuses(status)) == ["verified", "guessed"]
    assert list(normalise_statuses(status.replace("probable", "Typo"))) == ["verified", "invalid"]
