"""A scenario as a file: read with every fault at its place, written, and described by a JSON Schema."""
