"""From the nodes of a file to a scenario, or to everything that is wrong with it, each thing at its place.

Three readings, each of what the one before left whole: the keys and kinds of values (`faults`), the rows and the number
files, and what the numbers mean together (the engine). A part with a fault is kept from the next reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from cnnstep.engine.build import rebuilt
from cnnstep.engine.keys import Part
from cnnstep.engine.layers.kinds import LAYERS
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.scenario_keys import KEYS, NETWORK, ONE_FILTER, REPLACED_BY_LAYERS, SAMPLE_KEYS, SUCH_AS, form_of
from cnnstep.errors import MOST_FAULTS, Fault, InputError, Path
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.yaml_reader import Items, Keys, Scalar, YamlDocument, decimal_comma, plain, uneven
from cnnstep.surface.scenario_file.faults import faults_of

NEEDED = {
    form.name: [key.name for key in form.keys if key.is_needed or key.name in SAMPLE_KEYS]
    for form in (ONE_FILTER, NETWORK)
}
"""Keys that a scenario can't do without; samples stand for input and target."""


def read_scenario(document: YamlDocument, at: Path = ()) -> Scenario:
    """The scenario that a document holds, or the part of it at the path `at`. `InputError` lists all faults."""
    reading = _ScenarioReading(document, at, [(_order(fault), fault) for fault in document.faults])
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
class _ScenarioReading:
    """One reading of one scenario: what was found wrong, with its order in the file, and the parts it spoils."""

    document: YamlDocument
    at: Path
    found: list[tuple[tuple[int, int], Fault]]
    broken: set[Path] = field(default_factory=set)

    def scenario(self) -> Scenario | None:
        root = self.document.locate(self.at)
        if not isinstance(root, Keys):
            what, needed = "a scenario is made of keys and values, and none stand here", NEEDED[ONE_FILTER.name]
            self._note("type", what, f"begin with {needed[0]}: [[…], […]]; needed are {', '.join(needed)}", ())
            return None
        data: dict[str, Any] = plain(root)
        form = form_of(data)
        if isinstance(title := root.get("title"), Scalar):
            data["title"] = " ".join(title.text.split("\n")).strip() if "\n" in title.text else title.text
        self._check_conflicts(data, form)
        self._check_keys(root, data, form)
        self._check_types(root, data, form)
        for path in matrix_paths(data):
            self._check_matrix(path, data)
        for key in ("samples", "test"):
            self._take_apart(key, data)
        return self._built(data, form)

    def _note(self, code: str, what: str, hint: str, path: Path, *, key: bool = False) -> None:
        fault = self.document.fault(code, what, hint, (*self.at, *path), key=key)
        self.found.append((_order(fault), replace(fault, path=path)))
        self._spoil(path)

    def _spoil(self, path: Path) -> None:
        if path:
            self.broken.add(part_of(path))

    def _is_broken(self, path: Path) -> bool:
        return path[:1] in self.broken or part_of(path) in self.broken

    def _check_conflicts(self, data: dict[str, Any], form: Part) -> None:
        """Keys that others replace, which are then left out of the reading."""
        replaced = [("layers", key) for key in REPLACED_BY_LAYERS] + [("samples", key) for key in ("input", "target")]
        for by, key in replaced:
            if data.get(by) is not None and key in data:
                what = f"{by} replaces {key}, and both are given"
                self._note("conflict", what, f"leave {key} out, or {by}", (key,), key=True)
                del data[key]
        if "test" in data and "test" not in form.names:
            what = "test goes with layers, and there are none"
            self._note("conflict", what, "leave test out", ("test",), key=True)
            del data["test"]

    def _check_keys(self, root: Keys, data: dict[str, Any], form: Part) -> None:
        """Which keys are there; samples stand for input and target."""
        replaced = {"input", "target"} if root.get("samples") is not None else set()
        self.broken.update((key,) for key in replaced)
        unknown = islice((key for key in data if key not in KEYS), MOST_FAULTS)
        meant = {did_you_mean(key, KEYS) for key in unknown}
        for key in NEEDED[form.name]:
            if key in data or key in replaced:
                continue
            self.broken.add((key,))
            if f'did you mean "{key}"?' not in meant:  # which is told with the key that stands there
                self._note("missing-key", f"{key} is missing", f"add it: {key}: {SUCH_AS[key]}", ())
        for key in ("input", "target", "samples", "test", "layers"):
            if isinstance(node := root.get(key), Scalar) and node.value is None:
                what, hint = f"nothing stands after {key}:", f"write {key}: {SUCH_AS[key]}"
                self._note("missing-key", what, hint, (key,), key=True)
                data.pop(key, None)

    def _check_types(self, root: Keys, data: dict[str, Any], form: Part) -> None:
        for path, fault in faults_of(YamlDocument(self.document.source, root), data, form):
            if fault:
                self.found.append((_order(fault), fault))
            self._set_aside(path, data)

    def _set_aside(self, path: Path, data: dict[str, Any]) -> None:
        """Keeps a broken value from the engine: one number of an activation or optimizer, a layer, or a whole key."""
        owner = data.get(str(path[0])) if path else None
        if path[:1] in (("activation",), ("optimizer",)) and path[1:] != ("name",) and isinstance(owner, dict):
            owner.pop(path[-1], None)
            return
        self._spoil(path)
        if path[:1] == ("layers",) and len(path) > 1 and isinstance(owner, list) and isinstance(path[1], int):
            layer = owner[path[1]]
            rest = layer.items() if isinstance(layer, dict) else ()
            owner[path[1]] = {key: value for key, value in rest if key in ("type", "name") and isinstance(value, str)}

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
        elif isinstance(value, dict) and "file" in value and not self._is_broken(path):
            owner[path[-1]] = self._numbers_of(value, path)

    def _numbers_of(self, named: dict[str, Any], path: Path) -> Any:
        """The array in a file; its faults keep their own file and line, and stand where the file is named."""
        from cnnstep.surface.files.number_files import read_numbers

        name = named["file"]
        try:
            array = read_numbers(self.document.source.folder / name, name, named.get("key", ""))
        except InputError as error:
            at = "key" if error.faults[0].code == "unknown-array" and "key" in named else "file"
            here = self.document.fault("", "", "", (*self.at, *path, at))
            for fault in error.faults:
                placed = replace(
                    fault, path=path, file=here.file, line=here.line, column=here.column, source=here.source
                )
                self.found.append((_order(here), replace(fault, path=path) if fault.line else placed))
            self.broken.add(part_of(path))
            return None
        row = path[-1] == "bias" and array.ndim == 2 and 1 in array.shape
        return (array.reshape(-1) if row else array) / named.get("divide_by", 1)

    def _take_apart(self, key: str, data: dict[str, Any]) -> None:
        """A batch in two files as pairs."""
        batch = data.get(key)
        if not isinstance(batch, dict) or self._is_broken((key,)):
            return
        layers = data.get("layers")
        last = layers[-1] if isinstance(layers, list) and layers else None
        try:
            data[key] = pairs_of(key, batch, classes=isinstance(last, dict) and last.get("type") == "softmax")
        except InputError as error:
            for fault in error.faults:
                self._note(fault.code, fault.what, fault.hint, fault.path)

    def _built(self, data: dict[str, Any], form: Part) -> Scenario | None:
        """The scenario of the parts that are whole; None stands for the others, and what is said of it is dropped."""
        known = form.names
        given = {key: value for key, value in data.items() if key in known}
        whole = [str(path[0]) for path in self.broken if len(path) == 1 and path[0] in known]
        given |= {key: () if key == "layers" else None for key in whole}
        try:
            return rebuilt(given)
        except InputError as error:
            for fault in self._first_of_each(error.faults):
                self._note_from_engine(fault)
            return None

    def _in_files(self, path: Path) -> bool:
        """Whether this is about one sample of a batch that stands in files."""
        samples = path[:1] in (("samples",), ("test",)) and len(path) > 1 and isinstance(path[1], int)
        return samples and isinstance(self.document.locate((*self.at, path[0])), Keys)

    def _first_of_each(self, faults: Iterable[Fault]) -> list[Fault]:
        """The faults; one that many samples of a file share is reported once, for the first of them."""
        first: dict[object, Fault] = {}
        for fault in faults:
            shared = (fault.path[0], fault.path[2:], fault.what) if self._in_files(fault.path) else fault
            first.setdefault(shared, fault)
        return [*first.values()]

    def _note_from_engine(self, fault: Fault) -> None:
        path, what = fault.path, fault.what
        if (fault.code == "missing-key" and path[:1] in ((), ("samples",), ("test",))) or self._is_broken(path):
            return
        if self._in_files(path):
            path, what = (path[0], *path[2:]), f"{what} (sample {path[1]} of the file)"
        node = self.document.locate((*self.at, *path))
        if fault.code.startswith("unknown-") and fault.code != "unknown-key" and isinstance(node, Keys):
            path, node = (*path, "name"), node.get("name") or node
        hint = (fault.code == "shape" and decimal_comma(self.document.source, node)) or fault.hint
        placed = self.document.fault(fault.code, what, hint, (*self.at, *path), key=fault.code == "unknown-key")
        self.found.append((_order(placed), replace(placed, path=path)))


