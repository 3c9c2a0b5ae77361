"""Several figures as one picture, two in a row, each with its heading and its note.

Belongs here: laying out figures that are drawn. Does not belong here: drawing one (`charts`), what stands around a
picture (`pictures`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from monitor.publication.report import charts

COLUMNS, GUTTER = 2, 24
"""Figures in a row, and the room between them"""
BELOW = 6
"""Room under a line for letters that reach below it"""
_box = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def rows(shown: Sequence[tuple[str, str, Markup]], title: str, description: str, name: str) -> Markup:
    """Figures (heading, note, drawing) in rows; a row is as tall as its tallest."""
    cells, parts, y = [_cell(*each) for each in shown], [], 0.0
    for k in range(0, len(cells), COLUMNS):
        row = cells[k : k + COLUMNS]
        for column, (_, inside) in enumerate(row):
            across = column * (charts.WIDTH + GUTTER)
            parts.append(f'<g transform="translate({across} {y:g})">{inside}</g>')
        y += max(tall for tall, _ in row) + GUTTER
    wide = min(len(cells), COLUMNS) * (charts.WIDTH + GUTTER) - GUTTER
    return charts.figure(y - GUTTER, parts, title, description, name, wide)


def _cell(heading: str, note: str, drawing: Markup) -> tuple[float, str]:
    """One figure: how tall it is with its words, and the whole."""
    parts, y, width = [], 0.0, charts.RIGHT - charts.LEFT
    for text in charts.wrapped(heading, width, most=3):
        y += charts.LINE_HEIGHT
        parts.append(charts.written(charts.LEFT, y, text, 'font-weight="700"'))
    tall = measured(drawing)[1]
    parts.append(str(drawing).replace("<svg ", f'<svg y="{y + 6:g}" width="{charts.WIDTH}" height="{tall:g}" ', 1))
    y += 6 + tall
    for text in charts.wrapped(note, width, most=8) if note else []:
        y += charts.LINE_HEIGHT
        parts.append(charts.written(charts.LEFT, y, text, f'fill="{charts.QUIET}"'))
    return y + BELOW, "".join(parts)


def measured(drawing: str) -> tuple[float, float]:
    """Width and height of a figure, in its units."""
    box = _box.search(drawing)
    assert box, "every figure has a viewBox"
    return float(box[1]), float(box[2])
