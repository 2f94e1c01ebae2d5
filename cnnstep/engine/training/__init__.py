"""The same mathematics without the record: z = P·w over all patches at once, one run or many thousand.

`problem` is a scenario as matrices, a large layer by tiles. `kernels` chooses the shortest way to go on: vectors for
one filter, `relu_kernel` for many runs, `compiled` in machine code, and one way for any scenario.
`runs` carries them to their end: `run` trains one scenario, `sweep_block` many starting filters or learning rates of
it. Both say by the rules of `status` what became of a run, and at which iteration.
"""
