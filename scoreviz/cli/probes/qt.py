"""Which Qt is loaded, by PySide6 of which version."""

from __future__ import annotations

import json

import PySide6
from PySide6 import QtWidgets  # the import that fails where a system library is missing
from PySide6.QtCore import qVersion


def main() -> None:
    """Print both versions."""
    assert QtWidgets is not None
    print(json.dumps({"PySide6": PySide6.__version__, "Qt": qVersion()}))


if __name__ == "__main__":
    main()
