"""From the nodes of a file to a scenario, or to everything that is wrong with it, each thing at its place.

Three readings, each of what the one before left whole: the keys and types (`spec`), the rows and the number
files, and what the numbers mean together (`one_filter`). A key with a fault is kept from the next reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from cnnstep.engine.build import one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError, Path
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.matrices import decimal_comma, uneven
from cnnstep.surface.files.yaml_reader import Document, Items, Keys, Scalar, plain
from cnnstep.surface.spec import KEYS, MATRICES, REQUIRED, ScenarioFile

MOST_FAULTS = 20
"""A screen full; mending the first ones often mends the rest."""


def read_scenario(document: Document, at: Path = ()) -> Scenario:
    """The scenario that a document holds, or the part of it at the path `at`. `InputError` lists all faults."""
    reading = _Reading(document, at, [(_order(fault), fault) for fault in document.faults])
    scenario = reading.scenario()
    if reading.found or scenario is None:
        raise InputError(_in_order(reading.found))
    return scenario


def _order(fault: Fault) -> tuple[int, int]:
    return fault.line or 0, fault.column or 0


def _in_order(found: list[tuple[tuple[int, int], Fault]]) -> list[Fault]:
    """As they stand in the file, each once: a number file with a fault may be named in several places."""
    once: dict[tuple[object, ...], Fault] = {}
    for _, fault in sorted(found, key=lambda entry: entry[0]):
        once.setdefault((fault.file, fault.line, fault.column, fault.what), fault)
    faults = list(once.values())
    rest = len(faults) - MOST_FAULTS
    if rest <= 1:
        return faults
    more = Fault("more-faults", f"and {rest} more like these", "mend these first", file=faults[0].file)
    return [*faults[:MOST_FAULTS], more]


@dataclass
class _Reading:
    """One reading of one scenario: what was found wrong, with its order in the file, and the keys it touches."""

    document: Document
    at: Path
    found: list[tuple[tuple[int, int], Fault]]
    broken: set[str] = field(default_factory=set)

    def scenario(self) -> Scenario | None:
        root = self.document.locate(self.at)
        if not isinstance(root, Keys):
            what = "a scenario is made of keys and values, and none stand here"
            self._note("type", what, f"begin with {REQUIRED[0]}: [[…], […]]; needed are {', '.join(REQUIRED)}", ())
            return None
        data: dict[str, Any] = plain(root)
        if isinstance(title := root.get("title"), Scalar):
            data["title"] = " ".join(title.text.split("\n")).strip() if "\n" in title.text else title.text
        self._check_keys(root, data)
        self._check_types(root, data)
        for path in self._matrices(data):
            self._check_matrix(path, data)
        return self._built(data)

    def _note(self, code: str, what: str, hint: str, path: Path, *, key: bool = False) -> None:
        fault = self.document.fault(code, what, hint, (*self.at, *path), key=key)
        self.found.append((_order(fault), replace(fault, path=path)))
        self.broken.update(str(part) for part in path[:1])

    def _check_keys(self, root: Keys, data: dict[str, Any]) -> None:
        """Which keys are there: those of whole networks are not yet, and samples stand for input and target."""
        replaced: set[str] = set()
        if "layers" in data:
            what = "layers: whole networks are not supported by this version"
            self._note("unsupported", what, "use filter and activation", ("layers",), key=True)
            replaced |= {"filter", "activation"}
            del data["layers"]
        if root.get("samples") is not None:
            replaced |= {"input", "target"}
            for key in ("input", "target"):
                if key in data:
                    what = f"samples replaces {key}, and both are given"
                    self._note("conflict", what, f"leave {key} out, or samples", (key,), key=True)
        meant = {did_you_mean(key, KEYS) for key in data if key not in KEYS}
        for key in REQUIRED:
            if key not in data or key in replaced:
                self.broken.add(key)
            misspelt = f'did you mean "{key}"?' in meant  # reported with the key that stands there
            if key not in data and key not in replaced and not misspelt:
                self._note("missing-key", f"{key} is missing", f"add it: {key}: {_SUCH_AS[key]}", ())
        for key in ("input", "target", "samples"):
            if isinstance(node := root.get(key), Scalar) and node.value is None:
                self._note(
                    "missing-key", f"nothing stands after {key}:", f"write {key}: {_SUCH_AS[key]}", (key,), key=True
                )

    def _check_types(self, root: Keys, data: dict[str, Any]) -> None:
        try:
            ScenarioFile.model_validate(data)
        except ValidationError as error:
            from cnnstep.surface.spec_faults import in_our_words

            tree = Document(self.document.source, root)
            for detail in error.errors(include_url=False):
                if fault := in_our_words(tree, detail):
                    self.found.append((_order(fault), fault))
                    self._set_aside(fault.path, data)
                elif detail["loc"]:
                    self.broken.add(str(detail["loc"][0]))

    def _set_aside(self, path: Path, data: dict[str, Any]) -> None:
        """Keeps a broken value from the engine: one number of an activation or optimizer, or all of a key."""
        owner = data.get(str(path[0])) if path else None
        if path[:1] in (("activation",), ("optimizer",)) and path[1:] != ("name",) and isinstance(owner, dict):
            owner.pop(path[-1], None)
        else:
            self.broken.update(str(part) for part in path[:1])

    def _matrices(self, data: dict[str, Any]) -> list[Path]:
        """Where matrices stand in this scenario."""
        samples = data.get("samples")
        batch = enumerate(samples if isinstance(samples, list) else [])
        inside = [("samples", k, key) for k, sample in batch if isinstance(sample, dict) for key in ("input", "target")]
        return [*((key,) for key in MATRICES), *inside]

    def _check_matrix(self, path: Path, data: dict[str, Any]) -> None:
        """Rows of equal length; and the numbers of a file in the place of its name."""
        node = self.document.locate((*self.at, *path))
        owner: Any = data
        for part in path[:-1]:
            owner = owner[part]
        value = owner.get(path[-1])
        if isinstance(value, list) and isinstance(node, Items):
            for odd in uneven(self.document.source, str(path[-1]), node):
                self._note("ragged", odd.what, odd.hint, (*path, *odd.place))
        elif isinstance(value, dict) and path[0] not in self.broken:
            owner[path[-1]] = self._numbers_of(value["file"], path)

    def _numbers_of(self, name: str, path: Path) -> Any:
        """The array in a file; its faults keep their own file and line, and are told where the file is named."""
        from cnnstep.surface.files.number_files import read_numbers

        try:
            return read_numbers(self.document.source.folder / name, name)
        except InputError as error:
            here = self.document.fault("", "", "", (*self.at, *path, "file"))
            for fault in error.faults:
                placed = replace(
                    fault, path=path, file=here.file, line=here.line, column=here.column, source=here.source
                )
                self.found.append((_order(here), replace(fault, path=path) if fault.line else placed))
            self.broken.add(str(path[0]))
            return None

    def _built(self, data: dict[str, Any]) -> Scenario | None:
        """The scenario of the keys that are whole; None stands for the others, and what is said of it is dropped."""
        whole = {key: value for key, value in data.items() if key in ScenarioFile.model_fields}
        given = whole | {key: None for key in self.broken if key in ScenarioFile.model_fields}
        try:
            return one_filter(**given)
        except InputError as error:
            for fault in error.faults:
                self._note_from_engine(fault)
            return None

    def _note_from_engine(self, fault: Fault) -> None:
        top = fault.path[:1]
        if (fault.code == "missing-key" and top in ((), ("samples",))) or self.broken.intersection(top):
            return
        path = fault.path
        node = self.document.locate((*self.at, *path))
        if fault.code.startswith("unknown-") and fault.code != "unknown-key" and isinstance(node, Keys):
            path, node = (*path, "name"), node.get("name") or node
        hint = (fault.code == "shape" and decimal_comma(self.document.source, node)) or fault.hint
        placed = self.document.fault(fault.code, fault.what, hint, (*self.at, *path), key=fault.code == "unknown-key")
        self.found.append((_order(placed), replace(placed, path=path)))


_SUCH_AS = {
    "input": "[[…], […]]",
    "filter": "[[…], […]]",
    "target": "[[…], […]]",
    "activation": "relu",
    "learning_rate": "0.5",
    "samples": "[{input: …, target: …}, …]",
}
