"""What a sweep needs of the machine: processes or a cluster, a state file to go on from, files for its results."""
