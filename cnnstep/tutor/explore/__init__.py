"""Exploring a lesson as a pure function: where the cursor is, what a key makes of that, and what there is to see."""
