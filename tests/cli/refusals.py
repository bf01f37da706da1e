"""What a command says when it cannot do what was asked."""

from __future__ import annotations

import pytest

from scoreviz.__main__ import main


def sentence_of(command: str, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line on stderr of a command that ends with 2 and prints nothing else."""
    assert main([command, *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("scoreviz: ")
    assert err.count("\n") == 1
    return err
