"""A scenario is found by its path, by its shipped name or on standard input; what is not found is told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cnnstep.errors import Fault, InputError
from cnnstep.surface import loading
from cnnstep.surface.files import source
from cnnstep.surface.loading import load, shipped
from tests.surface.scenario_texts import FIRST


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped scenarios of our own; the working folder is another one."""
    folder, elsewhere = tmp_path / "scenarios", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    for name, title in (("first-filter", "The first lesson"), ("stride", '"A stride: two"')):
        (folder / f"{name}.yaml").write_text(f"title: {title}\n{FIRST}", encoding="utf-8")
    monkeypatch.setattr(loading, "shipped_folder", lambda: folder)
    monkeypatch.chdir(elsewhere)
    return folder


def fault_of(name: str, stdin: io.BytesIO | io.StringIO | None = None) -> Fault:
    with pytest.raises(InputError) as caught:
        load(name, stdin=stdin)
    return caught.value.faults[0]


def test_shipped_scenarios_are_listed_by_name_with_their_titles(library: Path) -> None:
    assert [(one.name, one.title, one.path) for one in shipped()] == [
        ("first-filter", "The first lesson", library / "first-filter.yaml"),
        ("stride", "A stride: two", library / "stride.yaml"),
    ]


def test_the_scenarios_of_the_checkout_are_the_shipped_ones() -> None:
    assert loading.shipped_folder() == Path(loading.__file__).parents[2] / "scenarios"


def test_in_a_wheel_the_scenarios_are_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cnnstep" / "scenarios").mkdir(parents=True)
    monkeypatch.setattr(loading, "__file__", str(tmp_path / "cnnstep" / "surface" / "loading.py"))
    assert loading.shipped_folder() == tmp_path / "cnnstep" / "scenarios"


@pytest.mark.usefixtures("library")
def test_a_shipped_name_loads_from_any_folder() -> None:
    loaded = load("first-filter")
    assert (loaded.name, loaded.scenario.title) == ("first-filter", "The first lesson")
    assert loaded.file.endswith("first-filter.yaml")


@pytest.mark.usefixtures("library")
def test_a_path_loads_and_keeps_the_name_that_was_typed() -> None:
    Path("mine.yaml").write_text(FIRST, encoding="utf-8")
    loaded = load("mine.yaml")
    assert (loaded.name, loaded.file, loaded.scenario.learning_rate) == ("mine.yaml", "mine.yaml", 0.5)


def test_standard_input_is_read_as_bytes_or_as_text() -> None:
    for stdin in (io.BytesIO(FIRST.encode()), io.StringIO(FIRST), io.TextIOWrapper(io.BytesIO(FIRST.encode()))):
        loaded = load("-", stdin=stdin)
        assert (loaded.name, loaded.file, loaded.scenario.learning_rate) == ("-", "-", 0.5)


def test_a_fault_on_standard_input_is_placed_there() -> None:
    assert str(fault_of("-", io.BytesIO(b"input: [x"))).startswith("-:1:10: a list is never closed")


def test_standard_input_of_another_encoding_is_told() -> None:
    assert fault_of("-", io.BytesIO(b"a: \xe9")).code == "not-utf-8"


def test_standard_input_without_end_is_cut_off() -> None:
    assert fault_of("-", io.BytesIO(b"#" * (source.YAML_LIMIT + 1))).code == "too-large"


def test_without_a_stream_it_is_the_programs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(FIRST))
    assert load("-").scenario.learning_rate == 0.5


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("name", "what", "hint"),
    [
        ("first-filtr", 'there is no scenario called "first-filtr"', 'did you mean "first-filter"?'),
        ("First_Filter", 'there is no scenario called "First_Filter"', 'did you mean "first-filter"?'),
        ("xyz", 'there is no scenario called "xyz"', "available: first-filter, stride"),
        ("", 'there is no scenario called ""', "available: first-filter, stride"),
        ("stride.yaml", 'there is no file "stride.yaml"', "the shipped scenario is called stride"),
        ("strid.yaml", 'there is no file "strid.yaml"', 'did you mean "stride"?'),
        ("a/b", 'there is no file "a/b"', "check the name and the folder"),
    ],
)
def test_a_name_that_is_not_there_is_told_what_was_meant(name: str, what: str, hint: str) -> None:
    fault = fault_of(name)
    assert ("not-found", what, hint) == (fault.code, fault.what, fault.hint)


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    assert (fault_of(str(tmp_path)).code, fault_of(str(tmp_path)).hint) == ("is-a-directory", "name a file in it")


def test_a_file_without_permission_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "mine.yaml"
    monkeypatch.setattr(Path, "open", refuse)
    assert ("no-permission", f"try: chmod u+r {path}") == (fault_of(str(path)).code, fault_of(str(path)).hint)


def test_a_name_that_no_file_can_have_is_told() -> None:
    assert {"cannot-read"} == {fault_of("x" * 5000).code, fault_of("a\0b.yaml").code}
    assert "file name too long" in fault_of("x" * 5000).what


def test_500_megabytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(500_000_000)  # sparse: it takes no room on the disk
    assert fault_of(str(path)).code == "too-large"
    assert "larger than 1 MB" in fault_of(str(path)).what


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without end")
def test_a_file_without_end_is_cut_off() -> None:
    assert fault_of("/dev/zero").code == "too-large"


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        (b"a: 1\nb: \xc3\xa9\xff\n", (2, 5), "byte 11 of the file, 0xff, is not UTF-8 text"),
        (b"\xef\xbb\xbfa: \xff", (1, 4), "byte 7 of the file, 0xff, is not UTF-8 text"),
        (FIRST.encode("utf-16"), (1, None), "the file is written in UTF-16, not UTF-8"),
    ],
)
def test_a_byte_that_is_not_utf8_is_found(
    tmp_path: Path, content: bytes, place: tuple[int, int | None], what: str
) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(content)
    fault = fault_of(str(path))
    assert ("not-utf-8", what, *place) == (fault.code, fault.what, fault.line, fault.column)
