"""Live training: one step at a time, on fresh samples of the drawing, with nothing that a change of settings would restart.

Adam (Kingma & Ba 2015) on one flat vector, step size lr (0.1 + 0.9/(1 + (n/N)^2)), so that training stays open-ended, and an exponential
moving average of the weights with rate min(ema, (1+n)/(10+n)), from which everything is sampled. n counts the steps since the drawing was
last another: a stroke warms the step size up again, and the average forgets what was drawn before.

The state's buffers are updated in place (speed is the point): `state_dict` copies them, and going on from a copy is bitwise the same.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.gradients import MLPGradient
from scoreviz.maths.networks import ScoreMLP, build_network
from scoreviz.maths.objectives import DenoisingScoreMatching, build_objective
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.learning import NetworkSpec, ObjectiveSpec, Training

BETA1, BETA2, ADAM_EPS = 0.9, 0.99, 1e-8
DECAY_STEPS = 500
KEEP_EVERY = 100
"""Steps between the copies to which a diverged run falls back."""

Batch = tuple[Tensor, Tensor, Tensor]
"""x_0 (B, D), sigma (B,), noise z (B, D)."""


class TrainState:
    """A network in training. `network` holds the present weights, `ema` their average; `buffers` (4, P): weights, ema, Adam's m and v."""

    def __init__(
        self, network: ScoreMLP, training: Training, objective: DenoisingScoreMatching, target: GaussianMixture, generator: torch.Generator
    ) -> None:
        """At step 0; prefer `init_training`."""
        self.buffers = torch.stack([network.flat, network.flat, torch.zeros_like(network.flat), torch.zeros_like(network.flat)])
        self.good, self.good_step = self.buffers.clone(), 0
        self.network, self.ema = network.with_weights(self.buffers[0]), network.with_weights(self.buffers[1])
        self.generator, self.step = generator, 0
        self.since = 0  # step at which the drawing was last another
        self.training, self.objective, self.target = training, objective, target
        self.gradient = MLPGradient(self.network, training.batch)
        self.scratch = torch.empty_like(network.flat)


@dataclass(frozen=True, slots=True)
class TrainInfo:
    """loss: mean over the batch, comparable with `loss_floor`. diverged: it was not finite, and the state went back to `step`."""

    step: int
    loss: float
    learning_rate: float
    diverged: bool = False


def init_training(network: NetworkSpec, training: Training, objective: ObjectiveSpec, sde: SDE, target: GaussianMixture) -> TrainState:
    """A fresh network at step 0; weights, frequencies and later all batches come from one generator seeded with training.seed."""
    generator = torch.Generator(target.means.device).manual_seed(training.seed)
    net = build_network(network, target.dim, target.sigma_data, generator)
    return TrainState(net, training, build_objective(objective, sde, net.sigma_data), target, generator)


def reconfigure(
    state: TrainState,
    training: Training | None = None,
    objective: ObjectiveSpec | None = None,
    sde: SDE | None = None,
    target: GaussianMixture | None = None,
) -> TrainState:
    """Change settings between two steps; weights, moments and step count stay. A new sde needs the objective spec with it.

    sigma_data stays what it was when the network was made: it is part of what the weights mean.
    """
    if (objective is None) != (sde is None):
        raise ValueError("give the objective's spec and the sde together: the objective is made of both")
    if target is not None:
        if target.dim != state.network.dim:
            raise ValueError(f"the network has {state.network.dim} dimensions, the new target {target.dim}")
        if target is not state.target:
            state.since = state.step
        state.target = target
    if objective is not None and sde is not None:
        state.objective = build_objective(objective, sde, state.network.sigma_data)
    if training is not None:
        state.training = training
    if state.gradient.batch != state.training.batch:
        state.gradient = MLPGradient(state.network, state.training.batch)
    return state


def learning_rate(base: float, step: int) -> float:
    """base (0.1 + 0.9/(1 + (n/500)^2)): a tenth in the end, for ever."""
    return base * (0.1 + 0.9 / (1 + (step / DECAY_STEPS) ** 2))


