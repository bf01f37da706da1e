"""The ceilings that make one stop and think: 400 lines a file, 15 public methods a class, 40 lines a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FILE_LINES, PUBLIC_METHODS, FUNCTION_LINES = 400, 15, 40


def over_ceiling(path: Path) -> Iterator[str]:
    """One sentence for each ceiling that the file is over. An unreadable file is the linters' business."""
    source = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    if (lines := source.count("\n")) > FILE_LINES:
        yield f"{path.name}: {lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES:
                yield f"{path.name}:{node.lineno} {node.name}: {length} lines"
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef) and not part.name.startswith("_")]
            if len(methods) > PUBLIC_METHODS:
                yield f"{path.name}:{node.lineno} {node.name}: {len(methods)} public methods"
