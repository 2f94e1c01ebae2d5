"""What an exercise asks: one step's numbers, a number of another kind, or a choice; each marks, hints and explains."""
