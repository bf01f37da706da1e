"""The bar with play, step and the time line: the same on every tab."""
