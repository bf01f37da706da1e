"""A network that was taught one thing after another, trained again: what a journal says, for scripts and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from scoreviz.maths.density import compile_density
from scoreviz.maths.empirical import training_law
from scoreviz.maths.sde import build_sde
from scoreviz.maths.training import TrainState, init_training, reconfigure, train_step
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.parameters import Invalidates


def learn(lessons: Sequence[tuple[int, Scene]], steps: int, blobs: Mapping[str, bytes]) -> TrainState:
    """The network after `steps` training steps, where each lesson (k, scene) is what it learns from step k on.

    lessons: ascending, the first at step 0. An edit of the drawing, the noise, the objective or the settings keeps the weights, as it does
    in the window. blobs: of the drawings, by digest. ValueError for lessons out of order, or one that calls for a new network;
    FloatingPointError where training diverges.
    """
    if not lessons or lessons[0][0] != 0 or any(a[0] > b[0] for a, b in pairwise(lessons)):
        raise ValueError(f"lessons begin at step 0 and ascend, got steps {[step for step, _ in lessons]}")
    scene = lessons[0][1]
    target = compile_density(scene.density, blobs)
    sde = build_sde(scene.noise, target.diameter())
    law = training_law(target, scene.data)
    state = init_training(scene.network, scene.training, scene.objective, sde, target, law)
    for step, after in lessons[1:]:
        _train_to(state, min(step, steps))
        if step > steps:
            break
        changed = invalidated(scene, after)
        if changed & Invalidates.NETWORK:
            raise ValueError(f"the lesson at step {step} calls for a new network: begin with it")
        if after.density != scene.density:
            target = compile_density(after.density, blobs)
        if after.density != scene.density or after.data != scene.data:
            law = training_law(target, after.data)
        sde, scene = build_sde(after.noise, target.diameter()), after
        state = reconfigure(state, scene.training, scene.objective, sde, law)
    _train_to(state, steps)
    return state


def _train_to(state: TrainState, step: int) -> None:
    while state.step < step:
        state, info = train_step(state)
        if info.diverged:
            raise FloatingPointError(f"training met a number that is not finite and went back to step {info.step}")
