"""Lines of Prometheus's formats from columns: one family's at a time, joined from remembered labels.

A family of one cluster keeps templates, its lines with labels escaped and a `%d` where each number goes, so a poll only
fills in numbers that have changed. They are remade when a label, or which numbers are known, has changed.
"""

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from monitor.model.table import Flags, Floats, Ints, Texts, objects

PIECE_LINES = 4096
"""Lines are kept, filled in and sent in pieces of this many, so that no large block of memory is made or copied.

A family of more lines is filled in when it is asked for: a scraper that takes gzip needs no text that is kept.
"""

LARGE_LINES = 250_000
"""The templates of a family of more lines than this are packed, and its text is not kept for the next scrape."""

LabelColumn = tuple[Texts | Ints, Ints | None]
"""The values of a label: one a line, or as (values, codes) with line i labelled `values[codes[i]]`."""


def escape(value: str) -> bytes:
    r"""A label value as the text format wants it: UTF-8 with backslash, quote and newline escaped.

    What is no UTF-8 (a lone surrogate, which stands for an invalid byte) is written as Python writes it: `\udcff`.
    """
    text = value.encode("utf-8", "backslashreplace")
    return text.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")


def escape_all(values: Sequence[object]) -> list[bytes]:
    """Label values escaped, None as the empty one that Prometheus takes for no label. Different values stay different.

    A name that is no UTF-8 may look like another one when escaped: it then gets backslashes at its end until it is
    alone, because one series that stands there twice costs the whole scrape.
    """
    texts = ["" if value is None else str(value) for value in values]
    escaped = [escape(text) for text in texts]
    odd = [row for row, text in enumerate(texts) if not _is_utf8(text)]
    if odd:
        taken: dict[bytes, str] = {escaped[row]: text for row, text in enumerate(texts) if _is_utf8(text)}
        for row in odd:
            while taken.setdefault(escaped[row], texts[row]) != texts[row]:
                escaped[row] += rb"\\"
    return escaped


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def templates(
    name: str,
    fixed: Sequence[tuple[str, str]],
    labels: Sequence[tuple[str, LabelColumn]],
    pieces: Sequence[Ints],
    number: bytes,
) -> Iterator[bytes]:
    """For each of `pieces`, which are rows, their lines with `number` (a `%` conversion) in place of the values.

    `fixed` are labels that every line has. Percent signs of labels are doubled, as a template is filled with `%`.
    """
    opening = name.encode() + b"{" + b",".join(b'%b="%b"' % (label.encode(), escape(text)) for label, text in fixed)
    opening = opening.replace(b"%", b"%%")
    between = b"," if fixed else b""
    closing = b"} " + number + b"\n"
    if not labels:
        line = opening + closing if fixed else name.encode() + b" " + number + b"\n"
        yield from (line * len(piece) for piece in pieces)
        return
    columns: list[tuple[Texts, Ints]] = []
    for place, (label, column) in enumerate(labels):
        values, codes = _coded(column)
        lead = opening + between + label.encode() + b'="'
        end = b'"' + closing if place == len(labels) - 1 else b'"'
        columns.append((objects(lead + text.replace(b"%", b"%%") + end for text in escape_all(values)), codes))
        opening, between = b"", b","
    yield from (_interleaved(columns, piece) for piece in pieces)


def _interleaved(columns: Sequence[tuple[Texts, Ints]], rows: Ints) -> bytes:
    parts = [b""] * (len(columns) * len(rows))
    for place, (texts, codes) in enumerate(columns):
        parts[place :: len(columns)] = texts[codes[rows]].tolist()
    return b"".join(parts)


def _coded(column: LabelColumn) -> tuple[Sequence[object], Ints]:
    values, codes = column
    if codes is not None:
        return values.tolist(), codes
    if values.dtype == object:
        return values.tolist(), np.arange(len(values))
    numbers, codes = np.unique(values, return_inverse=True)
    return numbers.tolist(), codes


def same(one: Ints | Texts | Floats | Flags | None, other: Ints | Texts | Floats | Flags | None) -> bool:
    """Whether two columns hold the same, which costs nothing when they are one."""
    return one is other or (one is not None and other is not None and np.array_equal(one, other))


