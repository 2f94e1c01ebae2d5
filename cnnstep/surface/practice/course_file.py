"""A course's exercises from a YAML file: title, skill, scenario, the step that is asked, three hints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.errors import Path as Keypath
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.yaml_reader import Items, Keys, Node, Scalar, YamlDocument, read_yaml
from cnnstep.surface.loading import scenario_at, shipped_folder, source_of
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.practice.course import Course, Item
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.skills import SKILLS
from cnnstep.tutor.topics import known

T = TypeVar("T")
KEYS = ("title", "exercises")
ITEM_KEYS = (
    "title",
    "skill",
    "scenario",
    "step",
    "cell",
    "hidden",
    "hints",
    "mistakes",
    "text",
    "points",
    "read",
    "needs",
)
MOST_POINTS = 1000
EXAMPLE = "{title: …, skill: gradient, scenario: first-filter, step: gradient, hints: [where, idea, number]}"


@dataclass(frozen=True)
class ShippedCourse:
    """A course that comes with the program."""

    name: str
    path: Path

    @property
    def title(self) -> str:
        """Its title."""
        root = read_yaml(source_of(str(self.path))).root
        title = root.get("title") if isinstance(root, Keys) else None
        return title.text if isinstance(title, Scalar) else ""


def shipped_courses() -> list[ShippedCourse]:
    """The courses that come with the program, in the order of their names."""
    return [ShippedCourse(path.stem, path) for path in sorted((shipped_folder() / "courses").glob("*.yaml"))]


def load_course(name_or_path: str) -> Course:
    """The course in a file, or a shipped one; `InputError` with every fault at its place."""
    found = {one.name: one.path for one in shipped_courses()}
    path = found.get(name_or_path)
    try:
        source = source_of(str(path) if path else name_or_path)
    except InputError as error:
        if error.faults[0].code != "not-found" or Path(name_or_path).suffix:
            raise
        what, hint = f'there is no course called "{name_or_path[:80]}"', did_you_mean(name_or_path, found)
        raise InputError(Fault("not-found", what, hint)) from error
    return _Reader(read_yaml(source)).course()


class _Reader:
    """One file, read key by key; faults are collected and told together."""

    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.faults = list(document.faults)

    def course(self) -> Course:
        root = self.document.root
        if not isinstance(root, Keys):
            raise InputError(self.document.fault("type", "a course is made of keys and values", EXAMPLE, ()))
        self._known(root, KEYS, ())
        title, exercises = self._text(root, "title", ()), root.get("exercises")
        if not isinstance(exercises, Items) or not exercises.items:
            self._fault("missing-key", "exercises are missing", f"add it: exercises: [{EXAMPLE}]", ())
            exercises = Items(0, ())
        items = [self._item(node, ("exercises", at)) for at, node in enumerate(exercises.items)]
        self._titles_differ(items)
        self._needs_stand_before(items)
        if self.faults:
            raise InputError(sorted(self.faults, key=lambda fault: (fault.line or 0, fault.column or 0)))
        return Course(title, tuple(item for item in items if item is not None))

    def _titles_differ(self, items: list[Item | None]) -> None:
        """A history knows an exercise again by its title."""
        titles = [item.title if item else None for item in items]
        for at, title in enumerate(titles):
            if title is not None and title in titles[:at]:
                what, hint = f'there is a "{title}" already', "give each exercise a title of its own"
                self._fault("duplicate-title", what, hint, ("exercises", at, "title"))

    def _needs_stand_before(self, items: list[Item | None]) -> None:
        """What an exercise builds on comes before it."""
        titles = [item.title if item else "" for item in items]
        for at, item in enumerate(items):
            for title in item.needs if item else ():
                if title not in titles[:at]:
                    what = f'no exercise before this one is called "{title}"'
                    self._fault("needs", what, did_you_mean(title, titles[:at]), ("exercises", at, "needs"))

    def _fault(self, code: str, what: str, hint: str, path: Keypath, *, key: bool = False) -> None:
        self.faults.append(self.document.fault(code, what, hint, path, key=key))

    def _known(self, keys: Keys, known: tuple[str, ...], path: Keypath) -> None:
        for key, _ in keys.entries:
            if key.text not in known:
                hint = did_you_mean(key.text, known)
                self._fault("unknown-key", f'there is no key "{key.text}" here', hint, (*path, key.text), key=True)

    def _text(self, keys: Keys, key: str, path: Keypath) -> str:
        node = keys.get(key)
        if isinstance(node, Scalar) and node.text.strip():
            return node.text.strip()
        what = f"{key} is missing" if node is None else f"{key} must be a text"
        self._fault(
            "missing-key" if node is None else "type", what, f"add it: {key}: …", (*path, key) if node else path
        )
        return ""

    def _item(self, node: Node, path: Keypath) -> Item | None:
        if not isinstance(node, Keys):
            self._fault("type", "an exercise is made of keys and values", f"write {EXAMPLE}", path)
            return None
        self._known(node, ITEM_KEYS, path)
        before = len(self.faults)
        title, skill, step = (self._text(node, key, path) for key in ("title", "skill", "step"))
        if skill and skill not in SKILLS:
            what = f'there is no skill called "{skill}"'
            self._fault("unknown-skill", what, did_you_mean(skill, SKILLS), (*path, "skill"))
        hints = self._texts(node, "hints", path, needed=True)
        scenario = self._scenario(node, path)
        if len(self.faults) > before or scenario is None:
            return None
        question = self._question(node, scenario, step, hints, path)
        more = self._more(node, path)
        return None if question is None else Item(title, skill, _about(question, skill), *more)

    def _more(self, node: Keys, path: Keypath) -> tuple[str, float, str, tuple[str, ...]]:
        """What an exercise may have besides its question."""
        text, read, points = node.get("text"), node.get("read"), node.get("points")
        worth = points.value if isinstance(points, Scalar) else None
        if points is not None and not (isinstance(worth, int | float) and 0 <= worth <= MOST_POINTS):
            self._fault("points", "points must be a number, 0 or more", "write points: 2", (*path, "points"))
        page = ""
        if read is not None and (page := known(self._text(node, "read", path)) or "") == "":
            self._fault("unknown-topic", "there is no such page to read", "cnnstep explain lists them", (*path, "read"))
        said = self._text(node, "text", path) if text is not None else ""
        return said, float(worth) if isinstance(worth, int | float) else 1.0, page, self._texts(node, "needs", path)

    def _scenario(self, keys: Keys, path: Keypath) -> Scenario | None:
        node = keys.get("scenario")
        if node is None:
            self._fault("missing-key", "scenario is missing", "add it: scenario: first-filter", path)
            return None
        return scenario_at(self.document, node, (*path, "scenario"), self.faults)

    def _texts(self, keys: Keys, key: str, path: Keypath, *, needed: bool = False) -> tuple[str, ...]:
        node = keys.get(key)
        if isinstance(node, Items) and all(isinstance(item, Scalar) for item in node.items):
            return tuple(item.text.strip() for item in node.items if isinstance(item, Scalar))
        if node is not None or needed:
            what = f"{key} is missing" if node is None else f"{key} must be a list of texts"
            place = path if node is None else (*path, key)
            self._fault("missing-key" if node is None else "type", what, f"write {key}: [a, b, c]", place)
        return ()

    def _question(
        self, keys: Keys, scenario: Scenario, step: str, hints: tuple[str, ...], path: Keypath
    ) -> StepQuestion | None:
        hidden = self._texts(keys, "hidden", path)
        mistakes = self._texts(keys, "mistakes", path)
        question = StepQuestion(scenario, step, None, hidden, mistakes, hints)
        before = len(self.faults)
        for code in mistakes:
            self._found(MISTAKES.find, code, (*path, "mistakes"))
        asked = self._found(question.lesson.step, step, (*path, "step"))
        for name in hidden:
            one = self._found(question.lesson.step, name, (*path, "hidden"))
            if one and asked and one not in question.before:
                what, hint = f"{name} does not come before {step}", "hide steps that lead to it"
                self._fault("hidden", what, hint, (*path, "hidden"))
        if len(self.faults) > before:
            return None
        if (cell := keys.get("cell")) is None:
            return question
        place = self._cell(cell, question, (*path, "cell"))
        return None if place is None else replace(question, cell=place)

    def _found(self, find: Callable[[str], T], name: str, path: Keypath) -> T | None:
        """What has this name; where nothing has, that is a fault at this place."""
        try:
            return find(name)
        except InputError as error:
            for fault in error.faults:
                self._fault(fault.code, fault.what, fault.hint, path)
            return None

    def _cell(self, node: Node, question: StepQuestion, path: Keypath) -> tuple[int, ...] | None:
        shape = question.right.shape
        items = node.items if isinstance(node, Items) else ()
        values = [item.value if isinstance(item, Scalar) else None for item in items]
        cell = tuple(value for value in values if isinstance(value, int))
        if len(cell) == len(values) == len(shape) and all(0 <= i < n for i, n in zip(cell, shape, strict=True)):
            return cell
        what = f"{question.step.name} has no such cell; it is {'×'.join(map(str, shape)) or 'one number'}"
        self._fault("cell", what, "count from 0: cell: [0, 1]", path)
        return None


def _about(question: StepQuestion, skill: str) -> StepQuestion:
    """The question with the mistakes that it has to tell apart: those named, else all of its skill that show in it."""
    if question.tells:
        return question
    return replace(question, tells=tuple(code for code in SKILLS[skill].mistakes if code in question.by_mistake))
