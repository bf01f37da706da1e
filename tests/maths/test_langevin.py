"""ULA and BAOAB against their own stationary laws, the order of their bias, annealed Langevin, and what all of the family share."""

import math
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from numpy.polynomial import hermite_e
from scipy import special
from torch import Tensor

from scoreviz.maths import VESDE, GaussianMixture, Info, Stage, State, build_sampler, make_sampler, rng_from_seed, sample, trajectory
from scoreviz.maths.denoiser import denoiser_from_score
from scoreviz.maths.langevin import HMCSampler, LangevinSampler, MALASampler, UnderdampedSampler
from scoreviz.maths.sampling import Sampler
from scoreviz.maths.sde import VPSDE, SubVPSDE
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import HMC, MALA, AnnealedLangevin, Langevin, Underdamped

SDE = VESDE(0.02, 4.0)
VP = VPSDE()
V0 = 0.49
DOUBLE = torch.float64
FAMILY = [Langevin(steps=5), MALA(steps=5), HMC(steps=3, leapfrog_steps=3), Underdamped(steps=5),
          AnnealedLangevin(levels=3, steps_per_level=2), AnnealedLangevin(levels=3, steps_per_level=2, denoise=True)]  # fmt: skip


def variance(sde: Any, t: float) -> float:
    """Of p_t for data N(0, V0)."""
    return sde.mean_coefficient(t) ** 2 * V0 + sde.std(t) ** 2


def gaussian(sde: Any) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """Score and log density of N(0, V0 I) data, points of any shape."""

    def log_prob(x: Tensor, t: Any) -> Tensor:
        v = variance(sde, t)
        return x.flatten(1).square().sum(1) / (-2 * v) - 0.5 * x[0].numel() * math.log(2 * math.pi * v)

    return (lambda x, t: -x / variance(sde, t)), log_prob


SCORE, LOG_PROB = gaussian(SDE)


def build(spec: Any, sde: Any = SDE) -> Sampler:
    return build_sampler(spec, sde, *gaussian(sde))


def normal(std: float, *shape: int, dtype: torch.dtype = DOUBLE, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype) * std


class Given:
    """In place of `Sampler.draw`: always the same noise."""

    def __init__(self, z: Tensor) -> None:
        self.z = z

    def __call__(self, state: State, substep: Any) -> tuple[Tensor, Tensor]:
        return self.z.clone(), state.rng


def linear_map(sampler: Any, memory: Callable[[Tensor], tuple[Tensor, ...]], size: int) -> tuple[Tensor, Tensor]:
    """A (size, size) and b (size,) of a step y = A y + b z that is linear in y = (x, *memory), from the unit vectors."""
    units = torch.eye(size + 1, size, dtype=DOUBLE)
    sampler.draw = Given(torch.eye(size + 1, dtype=DOUBLE)[:, size:])
    state, _ = sampler.step(State(units[:, :1], units[:, :1], 0, rng_from_seed(0), memory(units)), sampler.plan[0])
    after = torch.cat([state.x, *state.memory[:1]], 1)
    return after[:size].T, after[size]


def stationary_covariance(a: Tensor, b: Tensor) -> Tensor:
    """S = A S A' + b b'."""
    assert float(torch.linalg.eigvals(a).abs().max()) < 1
    n = len(b)
    return torch.linalg.solve(torch.eye(n * n, dtype=DOUBLE) - torch.kron(a, a), torch.outer(b, b).flatten()).reshape(n, n)


# ULA


@pytest.mark.parametrize("sde", [SDE, VP], ids=repr)
@pytest.mark.parametrize("relative", [0.01, 0.3, 1.0, 1.9])
def test_ula_settles_on_its_own_variance(sde: Any, relative: float):
    """v/(1 - e/2v), for every stable step e < 2v."""
    v = variance(sde, sde.t_of_sigma(0.5))
    sampler = build(Langevin(step_size=relative * v, sigma=0.5), sde)
    settled = stationary_covariance(*linear_map(sampler, lambda y: (), 1))
    assert float(settled) == pytest.approx(v / (1 - relative / 2), rel=1e-9)


def test_ula_draws_what_its_map_says():
    v, e, n = V0 + 0.25, 0.5, 200_000
    x = sample(build(Langevin(steps=20, step_size=e, sigma=0.5)), normal(math.sqrt(v), n, 1), 1)
    settled = v / (1 - e / (2 * v))
    expected = settled + (v - settled) * (1 - e / v) ** 40
    assert float(x.var()) == pytest.approx(expected, rel=5 * math.sqrt(2 / n))
    assert expected > 1.3 * v


