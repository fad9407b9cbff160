"""Workbooks as systems and people make them: sheets of one list, HTML and XML named .xls, and real old .xls."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook

from analyzer.sources.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

HEADERS = ["Email", "Sent At", "Bounced"]


def _book(tmp_path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "log.xlsx")
    return tmp_path / "log.xlsx"


def _rows(*names: str) -> list[list[str]]:
    return [[f"{name}@example.com", "2026-03-02 09:11", "no"] for name in names]


#: sheets -> (the recipients read, what is told)
SHEETS: dict[str, tuple[dict[str, list[list[str]]], list[str], str]] = {
    "one for each month": (
        {"March": [HEADERS, *_rows("jane", "bob")], "April": [HEADERS, *_rows("ann")], "Notes": [["call bob"]]},
        ["jane", "bob", "ann"],
        "2 sheets read as one list: 'March' (2 rows), 'April' (1 row) | another was left out: 'Notes' (1 row)",
    ),
    "a title above one of them, and the columns in another order": (
        {"A": [HEADERS, *_rows("jane")], "B": [["April", "", ""], ["sent at", "bounced", "EMAIL"], ["2026-04-02", "yes", "ann@example.com"]]},
        ["jane", "ann"],
        "2 sheets read as one list",
    ),
    "cut off by the limit of rows, without a header": (
        {"Sheet1": [HEADERS, *_rows("jane")], "Sheet2": _rows("bob", "ann")},
        ["jane", "bob", "ann"],
        "2 sheets read as one list",
    ),
    "a copy, and a part": (
        {"All": [HEADERS, *_rows("jane", "bob")], "All (2)": [HEADERS, *_rows("jane", "bob")], "Only bob": [HEADERS, *_rows("bob")]},
        ["jane", "bob"],
        "rows that stand in two sheets, taken once: 3",
    ),
    "another list": (
        {"Log": [HEADERS, *_rows("jane")], "Team": [["Name", "Mail", "Phone", "Desk"], ["Kim", "kim@example.org", "1", "2"]]},
        ["jane"],
        "read from the sheet 'Log'; another was left out: 'Team' (2 rows); what belongs to the same list needs the same headers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SHEETS)
def test_the_sheets_of_one_list_are_read_as_one(tmp_path: Path, case: str) -> None:
    sheets, recipients, told = SHEETS[case]
    table = read_table(_book(tmp_path, sheets))
    assert table.frame["recipient"].tolist() == [f"{name}@example.com" for name in recipients]
    for sentence in told.split(" | "):
        assert sentence in " | ".join(table.warnings)


def test_the_sheet_that_a_row_is_from_can_be_its_campaign(tmp_path: Path) -> None:
    path = _book(tmp_path, {"March": [HEADERS, *_rows("jane")], "April": [HEADERS, *_rows("ann")]})
    assert read_table(path, mapping={"sheet": "campaign"}).frame["campaign"].tolist() == ["March", "April"]


def test_a_log_behind_the_sheet_of_its_leads(tmp_path: Path) -> None:
    leads = [["Email", "Industry", "Email Status"], ["jane@example.com", "Banking", "verified"]]
    path = _book(tmp_path, {"Leads": leads, "Log": [HEADERS, *_rows("jane", "bob")]})
    log, listed = read_table(path), read_table(path, "leads")
    assert log.frame["recipient"].tolist() == ["jane@example.com", "bob@example.com"]
    assert "read from the sheet 'Log'; another was left out: 'Leads' (2 rows)" in log.warnings[0]
    assert listed.frame["industry"].tolist() == ["Banking"]


PAGE = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1">
<style>td {mso-number-format:"\\@"; a<b}</style></head><body>
<table><tr><td colspan=2><b>Q1 campaign</b></td></tr></table>
<table border="1"><tr><th>Lead ID</th><th>First Name</th><th>Email</th><th>Sent At</th><th>Bounce Reason</th></tr>
<tr><td>1</td><td>J\xf6rg</td><td><a href="mailto:j@example.com">j@example.com</a></td><td>13.03.2026 09:11</td>
<td>550 5.1.1 User unknown<br>&lt;j@example.com&gt;</td></tr>
<tr><td rowspan=2>2</td><td><!-- <td>no</td> -->Bob</td><td>b@example.net</td><td>14.03.2026 09:11</td><td>&nbsp;</td></tr>
<tr><td>Rob</td><td>r@example.net</td><td>14.03.2026 09:12</td><td></td></tr>
<tr><td>3<td>Ann<td>a@example.org<td>15.03.2026 09:11<td>
</table><p>Grand Totals (4 records)</p></body></html>"""
XML = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Log &amp; more"><Table>
<Row><Cell ss:MergeAcross="3"><Data ss:Type="String">Report</Data></Cell></Row><Row/>
<Row ss:Index="4"><Cell><Data ss:Type="String">Email</Data></Cell><Cell><Data ss:Type="String">Sent At</Data></Cell>
<Cell><Data ss:Type="String">Step</Data></Cell><Cell><Data ss:Type="String">Bounced</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">j@example.com</Data></Cell><Cell><Data ss:Type="DateTime">2026-03-13T09:11:00.000</Data></Cell>
<Cell ss:Index="4"><Data ss:Type="Boolean">1</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">b@example.net</Data></Cell><Cell><Data ss:Type="DateTime">2026-03-14T09:11:00.000</Data></Cell>
<Cell><Data ss:Type="Number">2</Data></Cell><Cell><Data ss:Type="Boolean">0</Data></Cell></Row></Table></Worksheet>
<Worksheet ss:Name="Next"><Table><Row><Cell><Data ss:Type="String">a@example.org</Data></Cell>
<Cell><Data ss:Type="DateTime">2026-03-15T09:11:00.000</Data></Cell><Cell><Data ss:Type="Number">1</Data></Cell><Cell/></Row></Table></Worksheet>
</Workbook>"""


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16"])
def test_a_page_under_the_name_of_a_workbook(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "report.xls"
    path.write_bytes(PAGE.encode(encoding))
    table = read_table(path)
    assert table.frame["recipient"].tolist() == ["j@example.com", "b@example.net", "r@example.net", "a@example.org"]
    assert table.frame["First Name"].tolist() == ["Jörg", "Bob", "Rob", "Ann"]
    assert table.frame["lead_id"].tolist() == ["1", "2", "", "3"]
    assert table.frame["sent_at"].dt.strftime("%d %H:%M").tolist() == ["13 09:11", "14 09:11", "14 09:12", "15 09:11"]
    assert table.frame["bounce_reason"].tolist() == ["550 5.1.1 User unknown <j@example.com>", "", "", ""]


def test_a_workbook_of_2003_in_xml(tmp_path: Path) -> None:
    path = tmp_path / "report.xls"
    path.write_text(XML)
    table = read_table(path)
    assert table.frame[["recipient", "step", "bounced"]].to_numpy().tolist() == [
        ["j@example.com", "", "1"],
        ["b@example.net", "2", "0"],
        ["a@example.org", "1", ""],
    ]
    assert table.frame["sent_at"].dt.strftime("%d").tolist() == ["13", "14", "15"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_text_under_the_name_of_a_workbook(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "report.xls"
    path.write_bytes("Email\tSent At\tBounced\nj@example.com\t2026-03-13\tTRUE\n".encode(encoding))
    assert read_table(path).frame.loc[0, "bounced"] == "TRUE"


@pytest.mark.parametrize("text", ["<table>" * 20_000, "<td " * 50_000, "<!--" * 50_000, "<style>" + "</styl" * 50_000])
def test_a_page_made_to_hurt_ends_soon(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.xls"
    path.write_text(f"<html><table><tr><td>Email</td></tr><tr><td>j@example.com</td></tr></table>{text}")
    assert read_table(path).rows == 1


#: Two sheets of a real workbook of Excel 97 (BIFF8 in a compound file), packed.
OLD = (
    "ABzY8000000t4+>O=uHA6n?Y2Y0}!Cq_#>clu)p0Z42T>gf>z7hni9qe-"
    "U((EN$#|6SnEW9<<u#rXcjBcq!C_6slhQK@WQKAXM}q2tunOh$lhCL)-Pu+ugKVBQ&6e>b@{<=KajKGxOfeZ1%-;U}pSo^(-u-"
    "77$^<D1?F~I)<gt7W{yA!{AN3_F*wxT2oZ$!$1~z;8DqQFOMOQ_bdo-M|z4J;2oAzkb<tHrUX}!_R<(+#>ddiB+NYlZeS^eDjHWg@fh*-"
    "#BY=DW8z`bTp`|!zBBA3OozJacUgIST&N{mDRKt)sm~kI?0`ym#`E~XRc88nV2_@V)iq|Qk&0mgFr*!drs!O*gqwWRwzf7!B26cdf}NeaBas=X"
    "z@SgSHzNq})!yAtg06mb^$bw|!>RZFM(@K=F4vC<62LGRXBbcE3>3qp#4Qp;KIlUkD1nW%!7)EldP1FpNdy9PqoaJk+@F$rG)0RldLq`F#$%wZ"
    "F(M~av>#RU0Y!@|>7d;2TXaRs5p8I2Ag!osRMrvvaI9BPq|@a9XTR$`;l4y#X^bWHR8uU;JGSd{y=p@1!ELrr4gf@x(XcwG#j`#*-YzAfp-I-X"
    "aDOtXXH7-?>Y<~`?>MSTXag4`k3$)?1GJ6(xJGlgzPyY?yF;f*GfdZ$d5LZ2YXt^e<UO!+DVQr`^LpyBo%kg}-"
    "9+tb;uYwFbzOI*)o33fpHZ^b;d6Epy$Wqv(%y>g%;$p-YBKLb+ps;=F*{T-^*S^TwRow<u|NNfKm%)F*ROGU7_w_-"
    "9d~buSN(GI`2@c;H^aKA%U~Xgs2L#6Jp`Ja(?cK+z9yz*ub(LiD2Z7~L`lj@5=tHmS<Hbf5;BjGi0dl?pF`-"
    "=Sc^LRF>Km7y4S)J37tpiyuc;N>dVok9Ox3E7h3327X7k?E;-"
    "O8LNBt=B|_&?i%<^t_;m5YSftg+HDS%?nkQ$j*_i~6OaezHfg_W^kx48EG9%=5R;*bz)(1w-"
    "STjegnIqOLn@JRF$Q5gsTyn`Jmt6Yqh*>WqB3;DhD+#|Yz1DY~c`OU=XOe%G4nY!sY5X(U1{&5noXabJHh_oOSZsxT?C*t~j^WdF=z}PYqc89L"
    "#g|pKbUrKY=>KzDDBtHV<TK8{{QRG}3Te>*761S"
)


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report.xls"
    path.write_bytes(gzip.decompress(base64.b85decode("".join(OLD))))
    table = read_table(path)
    assert table.frame["recipient"].tolist() == ["jörg@kite-corp.com", "bob@lund-corp.com", "ann@moor-corp.com"]
    assert table.frame["sent_at"].dt.strftime("%d.%m. %H:%M").tolist() == [
        "02.03. 09:11",
        "03.03. 09:11",
        "02.04. 09:11",
    ]
    assert table.frame["bounced"].tolist() == ["Ja", "Nein", "Nein"]
