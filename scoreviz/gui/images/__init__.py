"""The Images tab: sampling with an image model, one substep at a time."""
