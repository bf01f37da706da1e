"""One point of the picture looked at closely: the probe, its fan of targets, its past, and particles dropped into the run."""
