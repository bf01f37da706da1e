"""`scoreviz selftest`: closed-form checks of everything that is registered, as a table of what was measured and what it must be."""

from __future__ import annotations

import argparse
import difflib
import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scoreviz.cli.arguments import Arguments, bar, guarded
from scoreviz.scene.errors import SceneError

if TYPE_CHECKING:
    from scoreviz.maths.selftest import Check, Result

EPILOG = """\
Each line is one number whose exact value is known: |measured - expected| must not exceed the tolerance. All random numbers are seeded,
so the same machine and versions give the same figures. --json prints one JSON object a line as the checks finish: first {"total": N},
then one for each check, last {"passed": ..., "failed": ..., "seconds": ...}."""


def run(arguments: Sequence[str]) -> int:
    """Check; 0 all hold, 1 something does not, 2 bad input, 130 interrupted."""
    return guarded(lambda: _run(_parser().parse_args(arguments)))


def _parser() -> Arguments:
    parser = Arguments(
        prog="scoreviz selftest", description="Check every sampler, noise process, objective and measure against a closed form.",
        epilog=EPILOG,
    )  # fmt: skip
    parser.add_argument("--only", metavar="NAME", help="the checks of one thing or of one kind: heun, langevin, sampler, measure, ...")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of the table")
    parser.add_argument("--progress", action="store_true", help="show a progress bar even where stderr is no terminal")
    return parser


def _run(options: argparse.Namespace) -> int:
    from scoreviz.engine.threads import threads
    from scoreviz.maths import selftest

    chosen = _chosen(list(selftest.checks()), options.only)
    began = time.monotonic()
    if options.json:
        _print({"total": len(chosen)})
    found: list[Result] = []
    with threads(1), bar("checking", forced=options.progress, unit=" checks") as advance:
        for k, check in enumerate(chosen, 1):
            found.append(selftest.carry_out(check))
            advance(k, len(chosen))
            if options.json:
                _print(row(found[-1]))
    missing = [] if options.only else selftest.missing()
    failed = sum(not result.passed for result in found) + len(missing)
    seconds = time.monotonic() - began
    if options.json:
        unchecked = [f"{kind} {name}" for kind, name in missing]
        _print({"passed": len(found) - (failed - len(missing)), "failed": failed, "missing": unchecked, "seconds": round(seconds, 2)})
    else:
        print(table(found, missing, seconds))
    return 1 if failed else 0


def _chosen(checks: list[Check], only: str | None) -> list[Check]:
    """All, or those of one name or kind. SceneError for one that nothing has."""
    if only is None:
        return checks
    chosen = [check for check in checks if only in (check.name, check.kind)]
    if not chosen:
        names = sorted({check.name for check in checks} | {check.kind for check in checks})
        near = difflib.get_close_matches(only, names, 1)
        hint = f"Did you mean “{near[0]}”? " if near else ""
        raise SceneError("Nothing is called “{name}”. {hint}Known: {known}.", name=only, hint=hint, known=", ".join(names))
    return chosen


def row(result: Result) -> dict[str, Any]:
    """A result as JSON; a number that does not exist is null."""
    numbers = {name: getattr(result, name) for name in ("measured", "expected", "tolerance")}
    return {
        "kind": result.kind, "name": result.name, "says": result.says,
        **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
        "passed": result.passed, "seconds": round(result.seconds, 3), "error": result.error,
    }  # fmt: skip


def table(found: Sequence[Result], missing: Sequence[tuple[str, str]], seconds: float) -> str:
    """For a person: a line a check, then what failed."""
    lines = [("kind", "name", "what", "measured", "expected", "tolerance", "")]
    for r in found:
        numbers = (r.error, "", "") if r.error else (_figure(r.measured), _figure(r.expected), _figure(r.tolerance))
        lines.append((r.kind, r.name, r.says, *numbers, "ok" if r.passed else "FAILED"))
    lines += [(kind, name, "no check is of it", "", "", "", "FAILED") for kind, name in missing]
    widths = [max(len(line[k]) for line in lines if not (k == 3 and line[4] == "")) for k in range(6)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)) + f"  {line[6]}" for line in lines]
    failed = [line for line in lines if line[6] == "FAILED"]
    verdict = f"{len(failed)} of {len(lines) - 1} failed" if failed else f"All {len(lines) - 1} checks hold"
    return "\n".join([*text, "", f"{verdict}; {seconds:.0f} s."])


def _figure(value: float) -> str:
    return f"{value:.5g}"


def _print(fields: dict[str, Any]) -> None:
    import json

    print(json.dumps(fields, ensure_ascii=False), flush=True)
