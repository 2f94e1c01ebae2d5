"""Typst: a page that compiles to a PDF for screen readers too (PDF/UA-1). Text stands in quotes, never as markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnstep.surface.formats import Answer
from cnnstep.surface.screen import Screen, harmless
from cnnstep.surface.typeset.maths import aloud, typst
from cnnstep.surface.typeset.page import Rows, one_line, parts
from cnnstep.tutor.document import Document, Heading

HEAD = """#set document(title: {title}, date: none)
#set page(paper: "a4", margin: 2cm, numbering: "1")
#set text(lang: "en", size: 11pt, hyphenate: false)
#set par(justify: false)
#set table(stroke: 0.5pt + gray, inset: 5pt)
#show raw: set text(size: 8pt)
"""
DEEPEST = 6
BOX = "box(width: 3.2em, height: 1.5em)"


def write(answer: Answer, screen: Screen) -> Iterator[str]:
    """The answer as a Typst document."""
    yield source(Document(answer.blocks(), answer.numbers))


def source(document: Document) -> str:
    """The whole document, its first heading the title of the file."""
    title = next((block.text for block in document.blocks if isinstance(block, Heading)), "cnnstep")
    head = HEAD.replace("{title}", quoted(title))
    return head + "\n" + "\n\n".join(part for part in parts(document, Typst()) if part) + "\n"


def quoted(text: str) -> str:
    """The text as a string of Typst's code, in which only quotes and backslashes are special."""
    plain = one_line(harmless(text)).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


class Typst:
    """How Typst spells the parts of a page, all of it as code."""

    def __init__(self) -> None:
        self._above = 0

    def heading(self, text: str, level: int, note: str) -> str:
        """A heading; no level is left out on the way down."""
        self._above = min(level, self._above + 1, DEEPEST)
        beside = f' + h(0.8em) + text(size: 0.8em, weight: "regular", {quoted(note)})' if note else ""
        return f"#heading(level: {self._above}, text({quoted(text)}){beside})"

    def paragraph(self, text: str, strong: bool) -> str:
        """The text, in bold where it is strong; what it speaks of stands on the same page."""
        return f"#block(sticky: true, par({'strong' if strong else 'text'}({quoted(text)})))"

    def formula(self, text: str, words: str) -> str:
        """A formula with its alternative text."""
        line = f"#math.equation(block: true, alt: {quoted(aloud(text))}, $ {typst(text)} $)"
        return line + (f"\n\n#par(text({quoted(words)}))" if words else "")

    def table(self, caption: str, head: Sequence[str], rows: Rows, numeric: Sequence[bool]) -> str:
        """A table with a head, its caption above it."""
        align = ", ".join("right" if number else "left" for number in numeric)
        names = ", ".join(f"strong({quoted(name)})" for name in head)
        lines = ["  " + ", ".join(quoted(cell) for cell in row) + "," for row in rows]
        start = f"#table(columns: {len(head)}, align: ({align},), table.header({names}),"
        return _above(caption, "\n".join([start, *lines, ")"]))

    def grid(self, caption: str, head: Sequence[str], rows: Sequence[tuple[str, Sequence[str | None]]]) -> str:
        """A table whose head and first column are the indices."""
        width = max((len(cells) for _, cells in rows), default=1)
        named = any(name for name, _ in rows)
        names = [f"text(size: 0.75em, {quoted(name)})" for name in ([""] * named + list(head))]
        top = f" table.header({', '.join(names)})," if head else ""
        lines = []
        for name, cells in rows:
            numbers = [BOX if cell is None else quoted(cell) for cell in cells]
            lines.append("  " + ", ".join([f"text(size: 0.75em, {quoted(name)})"] * named + numbers) + ",")
        align = "center" if any(cell is None for _, cells in rows for cell in cells) else "right"
        start = f"#table(columns: {width + named}, align: {align} + horizon,{top}"
        return _above(caption, "\n".join([start, *lines, ")"]))

    def items(self, each: Sequence[tuple[str, str]]) -> str:
        """A list."""
        lines = [f"  strong({quoted(lead)}) + [ ] + text({quoted(words)})," for lead, words in each]
        return "\n".join(["#list(", *lines, ")"])

    def code(self, text: str, label: str) -> str:
        """Lines of fixed width."""
        plain = harmless(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'#raw(block: true, "{plain}")'

    def beside(self, each: Sequence[str]) -> str:
        """Next to each other, and on a new line where there is no more room."""
        return " #h(1.5em) ".join(f"#box[{part}]" for part in each)

    def room(self, lines: int) -> str:
        """White space."""
        return f"#v({lines * 1.6:g}em)"


def _above(caption: str, table: str) -> str:
    """A table under its caption, on one page with it."""
    if not caption.strip():
        return table
    return f"#block(breakable: false)[#par(text({quoted(caption)}))\n{table}]"
