"""`scoreviz render`: a video or a picture of a saved scene, without a display, the same frames every time."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scoreviz.cli.arguments import Arguments, bar, guarded, integer, number, output, print_json
from scoreviz.cli.open import CannotStart, imported
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import load

SUFFIXES = (".mp4", ".mkv", ".gif", ".png")
LONGEST = 3600
EPILOG = """\
The frame at T seconds shows the transport's place at that time: a run takes 4 s (of pictures 12 s), rests 1 s on its last frame,
and starts again.
If the network is on screen, it has then done exactly N times T steps of training, from step 0. A bundle (*.scoreviz) replays its
journal on the way: each edit lands at the training step at which it was made. A bundle's saved network is not used; `sample` does.
Two renders of one scene on one machine are the same frames."""


def run(arguments: Sequence[str]) -> int:
    """Render; 0 done, 1 this machine cannot draw, 2 bad input or a place that cannot be written, 130 interrupted."""
    return guarded(lambda: _run(_parser().parse_args(arguments)))


def _parser() -> Arguments:
    parser = Arguments(prog="scoreviz render", description="Render a scene to a video or a picture; no display is needed.", epilog=EPILOG)
    parser.add_argument("scene", metavar="SCENE", help="*.scoreviz.json or *.scoreviz")
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="*.mp4, *.mkv, *.gif or *.png")
    seconds = "length of the video, a run and a rest if not given; for a PNG the time shown, the end of the run if not given"
    parser.add_argument("--seconds", metavar="S", help=seconds)
    parser.add_argument("--fps", metavar="F", default="30", help="frames per second, 30 if not given")
    parser.add_argument("--size", metavar="WxH", default="1280x720", help="in pixels, both even for a video; 1280x720 if not given")
    steps = "training steps per second of video, 300 if not given; only where the network is on screen"
    parser.add_argument("--steps-per-second", metavar="N", default="300", help=steps)
    parser.add_argument("--theme", choices=("dark", "light"), default="dark", help="dark if not given")
    parser.add_argument("--json", action="store_true", help="print figures of the result as one JSON object")
    parser.add_argument("--progress", action="store_true", help="show the progress bar even where stderr is no terminal")
    return parser


def _run(options: argparse.Namespace) -> int:
    out = output(options.output, SUFFIXES)
    seconds = None if options.seconds is None else number("--seconds", options.seconds, _least(out), LONGEST, whole=False)
    film: dict[str, Any] = {
        "fps": integer("--fps", options.fps, 1, 240),
        "size": size(options.size),
        "steps_per_second": integer("--steps-per-second", options.steps_per_second, 0, 100_000),
        "theme": options.theme,
    }
    document = load(Path(options.scene))
    try:
        rendering = imported(_import_render)
    except CannotStart as error:
        print(f"scoreviz: {error}", file=sys.stderr)
        return 1
    film["seconds"] = rendering.usual_seconds(document.scene, out) if seconds is None else seconds
    began = time.monotonic()
    with bar(out.name, forced=options.progress) as advance:
        figures = rendering.render(document, rendering.Film(out=out, **film), on_frame=advance)
    took = time.monotonic() - began
    if options.json:
        print_json({"out": str(out)} | film | figures.summary() | {"wall_seconds": round(took, 3)})
    else:
        print(f"{out}: {figures.frames} frame{'s' if figures.frames != 1 else ''} in {took:.1f} s")
    return 0


def _least(out: Path) -> float:
    return 0.0 if out.suffix.lower() == ".png" else 0.001


def size(text: str) -> tuple[int, int]:
    """Width and height as they were typed. SceneError for what is no size."""
    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    if found is None:
        raise SceneError("“{text}” is no size; write width and height as in 1280x720.", text=text)
    return int(found[1]), int(found[2])


def _import_render() -> Any:
    from scoreviz.gui import render

    return render
