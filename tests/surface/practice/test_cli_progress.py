"""`cnnstep progress` and `cnnstep paths`, as they are typed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from cnnstep.surface.practice.store import Store, progress_file
from cnnstep.tutor.practice.history import Event
from cnnstep.tutor.practice.skills import CORE, SKILLS
from tests.conftest import Golden, Program

HISTORY = [
    *(Event("forward", "right", level=3, seed=seed, at=1.0) for seed in range(4)),
    *(Event("activation", "right", seed=seed, kind="cell", at=1.0) for seed in range(2)),
    Event("error", "wrong", seed=3, mistakes=("squared-error",), at=1.0),
    Event("error", "wrong", seed=3, attempt=2, hints=2, mistakes=("absolute-error",), at=1.0),
    Event("error", "shown", seed=3, attempt=2, hints=3, at=1.0),
    Event("bias-gradient", "wrong", mistakes=("bias-gradient-not-summed",), at=1.0),
    Event("error", "wrong", seed=4, mistakes=("squared-error",), at=1.0),
]


def kept(home: Path, history: list[Event]) -> Path:
    with Store.open(home) as store:
        assert store.add(*history) == ""
    return progress_file(home)


class TestPage:
    @pytest.mark.parametrize("width", [40, 80, 120])
    @pytest.mark.parametrize("state", ["none", "some", "all"])
    def test_it_is_printed_as_it_was(
        self, cnnstep: Program, golden: Golden, own_home: Path, state: str, width: int
    ) -> None:
        every = [
            Event(skill.name, "right", level=skill.levels, seed=n, variant=variant, at=1.0)
            for skill in map(SKILLS.find, CORE)
            for n, variant in enumerate([*skill.variants, *skill.variants][: max(3, len(skill.variants))])
        ]
        kept(own_home, {"none": [], "some": HISTORY, "all": every}[state])
        ran = cnnstep("progress", width=width)
        assert (ran.code, ran.err) == (0, "")
        golden(f"golden/progress-{state}-{width}.txt", ran.out)

    def test_in_ascii_a_bar_is_a_bar(self, cnnstep: Program, own_home: Path) -> None:
        kept(own_home, HISTORY)
        ran = cnnstep("progress", env={"LC_ALL": "C"})
        assert ran.out.isascii()
        assert "####." in ran.out

    def test_as_json_it_is_data(self, cnnstep: Program, own_home: Path) -> None:
        kept(own_home, HISTORY)
        data = json.loads(cnnstep("progress", "--json").out)
        assert data["skills"][0]["answers"] == 4
        assert data["mistakes"][0] == {"code": "squared-error", "times": 2}
        assert data["next"]["skill"] == "error"

    def test_who_only_looks_makes_no_file(self, cnnstep: Program, own_home: Path) -> None:
        for arguments in (("progress",), ("progress", "--csv"), ("progress", "--json"), ("paths",)):
            assert cnnstep(*arguments).code == 0
        assert not own_home.exists()

    def test_a_damaged_file_is_set_aside_and_said_on_standard_error(self, cnnstep: Program, own_home: Path) -> None:
        path = kept(own_home, HISTORY)
        path.write_text("notes")
        ran = cnnstep("progress")
        assert ran.code == 0
        assert ran.out.startswith("Your progress\n")
        assert ran.err.startswith("The progress file is damaged. It was set aside as ")
        assert (own_home / "progress-aside-1.db").read_text() == "notes"

    def test_a_home_that_can_not_be_is_told_and_nothing_else_is_wrong(self, cnnstep: Program, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file")
        ran = cnnstep("progress", env={"CNNSTEP_HOME": str(tmp_path / "taken" / "home")})
        assert (ran.code, ran.err) == (0, "")
        assert "You have not begun yet." in ran.out


class TestReset:
    @pytest.mark.parametrize("yes", ["y", "Y", "yes", " yes \n", "y\r\n"])
    def test_yes_begins_anew_and_deletes_nothing(self, cnnstep: Program, own_home: Path, yes: str) -> None:
        path = kept(own_home, HISTORY)
        ran = cnnstep("progress", "--reset", "error", stdin=yes)
        assert (ran.code, ran.out) == (0, "")
        assert ran.err == (
            "Begin error anew? Its 3 answers stay in the file, but no longer count. [y/N] "
            "Done. cnnstep progress shows where you are.\n"
        )
        with Store.open(own_home) as store:
            *before, reset = store.history()
        assert before == HISTORY
        assert (reset.skill, reset.outcome) == ("error", "reset")
        assert reset.at > 1
        assert path.exists()

    @pytest.mark.parametrize("no", ["n\n", "\n", "maybe\n", ""])
    def test_anything_else_and_the_end_of_the_input_mean_no(self, cnnstep: Program, own_home: Path, no: str) -> None:
        kept(own_home, HISTORY)
        ran = cnnstep("progress", "--reset", "error", stdin=no)
        assert ran.code == 0
        assert ran.err.endswith("Nothing has changed.\n")
        with Store.open(own_home) as store:
            assert store.history() == HISTORY

    def test_all_begins_every_skill_anew(self, cnnstep: Program, own_home: Path) -> None:
        kept(own_home, HISTORY)
        assert cnnstep("progress", "--reset", "all", stdin="y\n").code == 0
        assert "You have not begun yet." in cnnstep("progress").out
        with Store.open(own_home) as store:
            resets = [event.skill for event in store.history() if event.outcome == "reset"]
        assert resets == ["forward", "activation", "error", "bias-gradient"]

    @pytest.mark.parametrize(("name", "where"), [("delta", "delta"), ("all", "any skill")])
    def test_nothing_is_asked_where_there_is_nothing_to_begin_anew(
        self, cnnstep: Program, name: str, where: str
    ) -> None:
        ran = cnnstep("progress", "--reset", name, stdin="y\n")
        assert (ran.code, ran.err) == (0, f"Nothing to begin anew: there are no answers in {where}.\n")

    def test_a_name_that_is_none_gets_the_nearest(self, cnnstep: Program) -> None:
        ran = cnnstep("progress", "--reset", "dleta", stdin="y\n")
        assert (ran.code, ran.err) == (2, 'There is no skill called "dleta".\n  Did you mean "delta"?\n')

    def test_where_it_can_not_be_kept_it_is_not_done(
        self, cnnstep: Program, own_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept(own_home, HISTORY)
        monkeypatch.setattr("cnnstep.surface.practice.store.write", _full)
        ran = cnnstep("progress", "--reset", "error", stdin="y\n")
        assert ran.code == 2
        assert "Your answers are not kept: the disk is full." in ran.err
        assert "Done" not in ran.err


def _full(path: Path, events: list[Event]) -> None:
    from cnnstep.surface.practice.database import UnreachableError

    if events:
        raise UnreachableError("the disk is full")


class TestCsv:
    def test_a_row_for_each_learner_and_skill(self, cnnstep: Program, tmp_path: Path) -> None:
        kept(tmp_path / "anna", HISTORY)
        kept(tmp_path / "ben, c", [])
        ran = cnnstep("progress", "--csv", "anna/progress.db", "ben, c/progress.db")
        assert (ran.code, ran.err) == (0, "")
        rows = list(csv.DictReader(ran.out.splitlines()))
        assert [(row["learner"], row["skill"]) for row in rows] == [
            (learner, skill) for learner in ("anna", "ben, c") for skill in SKILLS
        ]
        assert {key: rows[2][key] for key in ("mastered", "answers", "right", "hints", "mistake")} == {
            "mastered": "no",
            "answers": "3",
            "right": "0",
            "hints": "3",
            "mistake": "squared-error",
        }
        data = json.loads(cnnstep("progress", "--json", env={"CNNSTEP_HOME": str(tmp_path / "anna")}).out)
        assert [float(row["mastery"]) for row in rows[: len(SKILLS)]] == [skill["mastery"] for skill in data["skills"]]

    def test_without_files_it_is_the_learner_s_own(self, cnnstep: Program, own_home: Path) -> None:
        kept(own_home, HISTORY)
        rows = list(csv.DictReader(cnnstep("progress", "--csv").out.splitlines()))
        assert {row["learner"] for row in rows} == {"me"}
        assert rows[0]["answers"] == "4"

    def test_a_file_that_can_not_be_read_is_a_row_with_its_reason(self, cnnstep: Program, tmp_path: Path) -> None:
        kept(tmp_path / "anna", HISTORY)
        (tmp_path / "notes.db").write_text("notes")
        ran = cnnstep("progress", "--csv", "nobody.db", "anna/progress.db", "notes.db")
        assert ran.code == 2
        rows = list(csv.DictReader(ran.out.splitlines()))
        assert [(row["learner"], row["fault"]) for row in rows if row["fault"]] == [
            ("nobody.db", 'there is no file "nobody.db"'),
            ("notes.db", '"notes.db" is damaged, or is no progress file'),
        ]
        assert sum(row["learner"] == "anna/progress.db" for row in rows) == len(SKILLS)
        assert ran.err == (
            'nobody.db: there is no file "nobody.db".\n  Check the name and the folder.\n\n'
            'notes.db: "notes.db" is damaged, or is no progress file.\n  A progress file is called progress.db.\n'
        )

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("anna.db",), "FILE needs --csv.\n  Type: cnnstep progress --csv anna.db.\n"),
            (("--csv", "--json"), "--csv and --json don't go together.\n  Leave out --json.\n"),
            (("--csv", "--reset", "delta"), "--csv and --reset don't go together.\n  Leave out --reset.\n"),
            (("--reset", "delta", "--json"), "--reset and --json don't go together.\n  Leave out --json.\n"),
        ],
    )
    def test_what_means_nothing_together_is_said(self, cnnstep: Program, arguments: tuple[str, ...], said: str) -> None:
        ran = cnnstep("progress", *arguments)
        assert (ran.code, ran.err) == (2, said)


class TestPaths:
    def test_it_shows_the_folder_the_file_and_how_much_is_in_it(self, cnnstep: Program, own_home: Path) -> None:
        path = kept(own_home, HISTORY)
        words = " ".join(cnnstep("paths", width=200).out.split())
        assert f"home {own_home} progress {path} 10 answers scenarios " in words

    def test_as_json(self, cnnstep: Program, own_home: Path) -> None:
        path = kept(own_home, HISTORY)
        data = json.loads(cnnstep("paths", "--json").out)
        assert (Path(data.pop("scenarios")) / "first-filter.yaml").exists()
        about = {"file": str(path), "exists": True, "answers": 10, "fault": None}
        assert data == {"schema": 1, "home": str(own_home), "progress": about}

    def test_a_file_that_is_not_there_yet(self, cnnstep: Program, own_home: Path) -> None:
        assert "not there yet: your first answer makes it" in cnnstep("paths", width=200).out
        about = {"file": str(progress_file(own_home)), "exists": False, "answers": None, "fault": None}
        assert json.loads(cnnstep("paths", "--json").out)["progress"] == about

    def test_a_file_that_can_not_be_used_stays_and_is_said(self, cnnstep: Program, own_home: Path) -> None:
        path = kept(own_home, HISTORY)
        path.write_text("notes")
        out = " ".join(cnnstep("paths", width=200).out.split())
        assert "not usable as it is" in out
        assert f'✗ "{path}" is damaged, or is no progress file.' in out
        assert path.read_text() == "notes"
        assert json.loads(cnnstep("paths", "--json").out)["progress"]["exists"] is True
