"""Two to four ways of sampling side by side, in step, and the error of each against its evaluations."""
