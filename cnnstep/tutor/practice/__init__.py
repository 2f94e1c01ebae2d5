"""Exercises that know what went wrong: made from a seed, marked by `check`, chosen by what the learner can do."""
