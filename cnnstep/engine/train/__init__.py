"""The same mathematics without the record: z = P·w over all patches at once, one run or many thousand.

`run` trains one scenario, `sweep_block` many starting filters or learning rates of it; both say by the rules of
`outcome.judge` what became of a run and at which iteration. `layer_gradient` is one pass of a layer too large
for its patch matrix.
"""

from cnnstep.engine.train.big_layer import layer_gradient
from cnnstep.engine.train.many_filters import Swept, sweep_block
from cnnstep.engine.train.one_run import Trained, run
from cnnstep.engine.train.standing import STATUSES

__all__ = ["STATUSES", "Swept", "Trained", "layer_gradient", "run", "sweep_block"]
