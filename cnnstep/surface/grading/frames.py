"""Frames: what goes through the channel between the program and the child, JSON and the arrays that it speaks of."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import IO, Any

HEAD = struct.Struct(">QQ")
"""How many bytes of JSON follow, and how many of arrays."""
LARGEST = 2**24
"""Bytes of one part of a frame, and of one array: more than any case has."""

Frame = tuple[dict[str, Any], list[Any]]
"""JSON, and the arrays that it speaks of by their numbers."""


def write_frame(stream: IO[bytes], data: dict[str, Any], arrays: Sequence[Any]) -> None:
    """One frame: lengths, JSON, the arrays' bytes one after another."""
    raw = [array.tobytes() for array in arrays]
    shapes = [[array.dtype.str, list(array.shape)] for array in arrays]
    text = json.dumps({**data, "arrays": shapes}).encode()
    stream.write(HEAD.pack(len(text), sum(map(len, raw))) + text + b"".join(raw))
    stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame; None at the end, ValueError where it is none."""
    import numpy as np

    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    sizes = HEAD.unpack(head)
    if max(sizes) > LARGEST:
        raise ValueError
    text, raw = (stream.read(size) for size in sizes)
    if len(text) < sizes[0] or len(raw) < sizes[1]:
        return None
    data = json.loads(text)
    arrays, start = [], 0
    for kind, shape in data["arrays"]:
        dtype = np.dtype(kind)
        if dtype.kind not in "biufc":
            raise ValueError
        size = dtype.itemsize * int(np.prod(shape))
        arrays.append(np.frombuffer(raw[start : start + size], dtype).reshape(shape))
        start += size
    return data, arrays
