"""What is refused before anything is known of scenarios: each with its place, and quickly."""

from __future__ import annotations

import time

import pytest

from cnnstep.errors import InputError
from cnnstep.surface.files.source import Source
from cnnstep.surface.files.yaml_reader import Keys, Scalar, YamlDocument, plain, read_yaml
from tests.surface.scenario_texts import FIRST, faults_of, first_with, only, said


def test_a_word_is_a_number_only_where_it_spells_one() -> None:
    text = "[1e-3, -.5, .5, +1, 1., 0x1, no, true, .nan, .inf, 1:30, 2024-01-01, 1_000, '1', ~, 1e400, 010]"
    expected = [0.001, -0.5, 0.5, 1, 1.0, "0x1", "no", "true", ".nan", ".inf", "1:30", "2024-01-01", "1_000", "1"]
    assert plain(read_yaml(Source(text)).root) == [*expected, None, "1e400", "010"]


def test_a_whole_number_stays_one_unless_it_has_a_point() -> None:
    values = plain(read_yaml(Source("[3, 1e3, 3.0]")).root)
    assert [(3, int), (1000, int), (3.0, float)] == [(value, type(value)) for value in values]


@pytest.mark.parametrize(("brackets", "column"), [("[", 25), ("{", 25), ("- ", 49), ("? ", 49), ("[{", 25)])
def test_a_hundred_thousand_brackets_are_refused_in_a_moment(brackets: str, column: int) -> None:
    begin = time.perf_counter()
    fault = only(brackets * 100_000)
    assert time.perf_counter() - begin < 5.0
    assert (fault.code, fault.line, fault.column) == ("too-deep", 1, column)


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert [line for line in said(bomb) if line.endswith("alias")][:2] == ["1:4 alias", "2:4 alias"]


def test_aliases_anchors_and_tags_are_refused_where_they_stand() -> None:
    text = first_with("filter: [[1, -1], [1, 1]]", "filter: &f [[1, -1], [1, 1]]").replace("0.5", "!!float 0.5")
    assert said(text) == ["2:9 alias", "5:16 tag"]
    assert said(FIRST.replace("filter: ", "filter: &f ").replace("[[1, 0], [0, 1]]", "*f")) == [
        "2:9 alias",
        "3:9 alias",
    ]


def test_a_key_given_twice_names_the_line_of_the_first() -> None:
    fault = only(FIRST + "activation: tanh\n")
    assert (fault.line, fault.column, fault.source) == (6, 1, "activation: tanh")
    assert fault.what == '"activation" is given twice; the first time in line 4'


def test_a_second_document_is_refused_where_it_begins() -> None:
    assert said(FIRST + "---\na: 1\n") == ["6:1 several-documents"]
    assert read_yaml(Source(f"---\n{FIRST}...\n")).faults == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1 empty"),
        ("\n\n", "1:1 empty"),
        ("# only a comment\n", "1:1 empty"),
        ("---\n", "2:1 type"),
        ("3", "1:1 type"),
    ],
)
def test_a_file_without_keys_is_said_to_be_empty_or_without_keys(text: str, told: str) -> None:
    assert [told] == said(text)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\nb: [1, 2", (2, 9), "a list is never closed; it begins in line 2, column 4"),
        ("a: {b: 1", (1, 9), "a { is never closed"),
        ('a: "x', (1, 6), "a quote is never closed; it begins in line 1, column 4"),
        ("a: 1\n\tb: 2", (2, 1), "a tab stands where only spaces are allowed"),
        ("a: @x", (1, 4), "'@' can't begin a value"),
        ("a: b: c", (1, 5), "there is a colon too many here"),
        ("a: [1,,2]", (1, 7), "a value is missing here"),
        ("a: [1, 2}", (1, 9), "this list is not written correctly"),
        ("a: 1\nb\n", (2, 1), "a key has no colon after it"),
        ("a: - 1", (1, 4), "a - can't stand here"),
        ("[1]]", (1, 4), "the file should end here"),
        ("a: 1\n b: 2", (2, 3), "there is a colon too many here"),
        ("a:\n   - 1\n  - 2", (3, 3), "this line's indentation does not fit the lines above"),
        ('a: "\\q"', (1, 6), "this backslash has no meaning"),
        ("a: !q!x 1", (1, 4), "a ! begins a tag"),
        ("a: *", (1, 5), "* and & mean something else"),
        ('a: "\\UFFFFFFFF"', (1, 7), "a number in it is too large"),
        ("a: \x07", (1, 4), "the character U+0007"),
        ("? [1]\n: 2", (1, 3), "a key has to be a word"),
        ("a: %x", (1, 4), "'%' can't begin a value"),
        ("a: [1, [", (1, 9), "the file ends inside [ ] or { }"),
    ],
)
def test_broken_yaml_is_explained_at_its_place(text: str, place: tuple[int, int], words: str) -> None:
    fault = next(fault for fault in faults_of(text) if fault.code == "yaml")
    assert (fault.line, fault.column) == place
    assert fault.what.startswith(words) or words in fault.what
    assert fault.hint


def test_what_was_found_before_the_file_broke_off_is_told_too() -> None:
    assert said("a: &x 1\nb: [") == ["1:4 alias", "2:5 yaml"]


def test_an_escaped_control_character_never_gets_in() -> None:
    fault = only(FIRST + 'title: "\\e[31m"\n')
    assert (fault.line, fault.column, fault.code) == (6, 8, "yaml")
    assert "\x1b" not in fault.what


def test_a_fault_shows_its_line_with_every_character_in_its_column() -> None:
    fault = only(FIRST.replace("relu\n", "relu\t\t# \x01\n"))
    assert (fault.line, fault.column, fault.source) == (4, 21, "activation: relu  # �")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(ending: str) -> None:
    assert said(first_with("relu", "rleu").replace("\n", ending)) == ["4:13 unknown-activation"]


def test_a_signature_at_the_beginning_is_no_part_of_the_text() -> None:
    assert said("\ufeff" + first_with("input: ", "imput: ")) == ["1:1 unknown-key"]


def test_a_path_that_leads_nowhere_is_placed_at_its_nearest_ancestor() -> None:
    document = read_yaml(Source("a:\n  b: [1, [2]]\n"))
    assert isinstance(document, YamlDocument)
    places = {
        path: document.source.place(document.locate(path).index) for path in [("a", "b", 1, 0), ("a", "b", 7), ("x",)]
    }
    assert places == {("a", "b", 1, 0): (2, 11), ("a", "b", 7): (2, 6), ("x",): (1, 1)}
    assert document.source.place(document.locate(("a", "b"), key=True).index) == (2, 3)


def test_a_scalar_keeps_what_was_typed() -> None:
    root = read_yaml(Source("a: -0.180\nb: '1'\n")).root
    assert isinstance(root, Keys)
    a, b = root.get("a"), root.get("b")
    assert isinstance(a, Scalar)
    assert isinstance(b, Scalar)
    assert (a.text, a.value, b.text, b.value) == ("-0.180", -0.18, "1", "1")


def test_a_key_that_is_no_word_is_left_out_of_the_keys() -> None:
    document = read_yaml(Source("? [1]\n: 2\na: 3\n"))
    assert plain(document.root) == {"a": 3}
    assert [fault.code for fault in document.faults] == ["yaml"]


def test_faults_are_input_errors_that_name_the_file() -> None:
    with pytest.raises(InputError, match=r"^work\.yaml:1:6: a list is never closed"):
        read_yaml(Source("a: [1", "work.yaml"))
