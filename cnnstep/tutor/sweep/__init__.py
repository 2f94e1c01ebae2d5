"""Many runs of one scenario: random starting filters, or a map over learning rates, filter cells and biases.

A `Plan` says which runs; `runs.sweep` carries them out; a `Sweep` holds what became of them.
"""
