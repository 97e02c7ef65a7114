"""A table as CSV, for other programs: values instead of words. GUI thread only."""

import csv
import io
import math
from typing import Final

from pool_gui.window.tables.model import Column, Row
from pool_gui.window.tables.table import Table

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula, and names are foreign."""


def csv_text(table: Table[Row]) -> str:
    """Return the rows that are shown: times in seconds, shares of 1, no value empty."""
    columns = table.shown_columns()
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(_title(column) for column in columns)
    model = table.table
    for place in range(model.rowCount()):
        row = model.row(place)
        writer.writerow(_cell(column, row) for column in columns)
    return made.getvalue()


def _title(column: Column[Row]) -> str:
    return f"{column.title} ({column.unit})" if column.unit else column.title


def _cell(column: Column[Row], row: Row) -> str:
    value = column.order(row)
    if isinstance(value, float) and math.isnan(value):
        return ""
    if isinstance(value, int | float):
        return repr(value)
    text = column.text(row)
    return f"'{text}" if text.startswith(_FORMULAS) else text
