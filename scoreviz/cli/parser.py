"""What was typed, and the command that it means."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from scoreviz import __version__

COMMANDS = {
    "bench": "measure the speed that scoreviz promises, against baselines of the same run",
    "doctor": "check this machine: versions, devices, libraries, folders",
    "render": "render a scene to a video or a picture, without a display",
    "sample": "sample a scene or an image model into a file, without a display",
    "selftest": "check every sampler, noise, objective and measure against a closed form",
}


class Parser(argparse.ArgumentParser):
    """The parser of `scoreviz [FILE]`; its help ends with everything that a scene can choose."""

    def format_help(self) -> str:
        """argparse's help, then the listing: it is generated only when somebody asks for it."""
        from scoreviz.cli.listing import listing

        return f"{super().format_help()}\n{listing()}"


def run(arguments: Sequence[str]) -> int:
    """Run the command in `arguments` (without the program's name) and return its exit code."""
    match list(arguments):
        case ["bench", *rest]:
            from scoreviz.cli import bench

            return bench.run(rest)
        case ["doctor", *rest]:
            from scoreviz.cli import doctor

            return doctor.run(rest)
        case ["render", *rest]:
            from scoreviz.cli import render

            return render.run(rest)
        case ["sample", *rest]:
            from scoreviz.cli import sample

            return sample.run(rest)
        case ["selftest", *rest]:
            from scoreviz.cli import selftest

            return selftest.run(rest)
        case given:
            return _open(given)


def build() -> Parser:
    """The parser of the command without a name, which opens the window."""
    width = max(map(len, COMMANDS))
    parser = Parser(
        prog="scoreviz",
        usage="scoreviz [-h] [--version] [--present] [--play] [FILE] [-- QT_OPTION ...]\n       scoreviz COMMAND [-h] ...",
        description="A desktop laboratory for score-based generative models: draw a density, a network learns its score, watch it sample.",
        epilog="commands:\n" + "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"scoreviz {__version__}")
    parser.add_argument("--present", action="store_true", help="open with the canvas alone, for a projector")
    parser.add_argument("--play", action="store_true", help="let the transport play as soon as there is a run")
    opens = "a scene to open (*.scoreviz.json, *.scoreviz), a trace (*.trace.npz), or a folder of pictures or a model"
    parser.add_argument("file", metavar="FILE", nargs="?", help=opens)
    return parser


def _open(given: list[str]) -> int:
    """`scoreviz [FILE] [-- QT_OPTION ...]`: what follows -- is Qt's own, such as `-platform offscreen`."""
    mark = given.index("--") if "--" in given else len(given)
    options = build().parse_args(given[:mark])
    if options.file is not None and not Path(options.file).exists():
        print(f"scoreviz: {unknown(options.file)}", file=sys.stderr)
        return 2
    from scoreviz.cli.open import open_window

    file = None if options.file is None else Path(options.file)
    return open_window(file, given[mark + 1 :], present=options.present, play=options.play)


def unknown(name: str) -> str:
    """The sentence for an argument that is neither a command nor a file that exists."""
    if Path(name).name != name or "." in name:  # written like a path
        return f"There is no file “{name}”. Check its name and folder, or start scoreviz without it."
    near = difflib.get_close_matches(name, COMMANDS, 1)
    hint = f"Did you mean “scoreviz {near[0]}”? " if near else ""
    return f"There is no file and no command “{name}”. {hint}Commands: {', '.join(COMMANDS)}; `scoreviz --help` explains them."
