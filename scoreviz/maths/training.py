"""Live training: one step at a time, on fresh samples of the drawing, with nothing that a change of settings would restart.

Adam (Kingma & Ba 2015) on one flat vector, step size lr (0.1 + 0.9/(1 + (n/N)^2)), so that training stays open-ended, and an exponential
moving average of the weights with rate min(ema, (1+n)/(10+n)), from which everything is sampled. n counts the steps since the drawing was
last another: a stroke warms the step size up again, and the average forgets what was drawn before.

The state's buffers are updated in place (speed is the point): `state_dict` copies them, and going on from a copy is bitwise the same.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.empirical import Law
from scoreviz.maths.gradients import Gradient, gradient_for
from scoreviz.maths.networks import EnergyMLP, ScoreMLP, build_network
from scoreviz.maths.objectives import Batch, Floor, Objective, build_objective, loss_floor
from scoreviz.maths.parameterisations import PARAMETERISATIONS
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.errors import SceneError
from scoreviz.scene.learning import NetworkSpec, ObjectiveSpec, Training
from scoreviz.scene.text import QT_TRANSLATE_NOOP

BETA1, BETA2, ADAM_EPS = 0.9, 0.99, 1e-8
DECAY_STEPS = 500
KEEP_EVERY = 100
"""Steps between the copies to which a diverged run falls back."""


class TrainState:
    """A network in training. `network` holds the present weights, `ema` their average; `buffers` (4, P): weights, ema, Adam's m and v."""

    def __init__(self, network: ScoreMLP, training: Training, objective: Objective, target: Law, generator: torch.Generator) -> None:
        """At step 0; prefer `init_training`. `target` is the law that batches are drawn from."""
        _check_target(network, target)
        self.buffers = torch.stack([network.flat, network.flat, torch.zeros_like(network.flat), torch.zeros_like(network.flat)])
        self.good, self.good_step = self.buffers.clone(), 0
        self.network, self.ema = network.with_weights(self.buffers[0]), network.with_weights(self.buffers[1])
        self.generator, self.step = generator, 0
        self.since = 0  # step at which the drawing was last another
        self.training, self.objective, self.target = training, objective, target
        self.gradient: Gradient = gradient_for(self.network, objective, training.batch)
        self.scratch = torch.empty_like(network.flat)

    def workspace(self, batch: int) -> Gradient:
        """The one that serves the present objective and this batch size."""
        if not self.gradient.serves(self.objective, batch):
            self.gradient = gradient_for(self.network, self.objective, batch)
        return self.gradient


@dataclass(frozen=True, slots=True)
class TrainInfo:
    """loss: mean over the batch, comparable with `training_floor`. gradient_norm: Euclidean, before clipping.

    diverged: loss or gradient was not finite, and the state went back to `step`.
    """

    step: int
    loss: float
    learning_rate: float
    diverged: bool = False
    gradient_norm: float = math.nan


def init_training(
    network: NetworkSpec, training: Training, objective: ObjectiveSpec, sde: SDE, target: GaussianMixture, law: Law | None = None
) -> TrainState:
    """A fresh network at step 0; weights, frequencies and later all batches come from one generator seeded with training.seed.

    The network is made for `target`, in whose units it works; `law`, where it is another, is what batches are drawn from: its data set.
    """
    generator = torch.Generator(target.means.device).manual_seed(training.seed)
    net = build_network(network, target.dim, target.sigma_data, generator)
    return TrainState(net, training, build_objective(objective, sde, net.sigma_data), target if law is None else law, generator)


def reconfigure(
    state: TrainState,
    training: Training | None = None,
    objective: ObjectiveSpec | None = None,
    sde: SDE | None = None,
    target: Law | None = None,
) -> TrainState:
    """Change settings between two steps; weights, moments and step count stay. A new sde needs the objective spec with it.

    target: what batches are drawn from, from now on. An EMA rate of 0 is no average: the weights in use are the present ones at once.

    sigma_data stays what it was when the network was made: it is part of what the weights mean.
    """
    if (objective is None) != (sde is None):
        raise ValueError("give the objective's spec and the sde together: the objective is made of both")
    if target is not None:
        if target.dim != state.network.dim:
            raise ValueError(f"the network has {state.network.dim} dimensions, the new target {target.dim}")
        _check_target(state.network, target)
        if target is not state.target:
            state.since = state.step
        state.target = target
    if objective is not None and sde is not None:
        state.objective = build_objective(objective, sde, state.network.sigma_data)
    if training is not None:
        state.training = training
        if training.ema == 0.0:
            state.buffers[1].copy_(state.buffers[0])
    state.workspace(state.training.batch)
    return state


def _check_target(network: ScoreMLP, target: Law) -> None:
    """SceneError if the drawing has a class that a class-conditional network does not know; ValueError unless its points are (D,)."""
    if len(target.shape) != 1:
        raise ValueError(f"training takes a target of points (D,), got points of shape {tuple(target.shape)}")
    if network.classes and target.labels is not None and int(target.labels.max()) >= network.classes:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "This network knows {known} classes, and the drawing needs {needed}: give it as many."),
            known=network.classes, needed=int(target.labels.max()) + 1,
        )  # fmt: skip


