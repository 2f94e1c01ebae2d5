"""A scenario by the name that a user gives it: a file, standard input, one shipped here, or one in another file."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.source import YAML_LIMIT, Source, decoded, quoted, read_file, read_stream

if TYPE_CHECKING:
    from cnnstep.engine.scenario import Scenario
    from cnnstep.errors import Path as Keypath
    from cnnstep.surface.files.yaml_reader import Keys, Node, YamlDocument

STANDARD_INPUT = "-"
ENOUGH = 2
"""So many different keys of a scenario in a text, and it looks like one."""
_KEY = re.compile(
    r"""(?:^|[{,])[ \t]*["']?"""
    r"""(input|filter|layers|samples|target|activation|learning_rate|bias|stride|padding|loss)["']?[ \t]*:""",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Loaded:
    """A scenario and where it came from: `name` as the user would type it again, `file` as messages call it.

    `document` is the file as it was read; `weights` the .npz that its weights were taken from instead, if one was.
    """

    scenario: Scenario
    name: str
    file: str
    document: YamlDocument = field(repr=False)
    weights: str = ""


@dataclass(frozen=True)
class Shipped:
    """A scenario that comes with the program."""

    name: str
    path: Path

    @cached_property
    def title(self) -> str:
        """Its title, read from the file when it is asked for."""
        from cnnstep.surface.files.yaml_reader import Scalar

        title = self._keys.get("title")
        return title.text if isinstance(title, Scalar) else ""

    @property
    def has_layers(self) -> bool:
        """Whether it has layers; else it is one filter."""
        return self._keys.get("layers") is not None

    @cached_property
    def _keys(self) -> Keys:
        from cnnstep.surface.files.yaml_reader import Keys, read_yaml

        root = read_yaml(_source_of(self.path, str(self.path))).root
        return root if isinstance(root, Keys) else Keys(0, ())


def shipped() -> list[Shipped]:
    """The scenarios that come with the program, in the order of their names."""
    return [Shipped(path.stem, path) for path in sorted(shipped_folder().glob("*.yaml"), key=lambda p: p.stem)]


def shipped_folder() -> Path:
    """The folder of the shipped scenarios: inside an installed package, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def load(name_or_path: str, *, stdin: TextIO | BinaryIO | None = None) -> Loaded:
    """The scenario called so: a shipped name, a path, or `-` for standard input."""
    if name_or_path == STANDARD_INPUT:
        return _loaded(source_of(STANDARD_INPUT, stdin=stdin), STANDARD_INPUT)
    found = {one.name: one.path for one in shipped()}
    path = found.get(name_or_path) or Path(name_or_path)
    if not name_or_path:  # which Path would read as the folder one is in
        raise InputError(_not_found(path, name_or_path, list(found)))
    source = _source_of(path, str(path) if name_or_path in found else name_or_path, list(found))
    return _loaded(source, name_or_path)


def scenario(name_or_path: str | PathLike[str]) -> Scenario:
    """The scenario of a shipped name or a path; `InputError` lists every fault of a file, each with its line.

    >>> cnnstep.scenario("first-filter").learning_rate
    0.5
    """
    try:
        name = fspath(name_or_path)
    except TypeError:
        what = f"a scenario has a name or a path, and {type(name_or_path).__name__} is given"
        raise InputError(Fault("type", what, 'write cnnstep.scenario("first-filter")')) from None
    return load(name).scenario


def read_scenario_text(text: str, file: str | None = None, folder: Path | None = None) -> Scenario:
    """The scenario in a text; `file` is what messages call it, and number files are looked for in `folder`."""
    return _loaded(Source(text.removeprefix("\ufeff"), file, folder or Path()), "").scenario


def source_of(path: str, *, stdin: TextIO | BinaryIO | None = None) -> Source:
    """The text of a file, or of standard input for `-`; what it names is looked for in its folder."""
    if path == STANDARD_INPUT:
        text = read_stream(stdin if stdin is not None else sys.stdin, YAML_LIMIT)
        return Source(text.removeprefix("\ufeff"), STANDARD_INPUT, Path())
    return _source_of(Path(path), path)


def _loaded(source: Source, name: str) -> Loaded:
    from cnnstep.surface.files.yaml_reader import read_yaml
    from cnnstep.surface.scenario_file.reader import read_scenario

    document = read_yaml(source)
    return Loaded(read_scenario(document), name, source.file or "", document)


def _source_of(path: Path, shown: str, known: list[str] | None = None) -> Source:
    try:
        return Source(decoded(read_file(path, YAML_LIMIT, shown), shown), shown, path.parent)
    except InputError as error:
        if known is None or error.faults[0].code != "not-found":
            raise
        raise InputError(_not_found(path, shown, known)) from error


def _not_found(path: Path, shown: str, known: list[str]) -> Fault:
    """No such file and no such name; which of the two was meant shows in the spelling."""
    if path.suffix or len(path.parts) > 1:
        near = did_you_mean(path.stem, known)
        hint = f"the shipped scenario is called {path.stem}" if path.stem in known else near
        hint = hint if hint.startswith(("did", "the shipped")) else "check the name and the folder"
        return Fault("not-found", f"there is no file {quoted(shown, 200)}", hint, file=shown)
    return Fault("not-found", f"there is no scenario called {quoted(shown, 200)}", did_you_mean(shown, known))


def scenario_at(document: YamlDocument, node: Node, path: Keypath, faults: list[Fault]) -> Scenario | None:
    """The scenario that a node names or holds; None after its faults were noted, each at a place in this file."""
    from cnnstep.surface.files.yaml_reader import Scalar
    from cnnstep.surface.scenario_file.reader import read_scenario

    try:
        if isinstance(node, Scalar):
            return _named(named_in(document, node.text))
        return read_scenario(document, path)
    except InputError as error:
        here = document.fault("", "", "", path)
        for fault in error.faults:
            unplaced = fault.line is None
            placed = replace(fault, file=here.file, line=here.line, column=here.column, source=here.source)
            faults.append(placed if unplaced else fault)
        return None


def _named(name: str) -> Scenario:
    """The scenario of that name. Whoever wrote the name may not be who reads the faults: of a file that is none, say
    /etc/passwd, they show nothing.
    """
    try:
        return load(name).scenario
    except InputError as error:
        inside = name != STANDARD_INPUT and any(fault.line is not None for fault in error.faults)
        if not inside or _looks_like_one(name):
            raise
        hint = "name a file with input:, filter: and target:, or a shipped one such as first-filter"
        raise InputError(Fault("not-a-scenario", f"{quoted(name, 200)} is no scenario", hint)) from None


def _looks_like_one(name: str) -> bool:
    """Whether the file has keys of a scenario; none of another encoding has."""
    try:
        text = source_of(name).text
    except InputError:
        return False
    return len({*_KEY.findall(text)}) >= ENOUGH


def named_in(document: YamlDocument, name: str) -> str:
    """A path beside the file, where there is such a file; else the name as it stands."""
    beside = document.source.folder / name
    return str(beside) if name != STANDARD_INPUT and Path(name).suffix and beside.exists() else name
