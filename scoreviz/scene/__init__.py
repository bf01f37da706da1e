"""The document: frozen specs of everything a person can choose, and nothing that computes.

Lowest layer but one: it imports neither Qt nor torch nor numpy at module level, so `scoreviz --help`
can list every sampler and every parameter in a fraction of a second.
"""