def learning_rate(base: float, step: int) -> float:
    """base (0.1 + 0.9/(1 + (n/500)^2)): a tenth in the end, for ever."""
    return base * (0.1 + 0.9 / (1 + (step / DECAY_STEPS) ** 2))


def averaging(most: float, step: int) -> float:
    """Share of the average of the weights that step number `step` (from 0) keeps: min(most, (1+n)/(10+n)) with n = step + 1."""
    return min(most, (2 + step) / (11 + step))


def draw_batch(state: TrainState) -> Batch:
    """A fresh batch: Sobol points under a random shift from the state's generator, sent through the quantile functions.

    Each sample has exactly the law of an independent one; together they cover sigma, components and noise evenly, which takes away a
    fifth of the excess loss at a given step (measured on two moons and checkerboard). Source: Cranley & Patterson 1976.
    A class-conditional network gets each sample's class, and none for a share `label_dropout` of them (Ho & Salimans 2022).
    """
    target, dim, device = state.target, state.target.dim, state.generator.device
    points = _sobol(state.training.batch, 2 + 2 * dim).to(device)
    u = (points + torch.rand(2 + 2 * dim, 1, generator=state.generator, device=device)).remainder_(1.0)
    z = torch.erfinv(u[2:].mul_(2).sub_(1).clamp_(-1 + 1e-6, 1 - 1e-6)).mul_(math.sqrt(2)).T
    x0, sigma, noise = target.sample_at(u[0], z[:, :dim]), state.objective.sigma(u[1]), z[:, dim:].contiguous()
    labels = None
    if state.network.classes and target.labels is not None:
        labels = target.labels[target.components_at(u[0])]
        dropped = torch.rand(len(labels), generator=state.generator, device=device) < state.training.label_dropout
        labels = labels.masked_fill(dropped, -1)
    return Batch(x0, sigma, noise, labels, state.objective.probes(x0.shape, state.generator))


@functools.cache
def _sobol(n: int, dim: int) -> Tensor:
    """n scrambled Sobol points, (dim, n), always the same."""
    return torch.quasirandom.SobolEngine(dim, scramble=True, seed=0).draw(n).T.contiguous()  # type: ignore[no-untyped-call]


@torch.no_grad()
def train_step(state: TrainState, batch: Batch | None = None) -> tuple[TrainState, TrainInfo]:
    """One step of Adam on a fresh batch (or the one given). A loss or gradient that is not finite undoes up to 100 steps.

    The info then says so. Clipping shortens a gradient longer than `training.clip` to that length (Pascanu et al. 2013).
    """
    batch = draw_batch(state) if batch is None else batch
    workspace = state.workspace(len(batch.x0))
    loss = float(workspace.of(state.objective, batch, state.target))
    norm = math.sqrt(float(torch.dot(workspace.flat, workspace.flat)))
    settled = max(0, state.step - state.since)
    rate = learning_rate(state.training.learning_rate, settled)
    if not (math.isfinite(loss) and math.isfinite(norm)):
        state.buffers.copy_(state.good)
        state.step = state.good_step
        return state, TrainInfo(state.step, loss, rate, diverged=True, gradient_norm=norm)
    if state.step % KEEP_EVERY == 0:
        state.good.copy_(state.buffers)
        state.good_step = state.step
    state.step += 1
    if 0 < state.training.clip < norm:
        workspace.flat.mul_(state.training.clip / norm)
    _adam(state, rate)
    state.buffers[1].lerp_(state.buffers[0], 1 - averaging(state.training.ema, settled))
    return state, TrainInfo(state.step, loss, rate, gradient_norm=norm)


def _adam(state: TrainState, rate: float) -> None:
    weights, _, m, v = state.buffers
    g = state.gradient.flat
    m.lerp_(g, 1 - BETA1)
    v.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
    correction = math.sqrt(1 - BETA2**state.step)
    denominator = torch.sqrt(v, out=state.scratch).add_(ADAM_EPS * correction)
    weights.addcdiv_(m, denominator, value=-rate * correction / (1 - BETA1**state.step))


def training_floor(state: TrainState, levels: int = 32, points: int = 512, seed: int = 0) -> Floor:
    """The least loss of this state's objective on its drawing: `loss_floor`, and for a class-conditional network the mean over classes.

    Of the samples a share `label_dropout` is learned without its class, the rest on the law of their class alone.
    """
    target, objective = state.target, state.objective
    whole = loss_floor(target, objective, levels, points, seed)
    if not state.network.classes or target.labels is None:
        return whole
    dropout, parts = state.training.label_dropout, [(state.training.label_dropout, whole)]
    for share, law in target._laws:
        parts.append(((1 - dropout) * share, loss_floor(law, objective, levels, points, seed)))
    total, per_sigma = sum(p * f.total for p, f in parts), sum((p * f.per_sigma for p, f in parts), torch.zeros_like(whole.per_sigma))
    return Floor(total, math.sqrt(sum((p * f.error) ** 2 for p, f in parts)), whole.sigmas, per_sigma)