def draw_batch(state: TrainState) -> Batch:
    """A fresh batch: Sobol points under a random shift from the state's generator, sent through the quantile functions.

    Each sample has exactly the law of an independent one; together they cover sigma, components and noise evenly, which takes away a
    fifth of the excess loss at a given step (measured on two moons and checkerboard). Source: Cranley & Patterson 1976.
    """
    target, dim, device = state.target, state.target.dim, state.target.means.device
    points = _sobol(state.training.batch, 2 + 2 * dim).to(device)
    u = (points + torch.rand(2 + 2 * dim, 1, generator=state.generator, device=device)).remainder_(1.0)
    z = torch.erfinv(u[2:].mul_(2).sub_(1).clamp_(-1 + 1e-6, 1 - 1e-6)).mul_(math.sqrt(2)).T
    return target.sample_at(u[0], z[:, :dim]), state.objective.sigma(u[1]), z[:, dim:].contiguous()


@functools.cache
def _sobol(n: int, dim: int) -> Tensor:
    """n scrambled Sobol points, (dim, n), always the same."""
    return torch.quasirandom.SobolEngine(dim, scramble=True, seed=0).draw(n).T.contiguous()  # type: ignore[no-untyped-call]


@torch.no_grad()
def train_step(state: TrainState, batch: Batch | None = None) -> tuple[TrainState, TrainInfo]:
    """One step of Adam on a fresh batch (or the one given). A loss that is not finite undoes up to 100 steps, and the info says so."""
    x0, sigma, z = draw_batch(state) if batch is None else batch
    if len(x0) != state.gradient.batch:
        state.gradient = MLPGradient(state.network, len(x0))
    sd, column = state.network.sigma_data, sigma[:, None]
    c_in = (column.square() + sd**2).rsqrt()
    scaled = torch.addcmul(x0, column, z).mul_(c_in)
    target = (x0 * (column / sd) - z * sd).mul_(c_in)  # (x_0 - c_skip x)/c_out without its cancellation
    loss = float(state.gradient.loss(scaled, sigma, target, state.objective.output_weight(column)))
    settled = max(0, state.step - state.since)
    rate = learning_rate(state.training.learning_rate, settled)
    if not math.isfinite(loss):
        state.buffers.copy_(state.good)
        state.step = state.good_step
        return state, TrainInfo(state.step, loss, rate, diverged=True)
    if state.step % KEEP_EVERY == 0:
        state.good.copy_(state.buffers)
        state.good_step = state.step
    state.step += 1
    _adam(state, rate)
    decay = min(state.training.ema, (2 + settled) / (11 + settled))
    state.buffers[1].lerp_(state.buffers[0], 1 - decay)
    return state, TrainInfo(state.step, loss, rate)


def _adam(state: TrainState, rate: float) -> None:
    weights, _, m, v = state.buffers
    g = state.gradient.flat
    m.lerp_(g, 1 - BETA1)
    v.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
    correction = math.sqrt(1 - BETA2**state.step)
    denominator = torch.sqrt(v, out=state.scratch).add_(ADAM_EPS * correction)
    weights.addcdiv_(m, denominator, value=-rate * correction / (1 - BETA1**state.step))


def state_dict(state: TrainState) -> dict[str, Tensor]:
    """Everything that `load_state` needs to go on bit for bit, as copies: weights, averages, moments, generator, step, constants."""
    return {
        "buffers": state.buffers.clone(),
        "good": state.good.clone(),
        "frequencies": state.network.frequencies.clone(),
        "generator": state.generator.get_state(),
        "steps": torch.tensor([state.step, state.good_step, state.since]),
        "sigma_data": torch.tensor(state.network.sigma_data, dtype=torch.float64),
    }


def load_state(
    saved: Mapping[str, Tensor], network: NetworkSpec, training: Training, objective: ObjectiveSpec, sde: SDE, target: GaussianMixture
) -> TrainState:
    """The state that `state_dict` saved, under these settings; ValueError if it belongs to another architecture."""
    state = init_training(network, training, objective, sde, target)
    expected = state_dict(state)
    if set(saved) != set(expected):
        raise ValueError(f"expected the entries {sorted(expected)}, got {sorted(saved)}")
    for name, tensor in expected.items():
        if saved[name].shape != tensor.shape or saved[name].dtype != tensor.dtype:
            needed, given = (f"{value.dtype} {tuple(value.shape)}" for value in (tensor, saved[name]))
            raise ValueError(f"{name}: this network needs {needed}, got {given}")
    state.buffers.copy_(saved["buffers"])
    state.good.copy_(saved["good"])
    state.step, state.good_step, state.since = (int(n) for n in saved["steps"])
    for net in (state.network, state.ema):
        net.frequencies, net.sigma_data = saved["frequencies"].clone(), float(saved["sigma_data"])
    state.objective = build_objective(objective, sde, state.network.sigma_data)
    state.generator.set_state(saved["generator"])
    return state
