"""Scores, posterior and denoising targets at one point."""

from __future__ import annotations

import torch
from torch import Tensor

from scoreviz.engine.answers.places import place
from scoreviz.engine.answers.registry import World, answers
from scoreviz.engine.plan import data_set, plan_of
from scoreviz.maths.theory import backward_kernel
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.probe import MOST_TARGETS, AskProbe, Probe, Puller
from scoreviz.scene.errors import SceneError

MOST_PULLERS = 5


@answers(AskProbe)
def probe(question: AskProbe, world: World) -> Probe:
    """Closed forms of the mixture, and the network's score, at one x."""
    target, sde = world.target, world.sde
    x = place(question.x, target.dim)
    t = max(question.t, sde.t_min)  # below it there is no noise, and no network knows a score
    a, std = sde.mean_coefficient(t), sde.std(t)
    batch = x[None]
    moments = target.tweedie(batch, sde, t)
    origins = _origins(question, world, x, t)
    of_data = world.scene.score.source == "data"
    return Probe(
        x=_array(x), t=t, a=a, std=std, sigma=sde.sigma(t),
        log_p=float(target.log_prob(batch, sde, t)),
        exact=_array(target.score(batch, sde, t)[0]),
        network=_array(world.trainer.score_fn()(batch.float(), t)[0]),
        data=_array(data_set(target, world.scene.data).score(batch, sde, t)[0]) if of_data else None,
        driving=_driving(world, batch, t),
        mean=_array(moments.mean[0]), cov=_array(moments.cov[0]),
        pullers=_pullers(world, batch, t), components=len(target),
        origins=_array(origins), targets=_array((a * origins - x) / std**2),
    )  # fmt: skip


def _origins(question: AskProbe, world: World, x: Tensor, t: float) -> Tensor:
    """Draws of p(x_0 | x_t = x), (K, D) float64; the same first ones for every K."""
    generator = torch.Generator().manual_seed(question.seed)
    return backward_kernel(world.target, world.sde, None, t, x).sample(MOST_TARGETS, generator)[: question.targets].double()


def _driving(world: World, batch: Tensor, t: float) -> Array | None:
    """The score of a run; None where there can be no run, which the run itself says."""
    try:
        plan = plan_of(world.scene, world.sde, world.target, world.trainer)
    except SceneError:
        return None
    return _array(plan.score_fn(batch.float(), t)[0])


def _pullers(world: World, batch: Tensor, t: float) -> tuple[Puller, ...]:
    weights = world.target.responsibilities(batch, world.sde, t)[0]
    heaviest = weights.topk(min(MOST_PULLERS, len(weights)))
    centres = world.sde.mean_coefficient(t) * world.target.means.double()[heaviest.indices]
    return tuple(Puller(centre=tuple(c), weight=w) for c, w in zip(centres.tolist(), heaviest.values.tolist(), strict=True))


def _array(values: Tensor) -> Array:
    return Array.of(values.double().numpy())