@dataclass(frozen=True, slots=True)
class GradientVariance:
    """Of one batch's gradient at fixed weights: norm of its mean (bias removed), trace of its covariance, both of all P weights."""

    norm: float
    trace: float
    repeats: int

    @property
    def relative(self) -> float:
        """trace/norm^2: noise to signal of one step's gradient."""
        return self.trace / self.norm**2 if self.norm > 0 else math.inf


class GradientNoise:
    """Mean and covariance of the gradient of one objective at fixed weights, over fresh batches, one `add` each.

    Batches are drawn as in training, of the state's size, from a generator of their own: the state is left as it is.
    """

    def __init__(self, state: TrainState, objective: Objective | None = None, seed: int = 0, weights: Tensor | None = None) -> None:
        """objective: the state's own without; weights (P,): at which to look, the state's present ones without."""
        self._looking = copy.copy(state)
        self._looking.objective = objective if objective is not None else state.objective
        self._looking.generator = torch.Generator(state.generator.device).manual_seed(seed)
        network = state.network if weights is None else state.network.with_weights(weights)
        self._workspace = gradient_for(network, self._looking.objective, state.training.batch)
        self._sum, self._square, self.repeats = torch.zeros_like(network.flat, dtype=torch.float64), 0.0, 0

    @torch.no_grad()
    def add(self) -> None:
        """One batch more."""
        self._workspace.of(self._looking.objective, draw_batch(self._looking), self._looking.target)
        gradient = self._workspace.flat.double()
        self._sum += gradient
        self._square += float(gradient.square().sum())
        self.repeats += 1

    def value(self) -> GradientVariance:
        """What has been found. ValueError before the second batch."""
        n = self.repeats
        if n < 2:
            raise ValueError(f"a variance needs at least 2 repeats, got {n}")
        length = float((self._sum / n).square().sum())
        trace = max(0.0, (self._square / n - length) * n / (n - 1))
        return GradientVariance(math.sqrt(max(0.0, length - trace / n)), trace, n)


def gradient_variance(state: TrainState, objective: Objective | None = None, repeats: int = 64, seed: int = 0) -> GradientVariance:
    """`GradientNoise` over `repeats` batches of the gradient of `objective` (the state's own without) at the present weights."""
    if repeats < 2:
        raise ValueError(f"a variance needs at least 2 repeats, got {repeats}")
    noise = GradientNoise(state, objective, seed)
    for _ in range(repeats):
        noise.add()
    return noise.value()


def state_dict(state: TrainState) -> dict[str, Tensor]:
    """Everything that `load_state` needs to go on bit for bit, as copies: weights, averages, moments, generator, step, constants."""
    return {
        "buffers": state.buffers.clone(),
        "good": state.good.clone(),
        "frequencies": state.network.frequencies.clone(),
        "generator": state.generator.get_state(),
        "steps": torch.tensor([state.step, state.good_step, state.since]),
        "kind": _kind(state.network),
        "sigma_data": torch.tensor(state.network.sigma_data, dtype=torch.float64),
    }


def _kind(network: ScoreMLP) -> Tensor:
    """What the shapes of the weights do not tell: parameterisation, energy, classes."""
    units = list(PARAMETERISATIONS).index(network.parameterisation.name)
    return torch.tensor([units, int(isinstance(network, EnergyMLP)), network.classes])


def load_state(
    saved: Mapping[str, Tensor], network: NetworkSpec, training: Training, objective: ObjectiveSpec, sde: SDE, target: GaussianMixture,
    law: Law | None = None,
) -> TrainState:  # fmt: skip
    """The state that `state_dict` saved, under these settings; ValueError if it belongs to another architecture."""
    state = init_training(network, training, objective, sde, target, law)
    expected = state_dict(state)
    saved = {"kind": torch.zeros(3, dtype=torch.int64), **saved}  # snapshots of the first versions knew one kind
    if set(saved) != set(expected):
        raise ValueError(f"expected the entries {sorted(expected)}, got {sorted(saved)}")
    for name, tensor in expected.items():
        if saved[name].shape != tensor.shape or saved[name].dtype != tensor.dtype:
            needed, given = (f"{value.dtype} {tuple(value.shape)}" for value in (tensor, saved[name]))
            raise ValueError(f"{name}: this network needs {needed}, got {given}")
    if not torch.equal(saved["kind"], expected["kind"]):
        raise ValueError(f"kind: this network needs {expected['kind'].tolist()}, got {saved['kind'].tolist()}")
    state.buffers.copy_(saved["buffers"])
    state.good.copy_(saved["good"])
    state.step, state.good_step, state.since = (int(n) for n in saved["steps"])
    for net in (state.network, state.ema):
        net.frequencies, net.sigma_data = saved["frequencies"].clone(), float(saved["sigma_data"])
    state.objective = build_objective(objective, sde, state.network.sigma_data)
    state.generator.set_state(saved["generator"])
    return state
