"""What is added is one file, or one entry: a copy of the program gets it, and everything else knows of it.

A layer, a format: a file. A mistake, a session command: an entry in one file. An activation: one in the registry and
one with the words of its page.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import environment

PACKAGE = Path(__file__).parents[1] / "cnnstep"

NEGATE = '''
"""y = c·x."""

from dataclasses import dataclass
from types import MappingProxyType

from cnnstep.engine.keys import Key
from cnnstep.engine.layers.entry import Entry, layer_kind
from cnnstep.engine.layers.layer import Layer, Told
from cnnstep.engine.step import Factor, Term, Working, read
from cnnstep.registry import Real

BY = Key("by", Real(least=-10, most=10), -1, "What each number is multiplied by.")


@dataclass(frozen=True)
class Scaled(Layer):
    """y = c·x."""

    kind = "scaled"
    letter = "y"
    words = MappingProxyType({"forward": "scaled", "input_gradient": "scaled_gradient"})
    told = MappingProxyType({
        "forward": Told("Scaling", "one number in, one number out", "Every number is multiplied by the same."),
        "input_gradient": Told("Input gradient", "the number that it was", "It goes back times the same.", "the scale"),
    })
    by: float = -1

    def settings(self):
        return {"by": self.by}

    def output_size(self, size):
        return size

    def forward(self, context):
        x, y = context.source, context.quantity("forward", context.source.layout.axes)
        work = lambda values, cell: Working((Term((Factor("c", self.by), read(x, values, cell))),))
        compute = lambda values: self.by * values[x.name]
        return self.step(context, y, "forward", f"{y.symbol} = c·{x.symbol}", (x,), compute, work)

    def backward(self, context, upstream, *, send_back):
        back = context.like_source("input_gradient")
        work = lambda values, cell: Working((Term((Factor("c", self.by), *upstream.factors(values, cell))),))
        compute = lambda values: self.by * upstream.read(values)
        formula = f"{back.symbol} = c·{upstream.formula}"
        step = self.step(context, back, "input_gradient", formula, upstream.inputs, compute, work)
        return (step,) if send_back else ()


@layer_kind("scaled", "Every number times the same.", 2, (BY,))
def _read(entry: Entry):
    return Scaled(entry.real(BY))
'''
SCENARIO = """\
input: [[1, 2], [3, 4]]
target: [[[1, 2], [3, 4]]]
layers:
  - {type: conv, weights: [[[[2]]]]}
  - {type: scaled, by: -3}
learning_rate: 0.1
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with one file more."""
    home = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, home / "cnnstep", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE.parent / "scenarios", home / "scenarios")
    (home / "cnnstep" / "engine" / "layers" / "scaled.py").write_text(NEGATE, encoding="utf-8")
    (home / "mine.yaml").write_text(SCENARIO, encoding="utf-8")
    return home


def said(home: Path, *arguments: str, code: int = 0) -> str:
    """What a command of the copy prints."""
    command = [sys.executable, "-m", "cnnstep", *arguments]
    ran = subprocess.run(command, cwd=home, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == code, ran.stderr
    return ran.stdout + ran.stderr


def test_a_file_in_the_layers_folder_is_a_type_of_layer_that_runs(home: Path) -> None:
    ran = json.loads(said(home, "run", "mine.yaml", "--json"))
    steps = {step["name"]: step["value"] for step in ran["iterations"][0]["steps"]}
    assert steps["scaled1.forward"] == [[[-3 * 2 * 1, -3 * 2 * 2], [-3 * 2 * 3, -3 * 2 * 4]]]
    # δ = y − t = −6x − x, back through c = −3: 21x; ∂L/∂W = Σ 21x²
    assert steps["scaled1.input_gradient"] == [[[21 * 1, 21 * 2], [21 * 3, 21 * 4]]]
    assert steps["conv1.gradient"] == [[[[21 * (1 + 4 + 9 + 16)]]]]
    assert ran["scenario"]["layers"][1] == {"type": "scaled", "name": "scaled1", "by": -3}


def test_the_tutor_tells_of_it_in_its_own_words(home: Path) -> None:
    page = said(home, "run", "mine.yaml")
    assert "scaled1: scaling" in page
    assert "Every number is multiplied by the same." in page


def test_its_keys_are_in_the_schema_and_its_limits_are_told_at_their_place(home: Path) -> None:
    layer = json.loads(said(home, "schema"))["$defs"]["ScaledLayer"]
    assert layer["properties"]["by"] == {
        "default": -1,
        "description": "What each number is multiplied by.",
        "maximum": 10,
        "minimum": -10,
        "type": "number",
    }
    (home / "wrong.yaml").write_text(SCENARIO.replace("by: -3", "by: 11"), encoding="utf-8")
    assert "wrong.yaml:5:24: by is 11; it must be at most 10" in said(home, "run", "wrong.yaml", code=2)
    (home / "wrong.yaml").write_text(SCENARIO.replace("by: -3", "bye: 1"), encoding="utf-8")
    assert 'a scaled layer has no key "bye"' in said(home, "run", "wrong.yaml", code=2)
    (home / "wrong.yaml").write_text(SCENARIO.replace("type: scaled", "type: scald"), encoding="utf-8")
    assert 'Did you mean "scaled"?' in said(home, "run", "wrong.yaml", code=2)


SHOUT = '''
"""The headings, aloud."""

from cnnstep.tutor.document import Heading


def write(answer, screen):
    """Every heading on a line of its own."""
    return tuple(block.text.upper() + "\\n" for block in answer.blocks() if isinstance(block, Heading))
'''

CUBE = '''

@ACTIVATIONS.add("cube")
def cube() -> Activation:
    """φ(z) = z³."""
    return Activation(
        "cube",
        CaseFormula("{z}³"),
        CaseFormula("3·{z}²"),
        value=lambda z: z**3,
        slope=lambda z: 3 * z**2,
        value_at=lambda z: z**3,
        slope_at=lambda z: 3 * z**2,
    )
'''
CUBE_WORDS = """\
    "cube": ActivationWords("makes what is large larger", "cube is odd.", "Its slope is 0 at 0.", ("relu",)),
