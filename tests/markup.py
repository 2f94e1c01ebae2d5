"""HTML as tests read it: what stands in it, and whether it is what a browser, a printer and a listener can use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = {"meta", "br"}
SILENT = {"style", "title"}
LINES = {"td", "th", "p", "li", "caption", "h1", "h2", "h3", "h4"}
FETCHES = {"script", "link", "iframe", "img", "object", "embed"}


@dataclass
class Node:
    """An element: its name, its attributes, and the text and the elements in it."""

    name: str
    attributes: dict[str, str | None]
    inside: list[Node | str] = field(default_factory=list)

    def all(self, *names: str) -> Iterator[Node]:
        """Every element of these names in it."""
        for one in self.inside:
            if isinstance(one, Node):
                if one.name in names or not names:
                    yield one
                yield from one.all(*names)

    @property
    def text(self) -> str:
        """What is read in it, each cell and each paragraph on a line of its own."""
        read = (one for one in self.inside if isinstance(one, str) or one.name not in SILENT)
        parts = "".join(one if isinstance(one, str) else one.text for one in read)
        return f"{parts}\n" if self.name in LINES else parts


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        self.open[-1].inside.append(node)
        if tag not in EMPTY:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> ends <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def parsed(markup: str) -> Node:
    """The whole of it; each element ends where it should."""
    parser = _Parser()
    parser.feed(markup)
    parser.close()
    (root,) = parser.open
    return root


def faults(root: Node) -> list[str]:
    """What a reader, a listener or somebody's safety would miss."""
    nodes = list(root.all())
    found = [f"<{one.name}>" for one in nodes if one.name in FETCHES]
    for one in nodes:
        found += [f"{key} of <{one.name}>" for key in one.attributes if key.startswith("on") or key in ("href", "src")]
        found += ["<th> without scope"] if one.name == "th" and not one.attributes.get("scope") else []
    for table in root.all("table"):
        caption = next(table.all("caption"), None)
        named = table.attributes.get("aria-label") or (caption and caption.text.strip())
        found += [] if named else ["a table without a name"]
        widths = {
            sum(int(cell.attributes.get("colspan") or 1) for cell in row.all("th", "td")) for row in table.all("tr")
        }
        found += [] if len(widths) == 1 else [f"rows of {sorted(widths)} cells"]
    return found
