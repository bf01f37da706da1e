"""The page “Steps”: sampler and training line by line, and one substep taken apart."""
