"""How an exported file is laid out.

Belongs here: what a reader must be told to open a file. Does not belong here: reading it, what its columns mean.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """How a wave's delivery is laid out; what is declared wins over what is detected."""

    format: str
    """delimited, qualtrics, limesurvey, excel, spss, stata, parquet"""
    file: str
    """Pattern of the answers' file in the wave's inbox"""
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str = "."
    thousands: str | None = None
    label_file: str | None = None
    sheet: str | None = None
    header_line: int = 1
    values: str = "codes"
    """`codes` or `labels`: what the cells hold"""
    date_format: str | None = None
