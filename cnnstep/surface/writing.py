"""A scenario as the text of a file, and a text as a file: whole or not at all, and never over another one unasked."""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstep.errors import Fault, InputError
from cnnstep.surface.files.source import quoted

if TYPE_CHECKING:
    from cnnstep.engine.scenario import Scenario

_PLAIN_TEXT = re.compile(r"\w(?:[\w ,'()./+-]*[\w)])?")


def dump(scenario: Scenario, *, schema: str | None = None) -> str:
    """The scenario file that reads back as this scenario: matrices row by row, what is at its default left out.

    With `schema`, the address of the JSON Schema, the first line tells it to editors.
    """
    from cnnstep.surface.spec import KEYS, defaults

    usual, data = defaults(), scenario.data()
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    for key in KEYS:
        if key in data and not (key in usual and data[key] == usual[key]):
            lines.append(_entry(key, _shortened(key, data[key]), ""))
    return "\n".join(lines) + "\n"


def _shortened(key: str, value: Any) -> Any:
    """The name alone, where the numbers that go with it are the ones it has by itself."""
    from cnnstep.engine.activations import ACTIVATIONS
    from cnnstep.engine.optimizers import OPTIMIZERS

    if key not in ("activation", "optimizer") or not isinstance(value, dict):
        return value
    name = value["name"]
    usual = (ACTIVATIONS if key == "activation" else OPTIMIZERS)[name]().parameters
    return name if value == {"name": name, **usual} else value


def _entry(key: str, value: Any, indent: str) -> str:
    if key == "samples":
        leads = (("input", "  - "), ("target", "    "))
        return "\n".join(["samples:", *(_entry(part, sample[part], lead) for sample in value for part, lead in leads)])
    start = f"{indent}{key}: "
    return start + _value(value, len(start))


def _value(value: Any, column: int) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(part, 0)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return _matrix(value, column)
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _matrix(value: list[Any], column: int) -> str:
    """One row a line, each number under the one above it; outer brackets open before the first row."""
    widths = [max(map(len, numbers)) for numbers in zip(*_rows(value), strict=True)]

    def lines(part: list[Any], column: int) -> str:
        if not any(isinstance(item, list) for item in part):
            numbers = zip(part, widths, strict=True)
            return "[" + ", ".join(json.dumps(item).rjust(width) for item, width in numbers) + "]"
        return "[" + (",\n" + " " * (column + 1)).join(lines(item, column + 1) for item in part) + "]"

    return lines(value, column)


def _rows(value: list[Any]) -> list[list[str]]:
    """The innermost lists, as they are written."""
    if isinstance(value[0], list):
        return [row for part in value for row in _rows(part)]
    return [[json.dumps(item) for item in value]]


def _text(text: str) -> str:
    """The text as it stands, or in quotes where YAML would read something else."""
    if _PLAIN_TEXT.fullmatch(text):
        return text
    escaped = (c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return '"' + "".join(escaped) + '"'


def write_file(path: Path | str, content: str | Iterable[bytes], force: bool = False) -> None:
    """Writes a file that is there whole or not at all; over an existing one only with `force`.

    The content is a text, or pieces of bytes that are written one after another.
    """
    shown, target = str(path), Path(path)
    try:
        target = target.resolve()  # a link stays a link, and what it points to is replaced
        mode = target.stat().st_mode if target.exists() else None
        _check_kind(mode, shown)
        pieces = (content.encode("utf-8"),) if isinstance(content, str) else content
        _write_beside(target, pieces, mode, force)
    except (OSError, ValueError) as error:
        raise InputError(_cannot_write(shown, error)) from error


def check_free(path: Path | str, force: bool = False) -> None:
    """The fault that `write_file` would end with for this name, as far as it can be known before there is content."""
    shown, target = str(path), Path(path)
    try:
        target = target.resolve()
        exists = target.exists()
        _check_kind(target.stat().st_mode if exists else None, shown)
        if exists and not force:
            raise FileExistsError
        if not target.parent.is_dir():
            raise FileNotFoundError
    except (OSError, ValueError) as error:
        raise InputError(_cannot_write(shown, error)) from error


def _check_kind(mode: int | None, shown: str) -> None:
    """Only a file is ever replaced."""
    if mode is not None and not stat.S_ISREG(mode):
        what = f"{quoted(shown, 200)} is a {'folder' if stat.S_ISDIR(mode) else 'device, not a file'}"
        raise InputError(Fault("cannot-write", what, "give the name of a file", file=shown))


def _write_beside(target: Path, pieces: Iterable[bytes], mode: int | None, force: bool) -> None:
    """Written in full under another name in the same folder, and then given its own in one move."""
    draft = target.with_name(f".cnnstep-{secrets.token_hex(6)}.tmp")
    try:
        with draft.open("xb") as stream:
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            draft.chmod(stat.S_IMODE(mode))
        if force:
            draft.replace(target)
        else:
            _name(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def _name(draft: Path, target: Path) -> None:
    """Gives the draft its name, unless a file of that name has come up meanwhile."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the look and the move are two steps there
        if target.exists():
            raise FileExistsError from None
        draft.replace(target)


def _cannot_write(shown: str, error: OSError | ValueError) -> Fault:
    name = quoted(shown, 200)
    if isinstance(error, FileExistsError):
        what, hint = f"{name} exists already", "choose another name, or add --force to replace it"
        return Fault("exists", what, hint, file=shown)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Fault("not-found", f"there is no folder for {name}", "make the folder first", file=shown)
    if isinstance(error, PermissionError):
        return Fault("no-permission", f"you have no permission to write {name}", "write to another folder", file=shown)
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return Fault("cannot-write", f"{name} can't be written: {reason.lower()}", "write to another folder", file=shown)
