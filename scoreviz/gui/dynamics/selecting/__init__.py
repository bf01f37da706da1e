"""Choosing, moving and changing marks that are drawn: their outlines, which one is chosen, and the tool that moves it."""
