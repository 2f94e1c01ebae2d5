"""How a table looks at the terminal: numbers to the right, words wrapped, rows stacked where there is no room."""

from cnnstep.tutor.document import (
    Table,
)
from tests.surface.shown import shown


def test_a_table_puts_numbers_to_the_right_and_wraps_words() -> None:
    table = Table(
        ("iteration", "loss", "what happened"), ((0, 2.0, "two cells died"), (34, 0.125, "every cell is dead now"))
    )
    expected = """
  iteration   loss  what happened
  ────────────────────────────────────
          0  2      two cells died
         34  0.125  every cell is dead
                    now
"""
    assert expected == shown(table, width=40)


def test_a_stacked_row_leaves_out_what_it_has_no_value_for() -> None:
    table = Table(("layer", "weights", "gradient"), (("flatten1", "", ""), ("dense1", 4, "")))
    expected = """
  layer     flatten1

  layer     dense1
  weights   4
"""
    assert expected == shown(table, width=20)


def test_a_table_without_room_is_stacked() -> None:
    table = Table(("w0", "w1", "w2", "said"), ((1000.125, -2000.125, 3000.125, "fine"), (1.0, 2.0, 3.0, "")), "Runs")
    expected = """
Runs
  w0    1000.125
  w1    -2000.125
  w2    3000.125
  said  fine

  w0    1
  w1    2
  w2    3
"""
    assert expected == shown(table, width=30)


def test_a_table_of_no_columns_is_its_title() -> None:
    assert shown(Table((), (), "Runs")) == "\nRuns\n"
