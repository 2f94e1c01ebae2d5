"""A learner's own functions carried out, in a process of their own with limits, or where they are."""