def circle(x: Tensor, t: Any) -> Tensor:
    """Score of the von Mises density p ~ exp(cos x), whose E cos x is I_1(1)/I_0(1)."""
    return -x.sin()


def stationary_cosine(sampler: Any, velocities: int, angles: int = 24, shakes: int = 14) -> float:
    """E cos x of the chain's own stationary law on the circle, to some nine digits.

    The transition operator by collocation: functions are trigonometric in x times polynomial in v, the noise is integrated by Gauss
    and Hermite, and each entry comes from the sampler's own step. Its left eigenvector to the eigenvalue 1 is the law.
    """
    x = np.arange(angles) * 2 * np.pi / angles
    v, _ = hermite_e.hermegauss(velocities)
    z, weights = hermite_e.hermegauss(shakes)
    grid = np.stack([g.ravel() for g in np.meshgrid(x, v, z, indexing="ij")], 1)
    start, old_v, shake = (torch.from_numpy(grid[:, [i]]) for i in range(3))
    sampler.draw = Given(shake)
    state, _ = sampler.step(State(start, start, 1, rng_from_seed(0), (old_v,)), sampler.plan[0])
    new_v = state.memory[0][:, 0].numpy() if state.memory else old_v[:, 0].numpy()
    frequency = np.arange(1, angles // 2)
    distance = state.x.numpy() - x  # (grid, angles): trigonometric cardinal functions
    around = (1 + 2 * np.cos(distance[:, :, None] * frequency).sum(2) + np.cos(distance * angles / 2)) / angles
    along = hermite_e.hermevander(new_v, velocities - 1) @ np.linalg.inv(hermite_e.hermevander(v, velocities - 1))
    ends = (around[:, :, None] * along[:, None, :]).reshape(angles * velocities, shakes, -1)
    operator = np.einsum("izb,z->ib", ends, weights / weights.sum())
    system = np.vstack([(operator - np.eye(len(operator))).T, np.ones(len(operator))])
    law = np.linalg.lstsq(system, np.eye(len(system))[-1], rcond=None)[0]
    return float(law @ np.cos(np.repeat(x, velocities)))


def test_the_bias_of_ula_is_of_order_one():
    truth = special.i1(1.0) / special.i0(1.0)
    errors = [stationary_cosine(LangevinSampler(SDE, circle, [(0.0, e)]), 1) - truth for e in (0.01, 0.02, 0.04)]
    assert errors[0] != pytest.approx(0, abs=1e-4), "and it is there"
    assert [math.log2(errors[i + 1] / errors[i]) for i in range(2)] == pytest.approx([1.0, 1.0], abs=0.05)


@pytest.mark.parametrize(("kind", "field"), [(Langevin, "step_size"), (MALA, "step_size"), (AnnealedLangevin, "epsilon")])
def test_both_conventions_are_the_same_bits(kind: Any, field: str):
    x = normal(1.0, 50, 2, dtype=torch.float32)
    code, paper = (build(kind(**{field: size, "convention": name})) for size, name in ((3e-4, "code"), (6e-4, "paper")))
    assert torch.equal(sample(code, x, 3), sample(paper, x, 3))
    other = build(kind(**{field: 3e-4, "convention": "paper"}))
    assert not torch.equal(sample(code, x, 3), sample(other, x, 3))


def test_without_noise_every_point_ends_on_a_mode():
    modes = torch.tensor([[-2.0, 0.0], [2.0, 1.0]], dtype=DOUBLE)
    target = GaussianMixture(torch.tensor([0.3, 0.7], dtype=DOUBLE), modes, torch.tensor([0.3, 0.5], dtype=DOUBLE))
    sampler = make_sampler("langevin", SDE, target.score_fn(SDE), n_steps=500, step_size=0.05, sigma=0.1, noise=False)
    x = sample(sampler, normal(2.0, 200, 2), 0)
    distance = torch.cdist(x, modes).amin(1)
    assert float(distance.max()) < 1e-6
    assert len(x[:, 0].sign().unique()) == 2, "both modes are reached"


# BAOAB


@pytest.mark.parametrize("sde", [SDE, VP], ids=repr)
@pytest.mark.parametrize("relative", [0.1, 1.0, 1.95])
@pytest.mark.parametrize("friction", [0.1, 1.0, 30.0])
def test_baoab_is_exact_in_position_on_a_gaussian(sde: Any, relative: float, friction: float):
    """At every stable step, h < 2 std, whatever the friction. The velocity in the memory lacks half a kick."""
    v = variance(sde, sde.t_of_sigma(0.5))
    h = relative * math.sqrt(v)
    sampler = build(Underdamped(step_size=h, friction=friction, sigma=0.5), sde)
    a, b = linear_map(sampler, lambda y: (y[:, 1:],), 2)
    settled = stationary_covariance(a, b)
    assert float(settled[0, 0]) == pytest.approx(v, rel=1e-8)
    completed = torch.tensor([-0.5 * h / v, 1.0], dtype=DOUBLE)  # v + h/2 s(x)
    assert float(completed @ settled @ completed) == pytest.approx(1 - h**2 / (4 * v), rel=1e-8), "velocities are biased: BAOAB's known law"
    assert abs(float(completed @ settled[:, 0])) < 1e-8, "and independent of the position"


def test_baoab_beyond_its_stable_step_diverges():
    a, _ = linear_map(build(Underdamped(step_size=2.05 * math.sqrt(V0 + 0.25), sigma=0.5)), lambda y: (y[:, 1:],), 2)
    assert float(torch.linalg.eigvals(a).abs().max()) > 1


def test_baoab_draws_its_first_velocity_and_follows_the_exact_moments():
    """From exact positions and v ~ N(0, 1): the covariance of (x, v) through V R O R V, step by step."""
    v, h, friction, n = V0 + 0.25, 1.0, 0.7, 200_000
    sampler = build(Underdamped(steps=6, step_size=h, friction=friction, sigma=0.5))
    state = sampler.init(normal(math.sqrt(v), n, 1), rng_from_seed(1))
    kick, fly = torch.tensor([[1, 0], [-h / 2 / v, 1]], dtype=DOUBLE), torch.tensor([[1, h / 2], [0, 1]], dtype=DOUBLE)
    slow = torch.diag(torch.tensor([1, math.exp(-friction * h)], dtype=DOUBLE))
    shaken = torch.diag(torch.tensor([0, 1 - math.exp(-2 * friction * h)], dtype=DOUBLE))
    covariance = torch.diag(torch.tensor([v, 1], dtype=DOUBLE))
    for _, state, _ in trajectory(sampler, state):  # noqa: B020 - the loop's state is checked
        half = slow @ fly @ kick
        covariance = kick @ fly @ (half @ covariance @ half.T + shaken) @ fly.T @ kick.T
        assert float(state.x.var()) == pytest.approx(float(covariance[0, 0]), rel=5 * math.sqrt(2 / n))


def test_baoab_is_v_r_o_r_v():
    """Letter by letter, with the textbook's velocity: the merged kicks change no position."""
    h, friction, steps = 0.3, 0.8, 7
    sampler = UnderdampedSampler(SDE, lambda x, t: x - x**3, 0.0, h, friction, steps)
    x = normal(1.0, 20, 1)
    states = [sampler.init(x, rng_from_seed(5))]
    states += [state for _, state, _ in trajectory(sampler, states[0])]
    generator = torch.Generator().manual_seed(5)
    v = torch.randn(x.shape, generator=generator, dtype=DOUBLE)
    for i in range(steps):
        v = v + h / 2 * (x - x**3)
        x = x + h / 2 * v
        z = torch.randn(x.shape, generator=generator, dtype=DOUBLE)
        v = math.exp(-friction * h) * v + math.sqrt(1 - math.exp(-2 * friction * h)) * z
        x = x + h / 2 * v
        assert torch.allclose(states[i + 1].x, x, atol=1e-12)
        v = v + h / 2 * (x - x**3)
        assert torch.allclose(states[i + 1].memory[0] + h / 2 * (x - x**3), v, atol=1e-12)


@pytest.mark.parametrize("friction", [0.5, 2.0])
def test_the_bias_of_baoab_is_of_order_two(friction: float):
    truth = special.i1(1.0) / special.i0(1.0)
    errors = [stationary_cosine(UnderdampedSampler(SDE, circle, 0.0, h, friction, 2), 16) - truth for h in (0.1, 0.2, 0.4)]
    assert errors[0] != pytest.approx(0, abs=1e-6), "and it is there"
    assert [math.log2(errors[i + 1] / errors[i]) for i in range(2)] == pytest.approx([2.0, 2.0], abs=0.12)


# annealed Langevin


@pytest.mark.parametrize("sde", [SDE, VP, SubVPSDE()], ids=repr)
@pytest.mark.parametrize("convention", ["code", "paper"])
@pytest.mark.parametrize("denoise", [False, True])
def test_annealed_langevin_plan_and_steps(sde: Any, convention: str, denoise: bool):
    """alpha_i = eps std_i^2/std_L^2 at levels geometric in sigma, from the noisiest to the least that has a score (0.01 or more)."""
    sampler = build(AnnealedLangevin(levels=4, steps_per_level=3, epsilon=1e-6, convention=convention, denoise=denoise), sde)
    seen = list(trajectory(sampler, sampler.init(normal(1.0, 4, 2), rng_from_seed(0))))
    last = {"VESDE": 0.02, "VPSDE": VP.sigma(1e-3), "SubVPSDE": 0.01}[type(sde).__name__]
    sigmas = [sde.sigma(1.0) * (last / sde.sigma(1.0)) ** (i / 3) for i in range(4)]
    corrections = [(substep, info) for substep, _, info in seen if substep.stage is Stage.CORRECT]
    assert [sde.sigma(substep.t) for substep, _ in corrections] == pytest.approx([sigma for sigma in sigmas for _ in range(3)])
    for substep, info in corrections:
        e = 1e-6 * (sde.std(substep.t) / sde.std(seen[-1][0].t)) ** 2 / (1 if convention == "code" else 2)
        assert float(info.step_size) == pytest.approx(e)
    assert [substep.stage for substep, _, _ in seen[12:]] == [Stage.DENOISE] * denoise
    if denoise:
        (_, before, _), (substep, after, info) = seen[-2:]
        assert substep.t == substep.s == corrections[-1][0].t
        shrink = sde.mean_coefficient(substep.t) * V0 / variance(sde, substep.t)
        assert torch.allclose(after.x, before.x * shrink), "E[x_0 | x] of the Gaussian"
        assert info.noise is None and info.nfe == 1


def test_denoising_takes_the_smallest_noise_away():
    """NCSNv2's last step: from variance V0 + sigma^2 to that of E[x_0 | x]."""
    wide = VESDE(0.5, 4.0)
    v, e = V0 + 0.25, 0.002
    steps = {"levels": 1, "steps_per_level": 1, "epsilon": e}
    raw, clean = (LangevinSampler(wide, gaussian(wide)[0], [(0.0, e)], denoise=denoise) for denoise in (False, True))
    x = normal(math.sqrt(v), 1000, 1)
    assert torch.allclose(sample(clean, x, 0), sample(raw, x, 0) * V0 / v)
    assert len(build(AnnealedLangevin(**steps, denoise=True), wide).plan) == 2


# what they share


def family(spec: Any, sde: Any = SDE, counts: list[str] | None = None) -> Sampler:
    score, log_prob = gaussian(sde)
    counts = [] if counts is None else counts
    return build_sampler(
        spec, sde, lambda x, t: (counts.append("score"), score(x, t))[1], lambda x, t: (counts.append("density"), log_prob(x, t))[1]
    )


@pytest.mark.parametrize("spec", FAMILY, ids=repr)
@pytest.mark.parametrize("sde", [SDE, VP], ids=repr)
def test_steps_are_pure_and_runs_resume_bitwise(spec: Any, sde: Any):
    sampler = family(spec, sde)
    states = [sampler.init(normal(1.0, 12, 2), rng_from_seed(3))]
    states += [state for _, state, _ in trajectory(sampler, states[0])]
    kept = [(s.x.clone(), s.x_mean.clone(), s.rng.clone(), [m.clone() for m in s.memory]) for s in states]
    again = [states[0], *(state for _, state, _ in trajectory(family(spec, sde), states[0]))]
    for one, two, (x, x_mean, rng, memory) in zip(states, again, kept, strict=True):
        assert torch.equal(one.x, two.x) and torch.equal(one.rng, two.rng)
        assert torch.equal(one.x, x) and torch.equal(one.x_mean, x_mean) and torch.equal(one.rng, rng), "an earlier state was written into"
        assert all(torch.equal(a, b) and torch.equal(a, c) for a, b, c in zip(one.memory, memory, two.memory, strict=True))
    for middle in states:
        resumed = [state for _, state, _ in trajectory(sampler, middle)] or [middle]
        assert torch.equal(resumed[-1].x, states[-1].x)


@pytest.mark.parametrize("spec", FAMILY, ids=repr)
@pytest.mark.parametrize("sde", [SDE, VP], ids=repr)
def test_info_tells_the_truth(spec: Any, sde: Any):
    counts: list[str] = []
    sampler = family(spec, sde, counts)
    state = sampler.init(normal(1.0, 40, 2), rng_from_seed(3))
    for substep, new, info in trajectory(sampler, state):
        assert info.nfe == counts.count("score")
        moved = info.drift if info.noise is None else info.drift + info.noise
        assert torch.allclose(new.x, state.x + moved, atol=1e-12)
        assert torch.allclose(new.x_mean, state.x + info.drift, atol=1e-12)
        assert torch.allclose(info.score, gaussian(sde)[0](state.x, substep.t), atol=1e-12)
        assert torch.allclose(info.x0, denoiser_from_score(state.x, info.score, sde, substep.t), atol=1e-10)
        went = torch.ones(40, dtype=torch.bool) if info.accepted is None else info.accepted
        assert torch.equal(new.x[~went], state.x[~went]) and not moved[~went].any()
        assert went.any()
        if info.step_size is not None:
            assert torch.allclose(info.drift[went], info.step_size * info.score[went])
        counts.clear()
        state = new


@pytest.mark.parametrize(
    ("spec", "scores", "densities"),
    [(Langevin(steps=7), 7, 0), (MALA(steps=7), 8, 8), (HMC(steps=7, leapfrog_steps=3), 22, 8), (Underdamped(steps=7), 7, 0),
     (AnnealedLangevin(levels=3, steps_per_level=2, denoise=True), 7, 0)],
)  # fmt: skip
def test_evaluations_are_counted_and_none_is_done_twice(spec: Any, scores: int, densities: int):
    counts: list[str] = []
    sampler = family(spec, SDE, counts)
    infos = [info for _, _, info in trajectory(sampler, sampler.init(normal(1.0, 5, 2), rng_from_seed(0)))]
    assert sum(info.nfe for info in infos) == counts.count("score") == scores
    assert counts.count("density") == densities


@pytest.mark.parametrize("spec", FAMILY, ids=repr)
@pytest.mark.parametrize("shape", [(3, 1), (3, 2), (3, 3), (3, 1, 4, 4)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_shape_and_dtype(spec: Any, shape: tuple[int, ...], dtype: torch.dtype):
    sampler = family(spec)
    for _, state, info in trajectory(sampler, sampler.init(torch.ones(shape, dtype=dtype), rng_from_seed(0))):
        for value in (state.x, state.x_mean, info.score, info.drift, info.x0, *state.memory):
            assert value.dtype == dtype and value.shape[0] == 3 and bool(value.isfinite().all())
        assert state.x.shape == shape and (info.accepted is None or info.accepted.shape == (3,))


@pytest.mark.parametrize("spec", FAMILY, ids=repr)
def test_float32_follows_float64(spec: Any):
    """The same noise, drawn once in float64: the arithmetic loses nothing that matters."""
    if isinstance(spec, HMC):
        spec = msgspec.structs.replace(spec, jitter=0.0)  # uniform numbers are drawn in each precision
    finals = []
    for dtype in (torch.float32, torch.float64):
        sampler = family(spec)
        z = normal(1.0, 30, 2, seed=4)
        sampler.draw = lambda state, substep, z=z, dtype=dtype: (z.to(dtype), state.rng)  # type: ignore[method-assign]
        x, v = normal(0.7, 30, 2).to(dtype), normal(1.0, 30, 2, seed=2).to(dtype)
        start = State(x, x, 0, rng_from_seed(1), (v,) if isinstance(spec, Underdamped) else ())
        sampler.plan = sampler.plan[:1] + sampler.plan[-1:]
        infos = list(trajectory(sampler, start))
        finals.append(infos[0][1].x)
        assert all(info.accepted is None or info.accepted.float().mean() > 0.8 for _, _, info in infos)
    same = (finals[0] - finals[1]).abs().amax(1) < 1e-4
    assert int(same.sum()) >= 29  # as for the test of a proposal, which may fall otherwise


@pytest.mark.parametrize("spec", FAMILY, ids=repr)
def test_one_step_is_legal(spec: Any):
    fields = {name: 1 for name in ("steps", "levels", "steps_per_level", "leapfrog_steps") if name in spec.__struct_fields__}
    assert bool(sample(build(msgspec.structs.replace(spec, **fields)), normal(1.0, 4, 2), 0).isfinite().all())


@pytest.mark.parametrize("name", ["langevin", "mala", "hmc", "underdamped"])
def test_the_level_is_held_within_the_trained_range(name: str):
    for sigma, held in ((0.001, 0.02), (0.5, 0.5), (50.0, 4.0)):
        plan = make_sampler(name, SDE, SCORE, n_steps=2, sigma=sigma, log_prob_fn=LOG_PROB).plan
        assert [SDE.std(substep.t) for substep in plan] == pytest.approx([held] * 2)


def test_there_is_no_metropolis_without_a_density():
    for name in ("mala", "hmc"):
        with pytest.raises(SceneError, match="accepts or rejects by the density"):
            make_sampler(name, SDE, SCORE)


def test_memory_of_other_points_is_refused():
    for spec in FAMILY[1:4]:
        sampler = family(spec)
        state, _ = sampler.step(sampler.init(normal(1.0, 6, 2), rng_from_seed(0)), sampler.plan[0])
        x = normal(1.0, 4, 2)
        with pytest.raises(ValueError, match=r"memory is of points \(6, 2\).*\(4, 2\)"):
            sampler.step(State(x, x, 1, state.rng, state.memory), sampler.plan[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LangevinSampler(SDE, SCORE, []), "at least 1 step"),
        (lambda: LangevinSampler(SDE, SCORE, [(0.5, 0.0)]), "positive and finite, got 0.0"),
        (lambda: LangevinSampler(SDE, SCORE, [(1.5, 0.1)]), r"\[0, 1\], got 1.5"),
        (lambda: MALASampler(SDE, SCORE, LOG_PROB, 0.5, -1.0, 3), "positive and finite, got -1.0"),
        (lambda: MALASampler(SDE, SCORE, LOG_PROB, float("nan"), 1.0, 3), "got nan"),
        (lambda: MALASampler(SDE, SCORE, LOG_PROB, 0.5, 1.0, 0), "at least 1 step, got 0"),
        (lambda: HMCSampler(SDE, SCORE, LOG_PROB, 0.5, 0.1, 3, 0), "at least 1 leapfrog step, got 0"),
        (lambda: HMCSampler(SDE, SCORE, LOG_PROB, 0.5, 0.1, 3, 2, 1.0), r"jitter must lie in \[0, 1\), got 1.0"),
        (lambda: UnderdampedSampler(SDE, SCORE, 0.5, 0.1, 0.0, 3), "friction must be positive and finite, got 0.0"),
        (lambda: UnderdampedSampler(SDE, SCORE, 0.5, float("inf"), 1.0, 3), "got inf"),
        (lambda: build(Langevin(sigma=-1.0)), "sigma=-1.0"),
        (lambda: build(MALA(sigma=0.0)), "sigma=0.0"),
        (lambda: make_sampler("mala", SDE, SCORE, log_prob_fn=LOG_PROB, step_size=0.0), "step_size"),
        (lambda: make_sampler("hmc", SDE, SCORE, log_prob_fn=LOG_PROB, leapfrog_steps=0), "leapfrog_steps"),
        (lambda: make_sampler("underdamped", SDE, SCORE, friction=-1.0), "friction"),
        (lambda: make_sampler("mala", SDE, SCORE, log_prob_fn=LOG_PROB, sigma=-0.5), "sigma"),
        (lambda: make_sampler("underdamped", SDE, SCORE, convention="paper"), "takes no “convention”"),
        (lambda: sample(MALASampler(SDE, SCORE, lambda x, t: x, 0.5, 0.1, 1), normal(1.0, 4, 2), 0), r"shape \(4,\), got \(4, 2\)"),
    ],
)
def test_bad_arguments(call: Callable[[], Any], message: str):
    with pytest.raises(ValueError, match=message):
        call()


def test_info_knows_no_acceptance_where_nothing_is_proposed():
    assert Info().accepted is None
