"""“Copy as Python”: a scene as a short script over `scoreviz.maths` that repeats its run with the same figures.

Only what differs from the defaults is written, as the constructors that a person would write; drawn points stand in base64 at the top.
Sums depend on the number of threads to the last digit, so the script says how many it uses.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

import scoreviz
from scoreviz.scene.control import ByClass, Unconditional
from scoreviz.scene.density import digests_in
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from scoreviz.scene.journal import LEARNED_PARTS, lessons
from scoreviz.scene.samplers.family import denoises

WIDTH = 120


def script(document: Document, *, training_step: int | None = None, threads: int = 1) -> str:
    """The run of the Dynamics tab. training_step: of the network that drove it, where the scene samples with the network."""
    scene = document.scene
    used: set[type[Any]] = set()
    body = [*_score(document, training_step, used), "", *_sampling(scene, used)]
    blobs = _blobs(document, training_step)
    lines = [
        f'"""A scene of scoreviz {scoreviz.__version__}, as it is sampled in the window."""', "",
        *(["import base64", "import zlib", ""] if blobs else []), "import torch", "", "from scoreviz import maths", *_imports(used), "",
        f"torch.set_num_threads({threads})", *(["", *blobs] if blobs else []), "", *body,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def picture_script(document: Document, *, threads: int = 1) -> str:
    """The run of the Images tab."""
    images = document.scene.images
    used: set[type[Any]] = set()
    clipped = "maths.clipped(model.score_fn, model.sde, *model.clip)"
    score = {"on": clipped, "off": "model.score_fn", "model": f"{clipped} if model.card.clip else model.score_fn"}[images.clip]
    body = [
        f"model = load_model({code(images.model, used)})",
        f"score_fn = {score}",
        f"spec = {code(images.sampler, used)}",
        f"generator = torch.Generator().manual_seed({images.seed})",
        f"x = maths.prior_points(model.sde, ({images.count}, *model.shape), generator, mean=model.mean)",
        "sampler = maths.build_sampler(spec, model.sde, score_fn)",
        *_LOOP,
        'print(f"{nfe} evaluations")',
        "if model.nearest is not None:",
        '    print(f"largest difference to a stored picture {float(model.nearest(state.x).max()):.6g}")',
    ]
    lines = [
        f'"""Pictures of scoreviz {scoreviz.__version__}, as they are sampled in the window."""', "", "import torch", "",
        "from scoreviz import maths", "from scoreviz.models.loading import load_model", *_imports(used), "",
        f"torch.set_num_threads({threads})", "", *body,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


_LOOP = [
    "state, nfe = sampler.init(x, generator.get_state()), 0  # the noise goes on where the starting points ended",
    "with torch.no_grad():",
    "    for substep, state, info in maths.trajectory(sampler, state):",
    "        nfe += info.nfe",
    "",
]


def _score(document: Document, training_step: int | None, used: set[type[Any]]) -> list[str]:
    """Target, noise and the score that drives the run."""
    scene = document.scene
    lines = [
        f"target = maths.compile_density({code(scene.density, used)}, {'BLOBS' if digests_in(scene.density) else '{}'})",
        f"sde = maths.build_sde({code(scene.noise, used)}, target.diameter())",
    ]
    law = "target"
    match scene.score.source:
        case "network":
            lines += _learning(document, training_step or 0, used)
            unconditional, source = "maths.score_fn_of(training.ema, sde)", "maths.learned_source(training.ema, sde)"
            log_prob = "maths.log_prob_fn_of(training.ema, sde)"
        case "data":
            lines.append(f"law = maths.data_set(target, {scene.data.size}, {scene.data.seed})")
            law = "law"
    if scene.score.source != "network":
        unconditional, source = f"{law}.score_fn(sde)", f"maths.source_of({law}, sde)"
        log_prob = f"{law}.log_prob_fn(sde)"
    needs_density = scene.sampler.NEEDS_DENSITY
    if isinstance(scene.control, Unconditional):
        return [*lines, f"score_fn = {unconditional}", *([f"log_prob_fn = {log_prob}"] if needs_density else [])]
    lines += [f"control = {code(scene.control, used)}", f"score_fn = maths.controlled_score(control, {source}, target, sde)"]
    return [*lines, *([f"log_prob_fn = maths.controlled_log_prob(control, {log_prob}, target, sde)"] if needs_density else [])]


def _learning(document: Document, steps: int, used: set[type[Any]]) -> list[str]:
    """A network that has been taught what the journal says, `steps` steps long."""
    taught = [(step, lesson) for step, lesson in lessons(document) if step <= steps]
    if len(taught) == 1:
        lesson = taught[0][1]
        specs = ", ".join(code(spec, used) for spec in (lesson.network, lesson.training, lesson.objective))
        data = f", maths.data_set(target, {lesson.data.size}, {lesson.data.seed})" if lesson.data.train else ""
        return ["", f"training = maths.init_training({specs}, sde, target{data})", f"for _ in range({steps}):",
                "    training, _ = maths.train_step(training)"]  # fmt: skip
    used.add(Scene)
    written = [f"    ({step}, {code(_only_learned(lesson), used)})," for step, lesson in taught]
    return ["", "LESSONS = [  # what the network was taught, from which training step on", *written, "]",
            f"training = maths.learn(LESSONS, {steps}, {'BLOBS' if _digests(document, steps) else '{}'})"]  # fmt: skip


def _only_learned(scene: Scene) -> Scene:
    return Scene(**{name: getattr(scene, name) for name in LEARNED_PARTS})


def _sampling(scene: Scene, used: set[type[Any]]) -> list[str]:
    """The loop, and the figures that the window shows."""
    spec: Any = scene.sampler
    free = isinstance(scene.control, Unconditional)
    density = ", log_prob_fn" if spec.NEEDS_DENSITY else ""
    begins = "target" if free or spec.AXIS != "forward" else "maths.data_law(control, target)"
    built = f"maths.build_sampler(spec, sde, score_fn{density})"
    lines = [
        f"spec = {code(spec, used)}",
        f"generator = torch.Generator().manual_seed({scene.particles.seed})",
        f"x = maths.starting_points(spec, sde, {begins}, {scene.particles.count}, generator)",
        f"sampler = {built if free else f'maths.controlled_sampler(control, {built}, sde, target.dim)'}",
        *_LOOP,
        'print(f"{nfe} evaluations")',
    ]
    if scene.particles.count < 2 or (isinstance(scene.control, ByClass) and scene.control.weight not in (0.0, 1.0)):
        return lines  # nothing that they could be compared with
    law, points = ("target", "state.x") if free else ("law.mixture", "law.of(state.x)")
    return [
        *lines,
        *([] if free else ["law = maths.law_of(control, target)"]),
        f"distance, floor = maths.distance_to_truth({points}, {law if denoises(spec) else f'{law}.marginal(sde, substep.s)'})",
        'print(f"distance {distance:.6g}, truth against truth {floor[0]:.6g} ± {floor[1]:.6g}")',
    ]


def code(spec: Any, used: set[type[Any]]) -> str:
    """A spec as the constructor that makes it, without what is the default; its classes are added to `used`."""
    if isinstance(spec, tuple):
        inner = ", ".join(code(item, used) for item in spec)
        return f"({inner},)" if len(spec) == 1 else f"({inner})"
    if not isinstance(spec, msgspec.Struct):
        return json.dumps(spec, ensure_ascii=False) if isinstance(spec, str) else repr(spec)
    used.add(type(spec))
    given = [(f, getattr(spec, f.name)) for f in msgspec.structs.fields(spec)]
    written = (f"{f.name}={code(value, used)}" for f, value in given if value != _default(f))
    return f"{type(spec).__name__}({', '.join(written)})"


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else msgspec.NODEFAULT


def _imports(used: set[type[Any]]) -> Iterator[str]:
    """One line a module, by the shortest one that has the name."""
    modules: dict[str, list[str]] = {}
    for kind in used:
        module = kind.__module__
        while (above := module.rpartition(".")[0]) != "scoreviz.scene" and getattr(sys.modules.get(above), kind.__name__, None) is kind:
            module = above
        modules.setdefault(module, []).append(kind.__name__)
    for module in sorted(modules):
        yield f"from {module} import {', '.join(sorted(modules[module]))}"


def _digests(document: Document, steps: int) -> frozenset[str]:
    """Every blob that the network's lessons up to there refer to."""
    taught = [lesson for step, lesson in lessons(document) if step <= steps]
    return frozenset[str]().union(*(digests_in(lesson.density) for lesson in taught))


def _blobs(document: Document, training_step: int | None) -> list[str]:
    """The drawn points, as text."""
    scene = document.scene
    wanted = digests_in(scene.density)
    if scene.score.source == "network":
        wanted |= _digests(document, training_step or 0)
    return ["BLOBS = {", *_packed({digest: document.blobs[digest] for digest in sorted(wanted)}), "}"] if wanted else []


def _packed(blobs: Mapping[str, bytes]) -> Iterator[str]:
    for digest, data in blobs.items():
        text = base64.b64encode(zlib.compress(data, 9)).decode()
        yield f'    "{digest}": zlib.decompress(base64.b64decode('
        yield from (f'        "{text[k : k + WIDTH]}"' for k in range(0, len(text), WIDTH))
        yield "    )),"
