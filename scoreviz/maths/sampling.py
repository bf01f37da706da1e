"""Sampling as one pure step and one loop: a sampler is `init`, `next` and `step`, and `trajectory` is the only loop.

The state is explicit (points, position in the plan, bits of the random generator), so it can be kept, rewound, forked, sent and
resumed bit for bit. A sampler is added as its spec in `scoreviz.scene.samplers` and a factory decorated with `@implements(Spec)`.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Self

import msgspec
import torch
from torch import Tensor

from scoreviz.maths.brownian import BrownianPath
from scoreviz.maths.registry import implementation
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture, LogProbFn, ScoreFn
from scoreviz.scene.choice import decode_choice
from scoreviz.scene.errors import SceneError
from scoreviz.scene.grids import GridSpec
from scoreviz.scene.samplers import CorrectorSpec, PredictorSpec, SamplerSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Stage(Enum):
    """What a substep does."""

    PREDICT = "predict"
    CORRECT = "correct"
    DENOISE = "denoise"


@dataclass(frozen=True, slots=True)
class Substep:
    """One entry of a sampler's plan: from time t to time s (equal while the noise level stays)."""

    index: int
    stage: Stage
    t: float
    s: float


@dataclass(frozen=True, slots=True)
class State:
    """Everything a run needs to go on. x, x_mean: (B, *), x_mean before the last noise; rng: a generator's state (bytes)."""

    x: Tensor
    x_mean: Tensor
    cursor: int
    rng: Tensor
    memory: tuple[Any, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Info:
    """What a substep did, for drawing: new x = old x + drift + noise.

    score: s(x, t) at the old x; drift, noise: the deterministic and the random displacement; x0: Tweedie's E[x_0 | old x].
    None where there is none. step_size: Langevin's e in e s + sqrt(2 e) z (of the proposal, where there is one). nfe: evaluations of
    the score function; those of a density, one a proposal, are not in it. accepted (B,): which proposals were taken; the other
    samples stay, with drift and noise 0.
    """

    score: Tensor | None = None
    drift: Tensor | None = None
    noise: Tensor | None = None
    x0: Tensor | None = None
    step_size: Tensor | None = None
    nfe: int = 0
    accepted: Tensor | None = None


class Sampler(ABC):
    """A sampling method with a plan fixed in advance. `step` is pure: the same state gives the same bits."""

    plan: Sequence[Substep]
    adaptive: ClassVar[bool] = False
    """True for a sampler that chooses its own steps: its plan is empty, and `next` finds the step in the state's memory."""
    remembers_points: ClassVar[bool] = False
    """True where the memory tells of the points themselves: whoever moves them must empty it."""
    origin: tuple[str, SDE] | None = None
    """Label and SDE of a sampler that was built from a spec: what a trace says of it."""
    path: BrownianPath | None = None
    """Whose increments the noise is made of, if not fresh."""

    def init(self, x: Tensor, rng: Tensor) -> State:
        """The state before the first substep. rng: `rng_from_seed(seed)` or a kept generator state."""
        return State(x, x, 0, rng)

    def next(self, state: State) -> Substep | None:
        """The substep that comes now, or None at the end."""
        return self.plan[state.cursor] if state.cursor < len(self.plan) else None

    def along(self, path: BrownianPath) -> Self:
        """This sampler with its noise taken from `path`: runs of any step count then follow the same one."""
        other = copy.copy(self)
        other.path = path
        return other

    def draw(self, state: State, substep: Substep) -> tuple[Tensor, Tensor]:
        """z ~ N(0, I) like state.x for this substep, and the generator state after it. All noise of a sampler comes from here.

        Fresh, or the increment of `path` from t to s; where no time passes (correctors) always fresh.
        """
        if self.path is None or substep.t == substep.s:
            return draw_noise(state.rng, state.x)
        return self.path.noise(substep.t, substep.s, state.x), state.rng

    @abstractmethod
    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """Carry out `substep`."""


def trajectory(sampler: Sampler, state: State) -> Iterator[tuple[Substep, State, Info]]:
    """Run to the end from `state`; yields each substep with the state after it. The only sampling loop in the package."""
    while (substep := sampler.next(state)) is not None:
        state, info = sampler.step(state, substep)
        yield substep, state, info


@torch.no_grad()
def sample(sampler: Sampler, x: Tensor, seed: int) -> Tensor:
    """The final points (B, *) of a run from x with the noise of `seed`."""
    state = sampler.init(x, rng_from_seed(seed, x.device))
    for _, state, _ in trajectory(sampler, state):  # noqa: B007, B020 - the last state is what is wanted
        pass
    return state.x


def rng_from_seed(seed: int, device: torch.device | str = "cpu") -> Tensor:
    """The state of a fresh generator on `device`, as `State.rng` holds it."""
    return torch.Generator(device).manual_seed(seed).get_state()


def draw_noise(rng: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    """z ~ N(0, I) of the shape, dtype and device of `like`, and the generator state after it."""
    generator = torch.Generator(like.device)  # 1 us: cheaper than the care a shared one would need
    generator.set_state(rng)
    z = torch.randn(like.shape, generator=generator, dtype=like.dtype, device=like.device)
    return z, generator.get_state()


def build_sampler(spec: Any, sde: SDE, score_fn: ScoreFn, log_prob_fn: LogProbFn | None = None) -> Sampler:
    """The sampler of a scene's spec, driven by score_fn(x, t); log_prob_fn(x, t) is for those that accept or reject by the density.

    SceneError where such a sampler has none.
    """
    factory = implementation(spec)
    if not spec.NEEDS_DENSITY:
        return _from(spec, sde, factory(spec, sde, score_fn))
    if log_prob_fn is None:
        raise SceneError(
            QT_TRANSLATE_NOOP(
                "errors",
                "“{sampler}” accepts or rejects by the density, which this score does not know. Use the exact score, or an energy network.",
            ),
            sampler=spec.LABEL,
        )
    return _from(spec, sde, factory(spec, sde, score_fn, log_prob_fn))


def _from(spec: Any, sde: SDE, sampler: Sampler) -> Sampler:
    sampler.origin = (spec.LABEL, sde)
    return sampler


def make_sampler(
    name: str,
    sde: SDE,
    score_fn: ScoreFn,
    n_steps: int | None = None,
    predictor: str | None = None,
    corrector: str | None = None,
    snr: float | None = None,
    n_corrector_steps: int | None = None,
    grid: str | None = None,
    log_prob_fn: LogProbFn | None = None,
    **settings: Any,
) -> Sampler:
    """A sampler by its name in `SamplerSpec`, for scripts: pc, reverse_sde, heun, langevin, annealed_langevin, forward, ...

    n_steps counts steps (levels for annealed_langevin), n_corrector_steps corrector steps per predictor step (steps a level); grid names
    a step grid: uniform, karras, log_snr, quadratic. What is not given takes the spec's default; further fields of the spec (step_size,
    sigma, ...) may be given by name. log_prob_fn(x, t) is for samplers that accept or reject by the density.
    ValueError names an argument that the sampler does not take, or a value out of range; an unknown name is a SceneError with the nearest.
    """
    kind = SamplerSpec.named(name)
    chosen: dict[str, Any] = dict(settings)
    annealed = "steps_per_level" in kind.__struct_fields__
    if n_steps is not None:
        chosen["levels" if annealed else "steps"] = n_steps
    if n_corrector_steps is not None:
        chosen["steps_per_level" if annealed else "corrector_steps"] = n_corrector_steps
    if predictor is not None:
        chosen["predictor"] = PredictorSpec.named(predictor)()
    if corrector is not None:
        chosen["corrector"] = CorrectorSpec.named(corrector)()
    if grid is not None:
        chosen["grid"] = GridSpec.named(grid)()
    for key in chosen:
        if key not in kind.__struct_fields__:
            raise ValueError(f"{name} takes no “{key}”; it takes {', '.join(kind.__struct_fields__)}")
    spec = kind(**chosen)
    if snr is not None:
        spec = _with_snr(name, spec, snr)
    return build_sampler(validated(spec), sde, score_fn, log_prob_fn)


def _with_snr(name: str, spec: Any, snr: float) -> Any:
    corrector = getattr(spec, "corrector", None)
    if corrector is None or "snr" not in corrector.__struct_fields__:
        raise ValueError(f"{name} has no corrector that takes an snr")
    return msgspec.structs.replace(spec, corrector=msgspec.structs.replace(corrector, snr=snr))


def validated(spec: Any) -> Any:
    """`spec` if every field lies in its declared range, else ValueError (msgspec checks ranges only when decoding)."""
    try:
        return msgspec.convert(msgspec.to_builtins(spec), type(spec), dec_hook=decode_choice)
    except msgspec.ValidationError as error:
        raise ValueError(f"{type(spec).LABEL}: {error}") from error


def starting_points(spec: Any, sde: SDE, target: GaussianMixture, n: int, generator: torch.Generator) -> Tensor:
    """Where a sampler of this spec starts, (n, D): p_0 of the SDE for the forward axis, its prior for every other.

    p_0 is the data plus the noise std(0) that the SDE has at t = 0, so that a forward run has exactly the law p_t at each t.
    """
    if spec.AXIS == "forward":
        x, std = sde.marginal_prob(target.sample(n, generator), 0.0)
        return x + std * torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
    return prior_points(sde, (n, target.dim), generator, target.mean(), target.means.dtype)


def prior_points(
    sde: SDE, shape: Sequence[int], generator: torch.Generator, mean: Tensor | None = None, dtype: torch.dtype = torch.float32
) -> Tensor:
    """x_1 ~ N(a(1) mean, prior_std^2 I) of shape (B, *), on the generator's device; `mean` (*) is the data's, None for 0.

    Centred where p_1 is, as for data that were centred beforehand: for VE and a small sigma_max, data off the centre would
    otherwise come out shifted by about E[x_0] std(x_0)/sigma_max.
    """
    prior = sde.prior_sampling(shape, generator, dtype)
    return prior if mean is None else prior + sde.mean_coefficient(1.0) * mean.to(prior)
