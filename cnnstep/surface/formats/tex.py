r"""LaTeX with amsmath alone, for pdflatex, xelatex and tectonic. Text is text: no sign of it is read as a command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cnnstep.surface.formats import Answer
from cnnstep.surface.screen import Screen, harmless, to_ascii
from cnnstep.surface.typeset.maths import TEX, tex
from cnnstep.surface.typeset.page import Rows, one_line, parts
from cnnstep.tutor.document import Document

HEAD = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt plus 2pt}
\setlength{\textwidth}{16cm}\setlength{\oddsidemargin}{0cm}
\setlength{\textheight}{24cm}\setlength{\topmargin}{-1.5cm}
\sloppy\raggedbottom
\begin{document}
"""
LEVELS = ("section*", "subsection*", "subsubsection*")
BOX = r"\rule{0pt}{3.2ex}\hspace{3.4em}"
_OWN = {sign: f"\\{sign}" for sign in "#$%&_{}"} | {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "-": "-{}", "`": "`{}", "'": "'{}", '"': r"\textquotedbl{}",
    "[": "{[}", "]": "{]}", "*": "{*}", "!": "!{}", "?": "?{}",
}  # fmt: skip
_MATHS = {sign: rf"\ensuremath{{{word.strip()}}}" for sign, word in TEX.signs.items() if not sign.isascii()} | {
    "²": r"\textsuperscript{2}", "ᵀ": r"\ensuremath{{}^{\top}}", "′": r"\ensuremath{{}'}", "√": r"\ensuremath{\surd}",
    "Σ": r"\ensuremath{\Sigma}", "³": r"\textsuperscript{3}", "δ": r"\ensuremath{\delta}", "η": r"\ensuremath{\eta}",
    "ε": r"\ensuremath{\epsilon}", "φ": r"\ensuremath{\varphi}", "✝": r"\ensuremath{\dagger}",
    "✗": r"\ensuremath{\times}",
}  # fmt: skip
_LATIN = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]")
"""Letters with accents, which every TeX sets."""


def write(answer: Answer, screen: Screen) -> Iterator[str]:
    """The answer as a LaTeX document."""
    blocks = parts(Document(answer.blocks(), answer.numbers), Latex())
    yield HEAD + "\n\n".join(part for part in blocks if part) + "\n\\end{document}\n"


def escaped(text: str) -> str:
    """The text as TeX sets it; a sign that it has no letter for, as its twin in ASCII."""
    return "".join(_sign(one) for one in one_line(harmless(text)))


def _sign(one: str) -> str:
    if one.isascii():
        return _OWN.get(one, one)
    if one in _MATHS or _LATIN.match(one):
        return _MATHS.get(one, one)
    return "".join(_OWN.get(sign, sign) for sign in to_ascii(one))


class Latex:
    """How LaTeX spells the parts of a page."""

    def heading(self, text: str, level: int, note: str) -> str:
        """A section without a number."""
        beside = rf" {{\normalfont\small {escaped(note)}}}" if note else ""
        return rf"\{LEVELS[min(level, len(LEVELS)) - 1]}{{{escaped(text)}{beside}}}"

    def paragraph(self, text: str, strong: bool) -> str:
        """The text, in bold where it is strong."""
        return rf"\textbf{{{escaped(text)}}}" if strong else escaped(text)

    def formula(self, text: str, words: str) -> str:
        """A displayed formula, at a width where it breaks by itself."""
        return rf"\begin{{quote}}$\displaystyle {tex(text)}$\end{{quote}}" + (f"\n{escaped(words)}" if words else "")

    def table(self, caption: str, head: Sequence[str], rows: Rows, numeric: Sequence[bool]) -> str:
        """Columns that share the width by how much stands in them."""
        each = [max([len(name), *(len(row[c]) for row in rows)]) for c, name in enumerate(head)]
        columns = "".join(
            "r" if number else rf"p{{{share:.3f}\textwidth}}"
            for number, share in zip(numeric, _shares(each), strict=True)
        )
        lines = [r"\hline", _row([rf"\textbf{{{escaped(name)}}}" for name in head]), r"\hline"]
        lines += [_row(map(escaped, row)) for row in rows]
        return _captioned(caption, columns, [*lines, r"\hline"])

    def grid(self, caption: str, head: Sequence[str], rows: Sequence[tuple[str, Sequence[str | None]]]) -> str:
        """A table with lines between the numbers, the indices above and before them."""
        width = max((len(cells) for _, cells in rows), default=1)
        end = rf"\cline{{2-{width + 1}}}"
        names = [_row(["", *(rf"\multicolumn{{1}}{{c}}{{\footnotesize {name}}}" for name in head)])] if head else []
        lines = [*names, end]
        for name, cells in rows:
            numbers = [BOX if cell is None else escaped(cell) for cell in cells]
            lines += [_row([rf"\footnotesize {name}" if name else "", *numbers]), end]
        return _captioned(caption, f"r|{'r|' * width}", lines)

    def items(self, each: Sequence[tuple[str, str]]) -> str:
        """A list."""
        lines = [rf"\item \textbf{{{escaped(lead)}}} {escaped(words)}" for lead, words in each]
        return "\n".join([r"\begin{itemize}", *lines, r"\end{itemize}"])

    def code(self, text: str, label: str) -> str:
        """Verbatim, in ASCII."""
        plain = to_ascii(harmless(text)).replace(r"\end{verbatim}", r"\end {verbatim}")
        return "\\begin{small}\\begin{verbatim}\n" + plain + "\n\\end{verbatim}\\end{small}"

    def beside(self, each: Sequence[str]) -> str:
        """Next to each other, and on a new line where there is no more room."""
        return "\\qquad\n".join(each)

    def room(self, lines: int) -> str:
        """White space."""
        return rf"\vspace*{{{lines * 1.6:g}em}}"


def _shares(widths: Sequence[int]) -> list[float]:
    """Of the text's width 0.9, to each column what it needs, in proportion."""
    together = sum(min(width, 40) + 4 for width in widths)
    return [0.88 * (min(width, 40) + 4) / max(together, 60) for width in widths]


def _row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _captioned(caption: str, columns: str, lines: Sequence[str]) -> str:
    inside = "\n".join([rf"\begin{{tabular}}{{{columns}}}", *lines, r"\end{tabular}"])
    return rf"\begin{{tabular}}[t]{{@{{}}l@{{}}}}{escaped(caption)}\\[3pt]" + f"\n{inside}\n" + r"\end{tabular}"
