"""What is said about the numbers: traces, answers and commands become documents."""
