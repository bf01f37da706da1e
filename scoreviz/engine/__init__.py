"""The compute process: trains, samples, and evaluates what is on screen. It never imports Qt."""
