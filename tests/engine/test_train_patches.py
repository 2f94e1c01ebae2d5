"""The patch matrix that a run uses again and again."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.patches import Geometry, PatchMemory, patch_matrix
from cnnstep.engine.quantity import frozen


def test_a_row_is_what_the_filter_sees_at_one_output_cell() -> None:
    image = np.array([[[[1.0, 2, 3], [4, 5, 6]]]])
    matrix = patch_matrix(image, (2, 2), Geometry())
    np.testing.assert_array_equal([[1, 2, 4, 5], [2, 3, 5, 6]], matrix)


def test_the_same_image_is_laid_out_once_and_another_one_anew() -> None:
    memory = PatchMemory((1, 1), Geometry())
    one, other = frozen([[[[1, 2]]]]), frozen([[[[3, 4]]]])
    first = memory.matrix(one)
    assert memory.matrix(one) is first
    np.testing.assert_array_equal([[3], [4]], memory.matrix(other))
    np.testing.assert_array_equal([[1], [2]], memory.matrix(one))


def test_an_image_that_may_change_is_laid_out_every_time() -> None:
    memory = PatchMemory((1, 2), Geometry())
    image = np.array([[[[1.0, 2, 3]]]])
    np.testing.assert_array_equal([[1, 2], [2, 3]], memory.matrix(image))
    image[...] = 7
    np.testing.assert_array_equal([[7, 7], [7, 7]], memory.matrix(image))


def test_a_matrix_that_takes_much_room_is_not_kept() -> None:
    memory = PatchMemory((1, 1), Geometry())
    large = frozen(np.zeros((1, 1, 1, PatchMemory.LARGEST + 1)))
    assert memory.matrix(large) is not memory.matrix(large)
