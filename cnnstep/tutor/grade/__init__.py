"""A learner's own functions judged on cases from small to large, and the mistake named that gives their numbers."""