class Unfilled:
    """Lines that are a template and its numbers still: who asks for them fills them in."""

    def __init__(self, template: bytes, numbers: Floats, *, whole: bool, packed: bool) -> None:
        self._template, self._numbers, self._whole, self._packed = template, numbers, whole, packed
        self._text: bytes | None = None

    def fill(self, *, keep: bool) -> bytes:
        """The text, which is kept for those who ask next if that is worth its memory."""
        if self._text is not None:
            return self._text
        template = zlib.decompress(self._template) if self._packed else self._template
        text = fill(template, self._numbers, whole=self._whole)
        if keep and not self._packed:
            self._text = text
        return text


Piece = bytes | Unfilled


def fill(template: bytes, numbers: Floats, *, whole: bool) -> bytes:
    """The lines of a template."""
    if whole:
        return template % tuple(numbers.astype(np.int64).tolist())
    text = template % tuple(numbers.tolist())
    # In a label a newline is escaped, so what ends a line is its number.
    return text.replace(b" inf\n", b" +Inf\n").replace(b" -inf\n", b" -Inf\n")


def filled(piece: Piece, *, keep: bool = False) -> bytes:
    """The text of a piece."""
    return piece if isinstance(piece, bytes) else piece.fill(keep=keep)


class Lines:
    """The lines of one family of one cluster, remembered with what they were made from."""

    number = b"%r"

    def __init__(
        self,
        name: str,
        fixed: Sequence[tuple[str, str]],
        labels: Sequence[str],
        *,
        whole: bool,
        piece_lines: int = PIECE_LINES,
        large_lines: int = LARGE_LINES,
    ) -> None:
        self._name, self._fixed, self._labels, self._whole = name, tuple(fixed), tuple(labels), whole
        if whole:
            self.number = b"%d"
        self._piece_lines, self._large_lines = piece_lines, large_lines
        self._columns: tuple[LabelColumn, ...] | None = None
        self._known: Flags = np.zeros(0, bool)
        self._numbers: Floats = np.zeros(0)
        self._templates: list[bytes] = []
        self._pieces: list[Piece] = []

    def render(self, columns: tuple[LabelColumn, ...], values: Floats) -> Sequence[Piece]:
        """The lines of every row whose value is known, in pieces; NaN is unknown and has no line.

        `columns` are the label columns in order of the labels, the same object while none of them has changed, and
        `values` one number a row; those of a `whole` family are finite integers, exact up to 2**53, and are written
        without a point or an exponent.
        """
        known = np.isfinite(values) if self._whole else ~np.isnan(values)
        numbers = values if known.all() else values[known]
        kept = columns is self._columns and same(self._known, known)
        if not kept:
            named = list(zip(self._labels, columns, strict=True))
            rows = np.flatnonzero(known)
            made = self._made(named, [rows[part] for part in self._parts(len(rows))])
            self._templates = [zlib.compress(each, 1) for each in made] if self._large(len(rows)) else list(made)
            self._pieces = [b""] * len(self._templates)
        for place, (template, part) in enumerate(zip(self._templates, self._parts(len(numbers)), strict=True)):
            if not kept or not same(self._numbers[part], numbers[part]):
                self._pieces[place] = self._piece(template, numbers[part], len(numbers))
        self._columns, self._known, self._numbers = columns, known, numbers
        return self._pieces

    def _made(self, labels: Sequence[tuple[str, LabelColumn]], parts: Sequence[Ints]) -> Iterator[bytes]:
        """The template of each part, which is some rows."""
        return templates(self._name, self._fixed, labels, parts, self.number)

    def _piece(self, template: bytes, numbers: Floats, lines: int) -> Piece:
        packed = self._large(lines)
        if packed or lines > self._piece_lines:
            return Unfilled(template, numbers, whole=self._whole, packed=packed)
        return fill(template, numbers, whole=self._whole)

    def _large(self, lines: int) -> bool:
        return lines > self._large_lines

    def _parts(self, lines: int) -> list[slice]:
        return [slice(start, start + self._piece_lines) for start in range(0, lines, self._piece_lines)]