def matrix_paths(data: Mapping[str, Any]) -> list[Path]:
    """Where matrices, and files of them, may stand in this scenario."""
    found: list[Path] = [(key.name,) for key in ONE_FILTER.keys if key.takes_file]
    for key in ("samples", "test"):
        samples = data.get(key)
        places: list[Path] = [(key,)] if isinstance(samples, dict) else []
        if isinstance(samples, list):
            places = [(key, index) for index, one in enumerate(samples) if isinstance(one, dict)]
        found.extend((*place, part) for place in places for part in SAMPLE_KEYS)
    layers = data.get("layers")
    for index, layer in enumerate(layers if isinstance(layers, list) else []):
        kind = str(layer.get("type")) if isinstance(layer, dict) else ""
        keys = LAYERS[kind].keys if kind in LAYERS else ()
        found.extend(("layers", index, key.name) for key in keys if key.takes_file and key.name in layer)
    return found


def part_of(path: Path) -> Path:
    """What a fault at this path spoils: one layer, or all that stands under a key."""
    return path[:2] if path[:1] == ("layers",) else path[:1]


def pairs_of(key: str, batch: Mapping[str, Any], classes: bool) -> list[dict[str, Any]]:
    """`[{input, target}, …]` of the arrays of a batch; with `classes`, single numbers are those of classes."""
    inputs, targets = batch["input"], batch["target"]
    if inputs.ndim not in (3, 4):
        what = f"the file of inputs is {_size(inputs)}; it must hold one image for each sample"
        raise InputError(Fault("shape", what, "save it as [N][H][W], or [N][C][H][W] with channels", (key, "input")))
    if targets.ndim == 2 and 1 in targets.shape and targets.size == len(inputs):
        targets = targets.reshape(-1)  # one column, or one line, of a .csv
    if len(targets) != len(inputs):
        what = f"there are {len(inputs)} inputs and {len(targets)} targets"
        raise InputError(Fault("shape", what, "give as many targets as inputs, in the same order", (key, "target")))
    written: list[Any] = _classes(key, targets) if classes and targets.ndim == 1 else _arrays(targets)
    return [{"input": image, "target": target} for image, target in zip(inputs, written, strict=True)]


def _arrays(targets: Array) -> list[Array]:
    return [*targets] if targets.ndim > 1 else [*targets[:, None]]


def _classes(key: str, targets: Array) -> list[dict[str, int]]:
    odd = next((k for k, number in enumerate(targets) if not float(number).is_integer()), None)
    if odd is not None:
        what = f"sample {odd} has the class {targets[odd]:g}; a class is a whole number"
        raise InputError(Fault("value", what, "write the classes as 0, 1, 2, …", (key, "target")))
    return [{"class": int(number)} for number in targets]


def _size(array: Array) -> str:
    return "×".join(str(n) for n in array.shape)
