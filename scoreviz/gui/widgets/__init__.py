"""Widgets of our own: they know the theme and nothing of the scene."""
