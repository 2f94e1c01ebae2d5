"""From a learner's own numbers to what went wrong in them."""
