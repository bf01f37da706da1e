"""`scoreviz bench`: the speed that scoreviz promises (DESIGN 10), one file a group of rows.

A new group is a module here with its own ROWS, and its name in `groups()`. Like every command the groups import nothing
heavy at module level: torch, the window and the engine are imported, or started, when a row is measured.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from scoreviz.cli.bench.rows import NotHere, Row


def groups() -> dict[str, tuple[Row, ...]]:
    """The rows, by what they measure, in the order in which they are measured."""
    from scoreviz.cli.bench import compute, frames, recording, startup

    layers = frames.LAYER_ROWS
    return {"startup": startup.ROWS, "compute": compute.ROWS, "frames": frames.ROWS, "layers": layers, "recording": recording.ROWS}


def rows() -> tuple[Row, ...]:
    """Every row."""
    return tuple(row for group in groups().values() for row in group)


def run(arguments: Sequence[str]) -> int:
    """Measure the rows asked for; 1 if one is beyond twice its bound or could not be measured, 2 for an unknown row."""
    known = {row.name: row for row in rows()}
    parser = argparse.ArgumentParser(
        prog="scoreviz bench",
        description="Measure the speed that scoreviz promises, against baselines of the same run. Exit code 1 only beyond twice a bound.",
        epilog="rows:\n" + "\n".join(f"  {row.name}: {row.what}" for row in known.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("rows", metavar="ROW", nargs="*", help="the rows to measure; without any, all")
    options = parser.parse_args(arguments)
    for name in options.rows:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean “{near[0]}”?" if near else ""
            print(f"scoreviz: There is no row “{name}”.{hint} Known: {', '.join(known)}.", file=sys.stderr)
            return 2
    results = []
    for row in (known[name] for name in options.rows or known):
        print(f"measuring {row.name} ...", file=sys.stderr, flush=True)
        results.append(measured(row))
    print(_json(results) if options.json else table(results))
    return 1 if any(result["verdict"] in ("fail", "error") for result in results) else 0


def measured(row: Row) -> dict[str, Any]:
    """One row's result. A row that raises is an error of its own; the others are still measured."""
    about = {"row": row.name, "what": row.what, "unit": row.unit, "compares": row.figure.value, "bound": row.bound, "against": row.baseline}
    try:
        found = row.measure()
        figure = row.figure.of(found.value, found.baseline)
        verdict: str = row.verdict(found)
    except NotHere as reason:
        return {**about, "verdict": "skipped", "note": str(reason)}
    except Exception as error:
        return {**about, "verdict": "error", "note": f"{type(error).__name__}: {error}"}
    return {
        **about,
        "value": found.value,
        "baseline": found.baseline,
        "figure": figure,
        "machine": found.machine,
        "within_bound": verdict == "pass",
        "within_twice": verdict != "fail",
        "verdict": verdict,
        "note": found.note,
    }


def table(results: Iterable[dict[str, Any]]) -> str:
    """The results for a person: the figure, its bound, and what it was made of."""
    lines = []
    for result in results:
        lines.append(f"{result['verdict']:<8} {result['row']}: {result['what']}")
        if "figure" in result:
            made_of = f"{result['value']:.4g} {result['unit']}"
            if result["baseline"] is not None:
                made_of += f" against {result['baseline']:.4g} {result['unit']} ({result['against']})"
            lines.append(f"         {result['compares']} = {result['figure']:.4g}, bound {result['bound']:.4g}: {made_of}")
            if result["machine"] > 0:
                lines.append(f"         of it {result['machine']:.4g} is the machine's share")
        if result["note"]:
            lines.append(f"         {result['note']}")
    return "\n".join(lines)


def _json(results: list[dict[str, Any]]) -> str:
    import json
    import os
    import platform

    from scoreviz import __version__

    machine = {"scoreviz": __version__, "python": platform.python_version(), "platform": platform.platform(), "cores": os.cpu_count()}
    return json.dumps({"machine": machine, "rows": results}, ensure_ascii=False, indent=1)
