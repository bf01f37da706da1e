"""What is written over a pane and beside it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from scoreviz.gui.dynamics.compare.comparison import Comparison
from scoreviz.gui.widgets.words import count, figure, scene_text
from scoreviz.scene.compare import Pane
from scoreviz.scene.parameters import parameters
from scoreviz.scene.samplers import NoCorrector, NoPredictor, PredictorCorrector, ReverseDiffusion, SamplerSpec


def _tr(text: str) -> str:
    return QCoreApplication.translate("compare", text)


def source_text(source: str) -> str:
    """The label of a score's source."""
    declared = next(p for p in parameters(Pane) if p.name == "source")
    return scene_text(declared.description.labels[source])


def titles(comparison: Comparison, i: int) -> list[str]:
    """Of the run that pane i shows, or will show: sampler, noise, score; then without the sampler's parts."""
    whole, spec = title(comparison, i), comparison.sampler(i) or comparison.ways[i].sampler
    return [whole, whole.replace(method(spec), scene_text(spec.LABEL), 1)]


def title(comparison: Comparison, i: int) -> str:
    """Of the run that pane i shows: sampler, noise, score; of what it asks for, where it shows none yet."""
    run = comparison.run(i)
    if run is None:
        pane = comparison.ways[i]
        parts = [method(pane.sampler), scene_text(pane.noise.LABEL), source_text(pane.source)]
    else:
        told = comparison.entries[i - 1].told if i else None
        source = told.source if told is not None else run.source
        spec = comparison.sampler(i)
        parts = [run.label if spec is None else method(spec), run.noise, source_text(source)]
    return " · ".join(part for part in parts if part)


def method(spec: SamplerSpec) -> str:
    """The sampler, with its predictor and corrector where it has a choice of them."""
    parts = [getattr(spec, name, None) for name in ("predictor", "corrector")]
    if getattr(spec, "corrector_steps", 1) == 0:
        parts[1] = None
    named = [scene_text(part.LABEL) for part in parts if part is not None and not isinstance(part, NoPredictor | NoCorrector)]
    match isinstance(spec, PredictorCorrector), len(named):
        case True, n if n > 0:
            return " + ".join(named)
        case False, 1 if not isinstance(parts[0], ReverseDiffusion):
            return f"{scene_text(spec.LABEL)}, {named[0]}"
    return scene_text(spec.LABEL)


def distance(comparison: Comparison, i: int) -> tuple[str, str]:
    """The distance to the truth and its floor, in as many decimals; empty where it was not measured."""
    run = comparison.run(i)
    if run is None or run.distance is None or run.distance_floor is None:
        return "", ""
    mean, spread = run.distance_floor
    return f"{run.distance:.3f}", f"{mean:.3f} ± {spread:.3f}"


def evaluations(comparison: Comparison, i: int) -> str:
    """How many times the score was evaluated."""
    run = comparison.run(i)
    if run is None or not run.complete or run.file:
        return ""
    return _tr("no evaluation") if run.nfe == 0 else _tr("{n} evaluations").format(n=count(run.nfe))


def shares(comparison: Comparison, i: int, *, short: bool = False) -> str:
    """What the run has in common with those before it."""
    told = comparison.entries[i - 1].told if i else None
    if told is None:
        return ""
    if short:
        alone = {"seed": _tr("same seed"), "start": _tr("same starts"), "noise": _tr("same noise"), "path": _tr("same Brownian path")}
        return alone[told.shares]
    return {
        "seed": _tr("same seed, other starts"),
        "start": _tr("same starts"),
        "noise": _tr("same starts, same noise"),
        "path": _tr("same starts, same Brownian path"),
    }[told.shares]


def under_way(comparison: Comparison, i: int) -> str:
    """That a newer run is being computed, and how far it is."""
    share = comparison.entries[i - 1].share if i else None
    if share is not None and (pause := comparison.entries[i - 1].inquiry.pause):
        return pause
    return "" if share is None else _tr("being computed … {percent} %").format(percent=round(100 * share))


def seconds(comparison: Comparison, i: int) -> str:
    """What sampling took in the engine."""
    told = comparison.entries[i - 1].told if i else None
    return "" if told is None else _tr("{seconds} s").format(seconds=figure(round(told.seconds, 2)))


def figures(comparison: Comparison, i: int) -> list[str]:
    """The line under a pane's title, the longest first."""
    run, steps = comparison.run(i), comparison.steps(i)
    if run is None:
        return [""]
    value, floor = distance(comparison, i)
    work = [_tr("{n} steps").format(n=count(steps))] if steps is not None else []
    work += [text for text in (evaluations(comparison, i),) if text]
    long = [_tr("distance {value}, floor {floor}").format(value=value, floor=floor)] if value else []
    short = [_tr("distance {value}").format(value=value)] if value else []
    extra = [text for text in (under_way(comparison, i) or shares(comparison, i),) if text]
    rows = ([*work, *long, *extra], [*work, *long], [*work[-1:], *long], [*work[-1:], *short], short or work)
    return [" · ".join(row) for row in rows]


def notes(comparison: Comparison, i: int) -> list[str]:
    """What must be said of the run within the picture."""
    told = comparison.entries[i - 1].told if i else None
    found = [text for text in (under_way(comparison, i),) if text and comparison.run(i) is not None]
    if told is not None and told.untaught:
        found.append(_tr("some noise levels of this pane are outside those that the network was taught"))
    if told is not None and told.source == "race":
        found.append(_tr("driven by a raced network"))
    if i and comparison.run(0) is not None and comparison.run(i) is not None and not comparison.linked_by_time(i):
        found.append(_tr("in step by the share of its way: its axis is another"))
    return found
