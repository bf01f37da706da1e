"""The command line: one file a command.

Nothing heavy is imported at module level, here or in any command: `scoreviz --help` knows neither Qt nor torch nor numpy,
and `tests/arch/test_light_commands.py` holds that.
"""
