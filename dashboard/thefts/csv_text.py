"""Bytes of an uploaded table to its header and numbered rows: encoding, separator and title lines found out."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboard.thefts.columns import field_of
from dashboard.thefts.problems import UploadRefusedError

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 200
ENCODINGS = ("utf-8", "gb18030", "windows-1252")
"""Those a person may choose; a byte order mark overrides the choice."""
SEPARATORS = (",", ";", "\t", "|")
TITLE_LINES = 10
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Row:
    line: int
    """Of the file, counted from 1, where the row begins."""
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    separator: str


def read_table(data: bytes, encoding: str | None = None) -> Table:
    """The table in `data`; the header is the first of the first lines that names two known columns, else the first line.

    Raises:
        UploadRefusedError: empty, too large, not text, not a table, or without rows.
    """
    _check_size(data)
    text, used = _decode(data, encoding)
    separator = _separator(text)
    rows = [row for row in _rows(text, separator) if any(cell for cell in row.cells)]
    if not rows:
        raise UploadRefusedError("The file is empty; choose a CSV file with a header and one line per case.")
    start = _header_row(rows)
    if len(rows) == start + 1:
        raise UploadRefusedError("The file has a header but no case below it.")
    return Table(rows[start].cells, tuple(rows[start + 1 :]), used, separator)


def _check_size(data: bytes) -> None:
    if not data.strip():
        raise UploadRefusedError("The file is empty; choose a CSV file with a header and one line per case.")
    if len(data) > MAX_BYTES:
        raise UploadRefusedError(
            "The file is larger than %(limit)s MB; split it by year and import the parts.", limit=MAX_BYTES // 1024**2
        )
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UploadRefusedError("This is an Excel workbook; open it and save it as CSV first.")


def _decode(data: bytes, encoding: str | None) -> tuple[str, str]:
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    for name in (marked,) if marked else (encoding,) if encoding else ENCODINGS[:2]:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, "utf-8" if name == "utf-8-sig" else name
    raise UploadRefusedError("The file is not text in UTF-8 or GB18030; save it as CSV in UTF-8 and try again.")


def _separator(text: str) -> str:
    """The one that cuts most of the first lines into the most pieces."""
    lines = [line for line in text.splitlines()[: TITLE_LINES * 3] if line.strip()]
    return max(SEPARATORS, key=lambda mark: sum(min(line.count(mark), MAX_COLUMNS) for line in lines))


def _rows(text: str, separator: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for count, cells in enumerate(reader):
            if count > MAX_ROWS or len(cells) > MAX_COLUMNS:
                raise UploadRefusedError(
                    "The file has more than %(rows)s lines or %(columns)s columns; split it and import the parts.",
                    rows=MAX_ROWS,
                    columns=MAX_COLUMNS,
                )
            yield Row(line, tuple(cell.strip() for cell in cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UploadRefusedError(
            "Line %(line)s cannot be read as CSV (%(why)s); look for a quotation mark that is not closed.",
            line=line,
            why=error,
        ) from error


def _header_row(rows: Sequence[Row]) -> int:
    known = [sum(field_of(cell) is not None for cell in row.cells) for row in rows[:TITLE_LINES]]
    return next((index for index, count in enumerate(known) if count > 1), 0)