"""

DOUBLED = """

mistake(
    "error-doubled",
    "you took the error twice",
    "You took it twice.",
    "Everything after it is twice as large.",
    "Take it once.",
    skill="error",
    error=Alteration(result=lambda case, error: 2.5 * error),
)
"""

COUNT = """

def _count(session: Session, rest: str) -> Answer:
    return session, Reply((Paragraph(f"{len(session.iteration.lesson.steps)} steps."),))


COMMANDS["count"] = SessionCommand("count", "how many steps there are", _count)
"""


def appended(home: Path, file: str, text: str) -> None:
    path = home / "cnnstep" / file
    assert text not in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_a_format_is_a_file(home: Path) -> None:
    (home / "cnnstep" / "surface" / "formats" / "shout.py").write_text(SHOUT, encoding="utf-8")
    assert "ACTIVATION\n" in said(home, "run", "first-filter", "--format", "shout")
    assert 'Did you mean "shout"?' in said(home, "run", "first-filter", "--format", "shuot", code=2)


def test_an_activation_is_an_entry_and_its_words(home: Path) -> None:
    appended(home, "engine/activations.py", CUBE)
    words = home / "cnnstep" / "tutor" / "topics" / "activations.py"
    before, begin, after = words.read_text(encoding="utf-8").partition("WORDS: dict[str, ActivationWords] = {\n")
    words.write_text(before + begin + CUBE_WORDS + after, encoding="utf-8")
    text = "input: [[2]]\nfilter: [[1]]\ntarget: [[5]]\nactivation: cube\nlearning_rate: 0.5\n"
    (home / "cube.yaml").write_text(text, encoding="utf-8")
    ran = json.loads(said(home, "run", "cube.yaml", "--json"))
    steps = {step["name"]: step["value"] for step in ran["iterations"][0]["steps"]}
    # a = 2³, e = 8 − 5, δ = 3·(3·2²), ∂L/∂w = δ·2
    assert (steps["activation"], steps["delta"], steps["gradient"]) == ([[8]], [[36]], [[72]])
    assert "cube is odd." in said(home, "explain", "cube")
    assert "cube" in said(home, "explain")


def test_a_mistake_is_an_entry(home: Path) -> None:
    appended(home, "tutor/mistakes/error.py", DOUBLED)
    (home / "work.yaml").write_text("scenario: first-filter\nwork: {error: [[5, 0], [0, 0]]}\n", encoding="utf-8")
    assert "you took the error twice" in said(home, "check", "work.yaml", code=1)
    assert "Take it once." in said(home, "explain", "error-doubled")
    assert said(home, "run", "first-filter", "--mistake", "error-doubled")


def test_a_session_command_is_an_entry(home: Path) -> None:
    appended(home, "tutor/session/commands.py", COUNT)
    command = [sys.executable, "-m", "cnnstep", "step", "--interactive"]
    env = environment()
    ran = subprocess.run(
        command, cwd=home, env=env, input="count\nhelp\ncuont\n", capture_output=True, text=True, timeout=60, check=True
    )
    assert "6 steps." in ran.stdout
    assert "how many steps there are" in ran.stdout
    assert 'Did you mean "count"?' in ran.stdout + ran.stderr
