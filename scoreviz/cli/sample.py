"""`scoreviz sample`: samples of a scene or of an image model into a file, without a display, the same bytes every time."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scoreviz.cli.arguments import Arguments, bar, guarded, integer, output, print_json
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import load, write_atomically
from scoreviz.scene.images import EMOJI

SCENE_SUFFIXES, MODEL_SUFFIXES = (".npz", ".csv"), (".png", ".npz")
MOST_POINTS, MOST_STEPS, LARGEST_SEED = 1_000_000, 1_000_000, 2**31 - 1
EPILOG = f"""\
SCENE: its sampler, with the exact score or, where the scene asks for it, the network's. A bundle (*.scoreviz) brings its trained
network; without one, or with --train, a network is trained from step 0 on the scene as it is now (1000 steps if not given).
--model: “{EMOJI}” (bundled), a folder of pictures, or a folder with model_index.json, with the sampler that suits it.
The same arguments on the same machine give the same bytes."""


def run(arguments: Sequence[str]) -> int:
    """Sample; 0 done, 2 bad input or a place that cannot be written, 130 interrupted."""
    return guarded(lambda: _run(_parser().parse_args(arguments)))


def _parser() -> Arguments:
    parser = Arguments(
        prog="scoreviz sample", usage="scoreviz sample SCENE -o OUT.npz|csv [--n N] [--train STEPS] [--seed K] [--json]\n"
        "       scoreviz sample --model MODEL -o OUT.png|npz [--n N] [--steps S] [--seed K] [--json]",
        description="Sample a scene, or an image model, into a file; no display is needed.", epilog=EPILOG,
    )  # fmt: skip
    parser.add_argument("scene", metavar="SCENE", nargs="?", help="*.scoreviz.json or *.scoreviz")
    parser.add_argument("--model", metavar="MODEL", help=f"{EMOJI}, or a folder of pictures or of a diffusers model")
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="points: *.npz or *.csv; pictures: *.png (a grid) or *.npz")
    parser.add_argument("--n", metavar="N", help="points or pictures; as the scene says, or 16 pictures, if not given")
    parser.add_argument("--train", metavar="STEPS", help="train a new network for so many steps")
    parser.add_argument("--steps", metavar="S", help="steps of the image sampler")
    parser.add_argument("--seed", metavar="K", help="of starting points and all noise; as the scene says if not given")
    parser.add_argument("--json", action="store_true", help="print figures of the result as one JSON object")
    parser.add_argument("--progress", action="store_true", help="show progress bars even where stderr is no terminal")
    return parser


def _run(options: argparse.Namespace) -> int:
    if (options.scene is None) == (options.model is None):
        raise SceneError("Give either a SCENE or --model with a model, not {count}.", count="both" if options.scene else "neither")
    for name, given, other in (("--train", options.train, options.model), ("--steps", options.steps, options.scene)):
        if given is not None and other is not None:
            raise SceneError("{name} does not go with {other}.", name=name, other="--model" if name == "--train" else "a scene")
    out = output(options.output, SCENE_SUFFIXES if options.scene is not None else MODEL_SUFFIXES)
    began = time.monotonic()
    figures = _points(options, out) if options.scene is not None else _pictures(options, out)
    seconds = time.monotonic() - began
    if options.json:
        print_json({"out": str(out)} | figures | {"wall_seconds": round(seconds, 3)})
    else:
        print(f"{out}: {figures['n']} {'points' if options.scene is not None else 'pictures'} in {seconds:.1f} s")
    return 0


def _optional(name: str, text: str | None, low: int, high: int) -> int | None:
    return None if text is None else integer(name, text, low, high)


def _points(options: argparse.Namespace, out: Path) -> dict[str, Any]:
    wishes = {
        "n": _optional("--n", options.n, 1, MOST_POINTS),
        "train": _optional("--train", options.train, 0, MOST_STEPS),
        "seed": _optional("--seed", options.seed, 0, LARGEST_SEED),
    }
    document = load(Path(options.scene))
    from scoreviz.engine.headless import sample_points

    with bar("training", forced=options.progress, unit=" steps") as training, bar("sampling", forced=options.progress) as sampling:
        found = sample_points(document, **wishes, on_training=training, on_sampling=sampling)
    write_atomically(out, found.csv() if out.suffix.lower() == ".csv" else found.npz())
    return found.figures()


def _pictures(options: argparse.Namespace, out: Path) -> dict[str, Any]:
    images = _images(options)
    from scoreviz.engine.headless import sample_pictures

    with bar("sampling", forced=options.progress, unit=" substeps") as sampling:
        found = sample_pictures(images, on_sampling=sampling)
    if out.suffix.lower() == ".png":
        from scoreviz.record.picture import write_png

        write_png(out, found.grid())
    else:
        write_atomically(out, found.npz())
    return found.figures()


def _images(options: argparse.Namespace) -> Any:
    """The Images tab's usual settings for the model, with what was asked for. SceneError for a value out of its range."""
    import msgspec

    from scoreviz.scene.document import Scene
    from scoreviz.scene.folders import opened
    from scoreviz.scene.images import Images
    from scoreviz.scene.validation import validate

    images = Images() if options.model == EMOJI else opened(Images(), Path(options.model))
    asked = {"count": _optional("--n", options.n, 1, 64), "seed": _optional("--seed", options.seed, 0, LARGEST_SEED)}
    images = msgspec.structs.replace(images, **{name: value for name, value in asked.items() if value is not None})
    if options.steps is not None:
        usual: Any = images.sampler
        sampler = msgspec.structs.replace(usual, steps=integer("--steps", options.steps, 1, 2000))
        images = msgspec.structs.replace(images, sampler=sampler)
    validate(Scene(images=images))
    return images
