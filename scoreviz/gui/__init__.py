"""The window. The only layer that knows Qt; it never imports torch."""
