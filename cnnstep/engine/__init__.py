"""What the numbers are: a scenario becomes a trace of steps. NumPy only; nothing here knows a screen."""
