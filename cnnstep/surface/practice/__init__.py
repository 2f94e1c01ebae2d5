"""Where a learner's progress lives: a SQLite file that is only ever added to, and what happens where it can't be."""
