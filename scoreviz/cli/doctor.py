"""`scoreviz doctor`: what this machine has, and what to do about what it lacks."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from scoreviz import __version__, resources
from scoreviz.cli import logs, probes, qt_libraries

REINSTALL = "Install scoreviz again: pip install -c constraints.txt ."
OTHER_PYSIDE = "Install a PySide6 without this fault: pip install 'PySide6-Essentials>=6.8,<6.12', or use Python 3.12 or later."
LIBRARIES = (
    "av", "diffusers", "msgspec", "numpy", "Pillow", "platformdirs", "pyqtgraph", "PyOpenGL", "safetensors", "scipy", "tqdm", "ziamath",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One line of the report. `note` is worth knowing and breaks nothing."""

    name: str
    value: str
    state: Literal["ok", "note", "broken"] = "ok"
    remedy: str = ""


def run(arguments: Sequence[str]) -> int:
    """Print the report; 1 if something is broken."""
    parser = argparse.ArgumentParser(prog="scoreviz doctor", description="Check this machine: versions, devices, libraries, folders.")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    options = parser.parse_args(arguments)
    found = list(findings())
    ok = all(finding.state != "broken" for finding in found)
    if options.json:
        import json

        print(json.dumps({"ok": ok, "findings": [asdict(finding) for finding in found]}, ensure_ascii=False, indent=1))
    else:
        print(table(found))
    return 0 if ok else 1


def table(found: Sequence[Finding]) -> str:
    """The report for a person: remedies stand under what they mend."""
    width = max(len(finding.name) for finding in found)
    lines = []
    for finding in found:
        sign = {"ok": " ", "note": "·", "broken": "!"}[finding.state]
        lines.append(f"{sign} {finding.name:<{width}}  {finding.value}")
        if finding.remedy:
            lines.append(f"  {'':<{width}}  -> {finding.remedy}")
    broken = [finding.name for finding in found if finding.state == "broken"]
    return "\n".join([*lines, "", f"Broken: {', '.join(broken)}." if broken else "Nothing is broken."])


def findings() -> Iterator[Finding]:
    """All checks. The probes are processes of their own and run while the rest is looked up."""
    obstacle = qt_libraries.trouble()
    headless = {"QT_QPA_PLATFORM": "offscreen"} if obstacle else None
    running = {
        "qt": probes.start("qt", headless),
        "gl": probes.start("gl", headless),
        "compute": probes.start("compute"),
        "none_references": probes.start("none_references"),
    }
    yield Finding("scoreviz", __version__)
    yield Finding("Python", f"{platform.python_version()} on {platform.platform()}")
    yield from map(_library, LIBRARIES)
    answers: dict[str, Any] = {}
    for name, process in running.items():
        try:
            answers[name] = probes.answer(process)
        except probes.ProbeFailed as error:
            answers[name] = error
    yield from _compute(answers["compute"])
    yield from _qt(answers["qt"])
    yield _system_libraries()
    yield Finding("display", obstacle, "note") if obstacle else Finding("display", qt_libraries.platform_of(os.environ) or sys.platform)
    yield _gl(answers["gl"])
    if isinstance(answers["qt"], probes.ProbeFailed):
        yield Finding("None references", "not counted, for PySide6 does not load", "note")
    else:
        yield none_references(answers["none_references"])
    yield _folder("log", logs.path().parent)
    yield _folder("autosaves", resources.autosave_folder())
    yield _folder("settings", resources.settings_folder())


def _library(name: str) -> Finding:
    try:
        return Finding(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, "missing", "broken", REINSTALL)


def _compute(answer: dict[str, Any] | probes.ProbeFailed) -> Iterator[Finding]:
    yield Finding("CPU cores", str(os.cpu_count()))
    if isinstance(answer, probes.ProbeFailed):
        yield Finding("torch", f"does not load: {answer}", "broken", REINSTALL)
        return
    yield Finding("torch", f"{answer['torch']}, {answer['threads']} threads")
    devices = [*answer["cuda"], *(["Apple GPU (MPS)"] if answer["mps"] else [])]
    yield Finding("GPU", ", ".join(devices) or "none; networks compute on the CPU")


def _qt(answer: dict[str, Any] | probes.ProbeFailed) -> Iterator[Finding]:
    if isinstance(answer, probes.ProbeFailed):
        library = qt_libraries.library_in(ImportError(str(answer)))
        yield Finding("PySide6", f"does not load: {answer}", "broken", qt_libraries.sentence_for(library) if library else REINSTALL)
        return
    yield Finding("PySide6", f"{answer['PySide6']}, Qt {answer['Qt']}")


def _system_libraries() -> Finding:
    """Broken is what this session needs; the plugin of a session that is not running is only noted."""
    if not sys.platform.startswith("linux"):
        return Finding("Qt's libraries", "all in the wheel")
    plugins = {"xcb": qt_libraries.XCB, "wayland": qt_libraries.WAYLAND}
    needed = qt_libraries.CORE | plugins.get(qt_libraries.platform_of(os.environ) or "", {})
    if lacking := qt_libraries.missing(needed):
        return Finding("Qt's libraries", f"missing: {', '.join(lacking)}", "broken", qt_libraries.sentence(lacking))
    if lacking := qt_libraries.missing(qt_libraries.XCB):
        return Finding("Qt's libraries", f"missing for X11: {', '.join(lacking)}", "note", qt_libraries.sentence(lacking))
    return Finding("Qt's libraries", "all present")


def _gl(answer: dict[str, Any] | probes.ProbeFailed) -> Finding:
    if isinstance(answer, probes.ProbeFailed):
        return Finding("OpenGL", f"does not start: {answer}", "note", "scoreviz draws without it.")
    if "renderer" not in answer:
        return Finding("OpenGL", f"none on the {answer['platform']} platform; scoreviz draws without it", "note")
    return Finding("OpenGL", f"{answer['renderer']}, {answer['vendor']}, {answer['version']}")


def none_references(answer: dict[str, Any] | probes.ProbeFailed) -> Finding:
    """DESIGN 8: a PySide6 that loses references to None aborts the program after some hundred frames."""
    name = "None references"
    if isinstance(answer, probes.ProbeFailed):
        return Finding(name, f"painting 2000 frames failed: {answer}", "broken", OTHER_PYSIDE)
    if answer["immortal"]:
        return Finding(name, f"None is immortal on Python 3.12 and later; {answer['frames']} frames painted")
    lost = answer["before"] - answer["after"]
    if lost > answer["frames"] // 10:
        return Finding(name, f"{lost} lost in {answer['frames']} frames", "broken", OTHER_PYSIDE)
    return Finding(name, f"kept over {answer['frames']} painted frames ({-lost:+d})")


def _folder(name: str, folder: Path) -> Finding:
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if os.access(existing, os.W_OK):
        return Finding(name, str(folder))
    return Finding(
        name, f"{folder}, which cannot be written", "broken", f"Allow writing to {existing}, or set XDG_STATE_HOME and XDG_CONFIG_HOME."
    )
