"""Small broken or odd deliveries, made on the spot. What must become of each is in expected.csv beside this file.

Belongs here: the bytes of each file. Does not belong here: expectations.
"""

# Cases stand one on a line, as in a table.
# ruff: noqa: E501

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat

HEADER = "id;bedrag;kleur;datum;tekst"
ROWS = ("001;1.200,50;R;3-4-2018;goed", "002;15;B;2018-04-03;fijn")
GOOD = "\n".join([HEADER, *ROWS]) + "\n"
ACCENTS = GOOD.replace("goed", "één ïdee")
FRAME = pd.DataFrame(
    {
        "id": ["001", "002"],
        "bedrag": [1200.5, 15.0],
        "kleur": ["R", "B"],
        "datum": ["2018-04-03"] * 2,
        "tekst": ["goed", "fijn"],
    }
)

Content = Callable[[Path], None] | bytes | str


def with_row(row: str) -> str:
    """The good file with one more record."""
    return GOOD + row + "\n"


def wide(columns: int) -> str:
    """The good file with many more columns."""
    more = ";".join(f"v{i}" for i in range(columns))
    return "\n".join([f"{HEADER};{more}", *(f"{row};{';'.join(['1'] * columns)}" for row in ROWS)]) + "\n"


def workbook(build: Callable[[openpyxl.Workbook], None]) -> bytes:
    """A workbook as bytes."""
    book = openpyxl.Workbook()
    build(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _sheet(book: openpyxl.Workbook, rows: list[list[object]], name: str = "answers") -> None:
    sheet = (
        book.active
        if book.active is not None and book.active.max_row == 1 and book.active.title == "Sheet"
        else book.create_sheet()
    )
    sheet.title = name
    for row in rows:
        sheet.append(row)


TABLE: list[list[object]] = [list(FRAME.columns), *[list(row) for row in FRAME.itertuples(index=False)]]


def _zip(entries: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def _bomb() -> bytes:
    """A workbook whose only sheet unpacks to a gigabyte of spaces."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(1024):
            sheet.write(b" " * (1 << 20))
    return target.getvalue()


def _sav(path: Path) -> None:
    pyreadstat.write_sav(FRAME, str(path))


def _labelled_sav(path: Path) -> None:
    frame = FRAME.assign(kleur=[1.0, 9.0])
    pyreadstat.write_sav(
        frame,
        str(path),
        variable_value_labels={"kleur": {1.0: "R", 2.0: "B", 9.0: "Wil niet zeggen"}},
        missing_ranges={"kleur": [9.0]},
    )


def _cut(write: Callable[[Path], None], share: float) -> Callable[[Path], None]:
    def cut(path: Path) -> None:
        write(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return cut


def _link(path: Path) -> None:
    target = path.parent.parent / "elsewhere.csv"
    target.write_text(GOOD)
    os.symlink(target, path)


def _dangling(path: Path) -> None:
    os.symlink(path.parent / "nowhere.csv", path)


def _folder(path: Path) -> None:
    path.mkdir()


QUALTRICS = 'id,bedrag,kleur,datum,tekst\nNr,"Hoeveel,\nin euro?",Kleur?,Datum,Tekst\n{i},{i},{i},{i},{i}\n001,"1.200,50",R,3-4-2018,goed\n'
IMPORT = '"{""ImportId"":""QID1""}"'

CASES: dict[str, tuple[str, Content]] = {
    # name: (how the wave declares its delivery, content)
    "good": ("text", GOOD),
    "zero_bytes": ("text", b""),
    "only_a_line_end": ("text", "\n"),
    "only_spaces": ("text", "   \n  \n"),
    "header_only": ("text", HEADER + "\n"),
    "header_without_line_end": ("text", HEADER),
    "byte_order_mark": ("text", GOOD.encode("utf-8-sig")),
    "byte_order_mark_only": ("text", b"\xef\xbb\xbf"),
    "utf8_accents": ("text", ACCENTS),
    "cp1252_where_utf8_is_declared": ("text", ACCENTS.encode("cp1252")),
    "cp1252_detected": ("any_text", ACCENTS.encode("cp1252")),
    "utf8_where_cp1252_is_declared": ("cp1252", ACCENTS.encode()),
    "cp1252_with_a_hole": ("cp1252", GOOD.replace("goed", "go\x81d").encode("latin-1")),
    "utf16_with_mark": ("any_text", ACCENTS.encode("utf-16")),
    "utf16_without_mark": ("any_text", ACCENTS.encode("utf-16-le")),
    "utf16_declared": ("utf16", ACCENTS.encode("utf-16-le")),
    "utf16_cut_in_a_character": ("utf16", ACCENTS.encode("utf-16-le")[:-1]),
    "utf32_with_mark": ("any_text", ACCENTS.encode("utf-32")),
    "encoding_that_is_none": ("no_encoding", GOOD),
    "nul_bytes_inside": ("text", GOOD.replace("goed", "go\x00ed")),
    "nul_bytes_at_the_end": ("text", GOOD.encode() + b"\x00" * 512),
    "half_a_record": ("text", GOOD[:-12]),
    "half_a_quoted_cell": ("text", GOOD + '003;5;R;2018-04-03;"half'),
    "half_a_utf8_character": ("text", ACCENTS.encode()[: ACCENTS.encode().index("é".encode()) + 1]),
    "carriage_returns_only": ("text", GOOD.replace("\n", "\r")),
    "mixed_line_ends": ("text", GOOD.replace("\n", "\r\n", 1)),
    "blank_lines_between": ("text", GOOD.replace("\n", "\n\n")),
    "line_end_in_a_cell": ("text", with_row('003;5;R;2018-04-03;"two\nlines"')),
    "carriage_return_in_a_cell": ("text", with_row('003;5;R;2018-04-03;"two\r\nlines"')),
    "line_end_in_a_heading": ("text", GOOD.replace("tekst", '"tekst\nvan de vraag"', 1)),
    "record_too_short": ("text", GOOD.replace(ROWS[0], "001;5")),
    "record_too_long": ("text", GOOD.replace("goed", "goed;maar te lang")),
    "every_record_ends_in_a_delimiter": ("text", GOOD.replace("\n", ";\n").replace(HEADER + ";", HEADER)),
    "quotation_mark_not_doubled": ("text", with_row('003;5;R;2018-04-03;"een "goed" idee"')),
    "quotation_mark_in_a_plain_cell": ("text", with_row('003;5;R;2018-04-03;een 5" scherm')),
    "comma_where_semicolon_is_declared": ("text", GOOD.replace(",", ".").replace(";", ",")),
    "tabs_where_semicolon_is_declared": ("text", GOOD.replace(";", "\t")),
    "delimiter_of_two_characters": ("two_delimiters", GOOD.replace(";", "::")),
    "sep_line": ("text", "sep=;\n" + GOOD),
    "sep_line_quoted": ("text", '"sep=;"\r\n' + GOOD),
    "sep_line_utf16": ("any_text", ("sep=;\r\n" + GOOD).encode("utf-16")),
    "sep_line_against_the_definition": ("text", "sep=,\n" + GOOD),
    "sep_line_and_a_blank_line": ("text", "SEP=;\n" + GOOD.replace("\n", "\n\n", 2)),
    "names_differ_by_a_mark_without_width": ("text", GOOD.replace("datum;tekst", "bedrag\u200b;tekst").replace("kleur;", "kleur;", 1)),
    "names_differ_by_a_no_break_space": ("text", GOOD.replace(HEADER, HEADER.replace("tekst", "bedrag\u00a0"))),
    "names_differ_in_case": ("text", GOOD.replace(HEADER, HEADER + ";Bedrag").replace("goed", "goed;1").replace("fijn", "fijn;3")),
    "names_differ_in_case_and_none_is_meant": ("text", GOOD.replace(HEADER, HEADER.replace("bedrag", "BEDRAG") + ";Bedrag").replace("goed", "goed;1").replace("fijn", "fijn;3")),
    "names_differ_by_letter_form": ("text", GOOD.replace(HEADER, HEADER + ";ｂｅｄｒａｇ").replace("goed", "goed;1").replace("fijn", "fijn;3")),
    "mark_without_width_in_a_name": ("text", GOOD.replace("bedrag", "be\u200ddrag\u2060")),
    "totals_row": ("text", with_row("Totaal;1215,50;;;")),
    "means_row_without_firm": ("text", with_row(";607,75;;;Gemiddelde")),
    "header_again_in_the_middle": ("text", with_row(HEADER) + "003;5;R;2018-04-03;x\n"),
    "two_header_lines": ("text", GOOD.replace(HEADER, HEADER + "\nNummer;Hoeveel?;Welke kleur?;Wanneer?;Anders")),
    "note_above_the_header": ("text", "Geleverd in maart\n" + GOOD),
    "note_below_the_records": ("text", GOOD + "Bron: eigen opgave\n"),
    "note_in_a_record_of_its_own": ("text", GOOD + "Bron: eigen opgave;;;;\n"),
    "blank_records_at_the_end": ("text", GOOD + ";;;;\n" * 40),
    "dates_as_numbers": ("text", with_row("003;5;R;43193;x")),
    "json_named_csv": ("text", '[{"id": "001", "bedrag": 5}]'),
    "blank_column_name": ("text", GOOD.replace(HEADER, HEADER + ";").replace("goed", "goed;x").replace("fijn", "fijn;y")),
    "padded_column_names": ("text", GOOD.replace(HEADER, " id ; bedrag;kleur\u00a0;datum ;tekst")),
    "column_names_in_capitals": ("text", GOOD.replace(HEADER, HEADER.upper())),
    "needed_column_twice": ("text", GOOD.replace(HEADER, "id;bedrag;kleur;datum;bedrag")),
    "unused_column_twice": ("text", GOOD.replace(HEADER, HEADER + ";x;x").replace("goed", "goed;1;2").replace("fijn", "fijn;3;4")),
    "needed_column_missing": ("text", GOOD.replace("kleur", "colour")),
    "two_columns_missing": ("text", GOOD.replace("kleur", "colour").replace("bedrag", "amount")),
    "no_header": ("text", "\n".join(ROWS) + "\n"),
    "ten_thousand_columns": ("text", wide(10_000)),
    "columns_named_as_keys": ("text", GOOD.replace(HEADER, HEADER + ";line;row_number").replace("goed", "goed;1;2").replace("fijn", "fijn;3;4")),
    "column_named_as_sql": ("text", GOOD.replace(HEADER, HEADER + ';"x""); DROP TABLE raw_records; --"').replace("goed", "goed;1").replace("fijn", "fijn;3")),
    "cell_of_a_megabyte": ("text", with_row("003;5;R;2018-04-03;" + "x" * (1 << 20))),
    "cell_of_three_megabytes": ("text", with_row("003;5;R;2018-04-03;" + "x" * (3 << 20))),
    "formula": ("text", with_row('003;"=HYPERLINK(""http://example.invalid"";""klik"")";R;2018-04-03;=1+1')),
    "formula_by_dde": ("text", with_row("003;=cmd|' /C calc'!A0;R;2018-04-03;x")),
    "html_in_answers": ("text", with_row("003;<script>alert(1)</script>;<b>R</b>;2018-04-03;<img src=x onerror=alert(1)>")),
    "sql_in_answers": ("text", with_row("003;\"1'); DROP TABLE x; --\";R' OR '1'='1;2018-04-03;x")),
    "terminal_controls_in_answers": ("text", with_row("003;\x1b[2J\x1b]0;x\x07;R;2018-04-03;x".replace("]0;x", "]0 x"))),
    "absurd_numbers": ("text", with_row("003;1e999;R;2018-04-03;x") + "004;99999999999999999999;R;2018-04-03;x\n005;NaN;R;2018-04-03;x\n"),
    "absurd_dates": ("text", with_row("003;5;R;31-02-2018;x") + "004;5;R;0000-00-00;x\n005;5;R;99999-01-01;x\n006;5;R;1-1-1;x\n"),
    "unknown_code": ("text", with_row("003;5;Z;2018-04-03;x")),
    "code_in_other_case": ("text", with_row("003;5;r ;2018-04-03;x")),
    "full_width_digits": ("text", with_row("003;１２，５;R;2018-04-03;x")),
    "right_to_left_marks": ("text", with_row("003;\u202e21;R;2018-04-03;x")),
    "record_without_answers": ("text", with_row(";;;;")),
    "record_without_firm": ("text", with_row(";5;R;2018-04-03;x")),
    "a_path_as_firm": ("text", with_row("../../etc/passwd;5;R;2018-04-03;x")),
    "excel_named_csv": ("text", workbook(lambda book: _sheet(book, TABLE))),
    "zip_with_one_file": ("text", _zip({"answers.csv": GOOD.encode()})),
    "old_excel_named_csv": ("text", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600),
    "web_page_named_csv": ("text", "<html><body><table><tr><td>id</td></tr></table></body></html>"),
    "gzip_named_csv": ("text", b"\x1f\x8b\x08\x00" + b"\x00" * 40),
    "pdf_named_csv": ("text", b"%PDF-1.7\n" + b"x" * 100),
    "symbolic_link": ("text", _link),
    "link_to_nothing": ("text", _dangling),
    "folder_named_csv": ("text", _folder),
    "qualtrics": ("qualtrics", QUALTRICS.replace("{i}", IMPORT)),
    "qualtrics_without_import_ids": ("qualtrics", GOOD.replace(",", ".").replace(";", ",")),
    "qualtrics_with_one_heading_row": ("qualtrics", "id,bedrag,kleur,datum,tekst\n"),
    "excel": ("excel", workbook(lambda book: _sheet(book, TABLE))),
    "excel_header_lower_on_another_sheet": (
        "excel_third", workbook(lambda book: (_sheet(book, [["Toelichting"]], "info"), _sheet(book, [["Export"], [], *TABLE], "data"))[0])
    ),
    "excel_sheet_missing": ("excel_third", workbook(lambda book: _sheet(book, TABLE))),
    "excel_empty": ("excel", workbook(lambda book: None)),
    "excel_header_only": ("excel", workbook(lambda book: _sheet(book, TABLE[:1]))),
    "excel_with_errors": ("excel", workbook(lambda book: _sheet(book, [*TABLE, ["003", "#DIV/0!", "#N/A", "#VALUE!", "x"]]))),
    "excel_cut_off": ("excel", workbook(lambda book: _sheet(book, TABLE))[:2000]),
    "excel_under_a_password": ("excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le")),
    "old_excel_named_xlsx": ("excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600),
    "web_page_named_xlsx": ("excel", "\n<html><table><tr><td>id</td></tr></table></html>"),
    "excel_2003_xml": ("excel", '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'),
    "excel_binary": ("excel", _zip({"xl/workbook.bin": b"x", "[Content_Types].xml": b"<x/>"})),
    "open_document": ("excel", _zip({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"})),
    "excel_two_sheets": ("excel", workbook(lambda book: (_sheet(book, [["Toelichting"]], "info"), _sheet(book, TABLE, "data"))[0])),
    "excel_names_twice": ("excel", workbook(lambda book: _sheet(book, [[*TABLE[0], "bedrag"], *[[*row, 1] for row in TABLE[1:]]]))),
    "excel_names_differ_in_case": ("excel", workbook(lambda book: _sheet(book, [[*TABLE[0], "Bedrag"], *[[*row, 1] for row in TABLE[1:]]]))),
    "excel_totals_row": ("excel", workbook(lambda book: _sheet(book, [*TABLE, ["Totaal", 1215.5, None, None, None]]))),
    "excel_dates_as_numbers": ("excel", workbook(lambda book: _sheet(book, [*TABLE, ["003", 5, "R", 43193, "x"]]))),
    "excel_decimal_commas_as_text": ("excel", workbook(lambda book: _sheet(book, [*TABLE, ["003", "1.200,50", "R", "2018-04-03", "x"]]))),
    "excel_empty_rows_and_columns": ("excel", workbook(lambda book: _sheet(book, [[*row, None, None] for row in TABLE] + [[None] * 7] * 3))),
    "excel_zip_bomb": ("excel", _bomb()),
    "excel_other_zip": ("excel", _zip({"answers.csv": GOOD.encode()})),
    "excel_without_content": ("excel", _zip({"xl/workbook.xml": b"<workbook/>"})),
    "csv_named_xlsx": ("excel", GOOD),
    "spss": ("spss", _sav),
    "spss_user_missing": ("spss", _labelled_sav),
    "csv_named_sav": ("spss", GOOD),
    "spss_cut_off": ("spss", _cut(_sav, 0.5)),
    "spss_magic_only": ("spss", b"$FL2" + b"\x00" * 200),
    "spss_zero_bytes": ("spss", b""),
    "stata": ("stata", lambda path: FRAME.to_stata(path, write_index=False)),
    "csv_named_dta": ("stata", GOOD),
    "stata_cut_off": ("stata", _cut(lambda path: FRAME.to_stata(path, write_index=False), 0.5)),
    "parquet": ("parquet", lambda path: FRAME.to_parquet(path)),
    "parquet_cut_off": ("parquet", _cut(lambda path: FRAME.to_parquet(path), 0.5)),
    "csv_named_parquet": ("parquet", GOOD),
    "parquet_without_rows": ("parquet", lambda path: FRAME.iloc[:0].to_parquet(path)),
}  # fmt: skip

TEXT = 'format: delimited, file: "answers.csv", delimiter: ";", decimal: ",", thousands: "."'
DELIVERIES: dict[str, str] = {
    "text": f"{{{TEXT}, encoding: utf-8}}",
    "any_text": f"{{{TEXT}}}",
    "cp1252": f"{{{TEXT}, encoding: cp1252}}",
    "utf16": f"{{{TEXT}, encoding: utf-16-le}}",
    "no_encoding": f"{{{TEXT}, encoding: utf-99}}",
    "two_delimiters": f"{{{TEXT}, encoding: utf-8}}".replace('";"', '"::"'),
    "qualtrics": '{format: qualtrics, file: "answers.csv", decimal: ",", thousands: "."}',
    "excel": '{format: excel, file: "answers.xlsx", decimal: ",", thousands: "."}',
    "excel_third": '{format: excel, file: "answers.xlsx", sheet: data, header_line: 3, decimal: ",", thousands: "."}',
    "spss": '{format: spss, file: "answers.sav"}',
    "stata": '{format: stata, file: "answers.dta"}',
    "parquet": '{format: parquet, file: "answers.parquet"}',
}
"""How each kind of wave declares its delivery"""


def write(name: str, inbox: Path) -> None:
    """Put one delivery of the catalogue into an inbox."""
    declared, content = CASES[name]
    file = DELIVERIES[declared].split('file: "')[1].split('"')[0]
    path = inbox / file
    inbox.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes | str):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    else:
        content(path)
