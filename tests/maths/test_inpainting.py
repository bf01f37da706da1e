"""Replacement and RePaint on a Gaussian of correlation .9, where every step has exact moments and the conditional is known."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from scoreviz.maths import (
    VESDE,
    Empirical,
    GaussianMixture,
    Info,
    Sampler,
    Stage,
    State,
    Substep,
    build_sampler,
    denoiser_from_score,
    make_sampler,
    rng_from_seed,
    sample,
    trajectory,
)  # fmt: skip
from scoreviz.maths.inpainting import Inpainting, Resampling, repaint, require_reverse
from scoreviz.maths.sde import VPSDE
from scoreviz.scene.choice import tag_of
from scoreviz.scene.samplers import Langevin, SamplerSpec

CORRELATION, Y = 0.9, 1.5
COV = torch.tensor([[1.0, CORRELATION], [CORRELATION, 1.0]], dtype=torch.float64)
TRUTH = (CORRELATION * Y, math.sqrt(1 - CORRELATION**2))  # 1.35 +- .44
KNOWN, MASK = torch.tensor([math.nan, Y], dtype=torch.float64), torch.tensor([False, True])
SDE = VESDE(0.01, 50.0)
VP = VPSDE()
SNR = 0.16


def score(x: Tensor, t: Any) -> Tensor:
    return gaussian_score(SDE)(x, t)


def gaussian_score(sde: Any) -> Callable[[Tensor, Any], Tensor]:
    """Of N(0, COV): -(a^2 C + std^2)^-1 x."""

    def score_fn(x: Tensor, t: Any) -> Tensor:
        a, std = sde.mean_coefficient(t), sde.std(t)
        return -x @ torch.linalg.inv(a * a * COV + std * std * torch.eye(2, dtype=torch.float64)).to(x)

    return score_fn


def start(n: int, seed: int = 0) -> Tensor:
    return SDE.prior_sampling((n, 2), torch.Generator().manual_seed(seed), torch.float64)


class Moments:
    """Mean (2,) and covariance (2, 2) of (unknown, known) carried through the rules, written out once more."""

    def __init__(self) -> None:
        self.mean, self.cov = torch.tensor([0.0, Y], dtype=torch.float64), torch.eye(2, dtype=torch.float64) * SDE.std(1.0) ** 2

    def pull(self, amount: float, sigma: float, noise: float) -> None:
        """x + amount s, and noise of that variance."""
        eye = torch.eye(2, dtype=torch.float64)
        a = eye - amount * torch.linalg.inv(COV + sigma**2 * eye)
        self.mean, self.cov = a @ self.mean, a @ self.cov @ a.T + noise * eye

    def replace(self, sigma: float) -> None:
        self.mean[1] = Y
        self.cov = torch.diag(torch.stack([self.cov[0, 0], torch.tensor(sigma**2, dtype=torch.float64)]))

    def unknown(self) -> tuple[float, float]:
        return float(self.mean[0]), math.sqrt(float(self.cov[0, 0]))


def recursion(n: int, corrector: bool = False, jump: int = 1, passes: int = 1) -> tuple[float, float]:
    """Mean and standard deviation of the unknown coordinate: reverse diffusion, replacement, `ald` correctors, jumps back."""
    ratio = SDE.sigma_max / SDE.sigma_min
    level = [SDE.sigma_min * ratio ** (k / (n - 1)) for k in range(n)]
    at = [SDE.sigma_min * ratio ** (SDE.eps + (1 - SDE.eps) * k / (n - 1)) for k in range(n)]
    moments = Moments()

    def down(k: int) -> None:
        if corrector:
            e = 2 * (SNR * at[k]) ** 2
            moments.pull(e, at[k], 2 * e)
            moments.replace(at[k])
        growth = level[k] ** 2 - (level[k - 1] ** 2 if k else 0.0)
        moments.pull(growth, at[k], growth if k else 0.0)  # the last step returns its mean
        moments.replace(at[k - 1] if k else 0.0)

    k = n - 1
    while k > 0:
        stop = max(0, k - jump)
        for turn in range(passes):
            if turn:
                moments.cov += torch.eye(2, dtype=torch.float64) * (at[k] ** 2 - at[stop] ** 2)
            for i in range(k, stop, -1):
                down(i)
        k = stop
    down(0)
    return moments.unknown()


def limit(c: float, y: float) -> tuple[float, float]:
    """The predictor-only law for many steps, from `inpainting`'s docstring."""
    return y / c * (1 - math.sqrt(1 - c * c)), math.sqrt((1 - c * c) / (2 * c) * math.log((1 + c) / (1 - c)))


def measured(sampler: Sampler, n: int, seed: int = 1) -> tuple[float, float]:
    x = sample(sampler, start(n), seed)
    assert torch.equal(x[:, 1], torch.full_like(x[:, 1], Y)), "the known coordinate comes back as it was given"
    return float(x[:, 0].mean()), float(x[:, 0].std())


def assert_law(found: tuple[float, float], expected: tuple[float, float], n: int) -> None:
    """Within five standard errors."""
    assert found[0] == pytest.approx(expected[0], abs=5 * expected[1] / math.sqrt(n))
    assert found[1] == pytest.approx(expected[1], rel=5 / math.sqrt(2 * n))


def inpainted(name: str = "reverse_sde", **settings: Any) -> Inpainting:
    return Inpainting(make_sampler(name, SDE, score, **settings), SDE, KNOWN, MASK)


def test_figures_of_the_recursion():
    """VE .01 to 50, 1000 steps: predictor-only .94 +- .56; correctors tend to the truth."""
    assert recursion(1000) == pytest.approx((0.94, 0.56), abs=0.005)
    assert recursion(2000) == pytest.approx(limit(CORRELATION, Y), rel=4e-3)
    assert limit(CORRELATION, Y) == pytest.approx((0.9402, 0.5575), abs=1e-4)
    assert pytest.approx((1.35, 0.44), abs=0.005) == TRUTH
    errors = [abs(recursion(n, corrector=True)[0] - TRUTH[0]) for n in (125, 500, 2000)]
    assert errors[0] > 1.6 * errors[1] > 1.6**2 * errors[2], "more levels are more correction"


@pytest.mark.parametrize("corrector", [False, True])
def test_replacement_has_the_moments_of_its_recursion(corrector: bool):
    n = 20_000
    sampler = inpainted("pc", n_steps=60, corrector="ald", snr=SNR, n_corrector_steps=1) if corrector else inpainted(n_steps=60)
    assert_law(measured(sampler, n), recursion(60, corrector), n)


def test_replacement_is_not_the_conditional_and_one_corrector_step_repairs_it():
    n = 3000
    alone = measured(inpainted(n_steps=1000), n)
    repaired = measured(inpainted("pc", n_steps=1000, snr=SNR, n_corrector_steps=1), n)
    assert_law(alone, recursion(1000), n)
    assert abs(alone[0] - TRUTH[0]) > 30 * TRUTH[1] / math.sqrt(n)
    assert_law(repaired, (TRUTH[0], 1.01 * TRUTH[1]), n)  # the corrector's own stationary law is wider by about r^2/2


@pytest.mark.slow
def test_the_published_figures_to_two_digits():
    n = 30_000
    assert measured(inpainted(n_steps=1000), n) == pytest.approx((0.94, 0.56), abs=0.01)
    assert measured(inpainted("pc", n_steps=1000, snr=SNR, n_corrector_steps=1), n) == pytest.approx((1.35, 0.44), abs=0.015)


@pytest.mark.parametrize(("jump", "passes"), [(1, 4), (5, 3), (10, 5)])
def test_repaint_has_the_moments_of_its_recursion(jump: int, passes: int):
    n = 10_000
    sampler = repaint(make_sampler("reverse_sde", SDE, score, n_steps=41), SDE, KNOWN, MASK, jump, passes)
    assert_law(measured(sampler, n), recursion(41, jump=jump, passes=passes), n)


def test_more_resampling_comes_closer_to_the_truth():
    """Errors of mean and standard deviation over r = 1, 2, 5, 10, 20 passes of jumps by 10 of 101 steps, by the recursion."""
    laws = [recursion(101, jump=10, passes=r) for r in (1, 2, 5, 10, 20)]
    for part in (0, 1):
        errors = [abs(law[part] - TRUTH[part]) for law in laws]
        assert errors == sorted(errors, reverse=True)
        assert errors[-1] < 0.2 * errors[0]
    assert laws[0] == pytest.approx((0.93, 0.58), abs=0.03)
    assert laws[-1] == pytest.approx(TRUTH, abs=0.04)
    n = 4000
    many = repaint(make_sampler("reverse_sde", SDE, score, n_steps=101), SDE, KNOWN, MASK, 10, 10)
    assert_law(measured(many, n), laws[3], n)


def test_the_conditional_of_the_mixture_is_the_exact_alternative():
    """`GaussianMixture.given`: the law of the unknown coordinate itself, sampled without any replacement."""
    joint = GaussianMixture(torch.ones(1, dtype=torch.float64), torch.zeros(1, 2, dtype=torch.float64), covs=COV[None])
    conditional = joint.given(MASK, KNOWN.nan_to_num())
    n = 20_000
    x = sample(make_sampler("heun", SDE, conditional.score_fn(SDE), n_steps=200), start(n)[:, :1], 1)
    assert_law((float(x.mean()), float(x.std())), TRUTH, n)


def test_every_state_is_at_its_noise_level_and_every_mean_free_of_noise():
    """From the first on: the known coordinate has mean a y and standard deviation std, x_mean is a y, the end is y everywhere denoised."""
    n = 20_000
    sampler = inpainted("pc", n_steps=8, n_corrector_steps=1)
    state = sampler.init(start(n), rng_from_seed(1))
    assert_law((float(state.x[:, 1].mean()), float(state.x[:, 1].std())), (Y, SDE.std(1.0)), n)
    assert torch.equal(state.x[:, 0], start(n)[:, 0])
    for substep, new, _ in trajectory(sampler, state):
        known = new.x[:, 1]
        assert bool((new.x_mean[:, 1] == Y).all())
        if substep.stage is Stage.DENOISE:
            assert bool((known == Y).all())
            assert torch.equal(new.x, state.x_mean), "the mean that is returned is the last step's, unknown part included"
        else:
            assert_law((float(known.mean()), float(known.std())), (Y, SDE.std(substep.s)), n)
            assert abs(float(torch.corrcoef(new.x.T)[0, 1])) < 5 / math.sqrt(n), "the noise of the known part is its own"
        state = new


def test_the_unknown_part_is_denoised():
    """The last state but one holds noise of sigma_min there too, the one returned does not."""
    sampler = inpainted(n_steps=300)
    *_, (_, predicted, _), (_, last, _) = trajectory(sampler, sampler.init(start(2000), rng_from_seed(1)))
    assert float((predicted.x - last.x)[:, 0].std()) == pytest.approx(SDE.sigma_min, rel=0.1)


def reverse_specs() -> list[Any]:
    """Every registered sampler with a plan fixed in advance, at a few steps."""
    kinds = [kind for kind in SamplerSpec.members() if kind.AXIS != "forward"]
    specs = [kind(**{name: 3 for name in ("steps", "levels", "steps_per_level") if name in kind.__struct_fields__}) for kind in kinds]
    specs += [msgspec.structs.replace(spec, to_data=not spec.to_data) for spec in specs if "to_data" in spec.__struct_fields__]
    return [spec for spec in specs if not build(spec, SDE).adaptive]


def build(spec: Any, sde: Any, score_fn: Any = None) -> Sampler:
    def log_prob(x: Tensor, t: Any) -> Tensor:
        a, std = sde.mean_coefficient(t), sde.std(t)
        cov = a * a * COV + std * std * torch.eye(2, dtype=torch.float64)
        return -0.5 * (x @ torch.linalg.inv(cov).to(x) * x).sum(1)

    return build_sampler(spec, sde, score_fn or gaussian_score(sde), log_prob)


@pytest.mark.parametrize("sde", [SDE, VP], ids=["ve", "vp"])
@pytest.mark.parametrize("spec", reverse_specs(), ids=tag_of)
def test_every_sampler_can_be_inpainted(spec: Any, sde: Any):
    """Info is true, steps are pure, runs resume bitwise, and the known part ends on y (or its noised law, for plans that end in noise)."""
    calls: list[Any] = []

    def counted(x: Tensor, t: Any) -> Tensor:
        calls.append(t)
        return gaussian_score(sde)(x, t)

    sampler = Inpainting(build(spec, sde, counted), sde, KNOWN, MASK)
    first = sampler.init(start(6), rng_from_seed(3))
    states, state = [first], first
    for substep, new, info in trajectory(sampler, first):
        assert info.nfe == len(calls)
        calls.clear()
        assert info.drift is not None
        moved = info.drift if info.noise is None else info.drift + info.noise
        assert torch.allclose(new.x, state.x + moved, atol=1e-9)
        if info.score is not None:
            assert torch.allclose(info.score, gaussian_score(sde)(state.x, substep.t), atol=1e-9)
            assert torch.allclose(info.x0, denoiser_from_score(state.x, info.score, sde, substep.t), atol=1e-9)
        states.append(new)
        state = new
    kept = [s.x.clone() for s in states]
    again = [first, *(s for _, s, _ in trajectory(sampler, first))]
    assert all(torch.equal(one.x, two.x) and torch.equal(one.rng, two.rng) for one, two in zip(states, again, strict=True))
    middle = states[len(states) // 2]
    *_, (_, last, _) = trajectory(sampler, State(middle.x.clone(), middle.x_mean.clone(), middle.cursor, middle.rng.clone(), middle.memory))
    assert torch.equal(last.x, states[-1].x)
    assert all(torch.equal(s.x, x) for s, x in zip(states, kept, strict=True)), "a later step wrote into an earlier state"
    if info.noise is None:
        assert bool((last.x[:, 1] == Y).all()), "a plan that ends on the data"
    else:
        t = sampler.plan[-1].s
        assert float((last.x[:, 1] - Y * sde.mean_coefficient(t)).abs().max()) <= 6 * sde.std(t)


@pytest.mark.parametrize("spec", [s for s in reverse_specs() if s.AXIS == "reverse"], ids=tag_of)
def test_every_reverse_sampler_can_be_resampled(spec: Any):
    sampler = Resampling(Inpainting(build(msgspec.structs.replace(spec, steps=6), SDE), SDE, KNOWN, MASK), SDE, 2, 3)
    state = first = sampler.init(start(6), rng_from_seed(3))
    total, calls = 0, []
    counting = Resampling(
        Inpainting(build(msgspec.structs.replace(spec, steps=6), SDE, lambda x, t: calls.append(t) or score(x, t)), SDE, KNOWN, MASK),
        SDE,
        2,
        3,
    )
    for substep, new, info in trajectory(counting, first):
        total += info.nfe
        moved = info.drift if info.noise is None else info.drift + info.noise
        assert torch.allclose(new.x, state.x + moved, atol=1e-9)
        if substep.s > substep.t:
            assert info.nfe == 0
        assert new.cursor == state.cursor + 1
        state = new
    assert total == len(calls)
    assert torch.equal(sample(sampler, start(6), 3), state.x)
    assert bool(state.x.isfinite().all())
    middle = [first, *(s for _, s, _ in trajectory(sampler, first))][len(sampler.plan) // 2]
    *_, (_, last, _) = trajectory(sampler, middle)
    assert torch.equal(last.x, state.x)


def test_the_plan_of_repaint():
    """Jumps by 2 of 6 steps, 3 passes: down, up, down, up, down; the step to the data once; the index counts on."""
    inner = make_sampler("reverse_sde", SDE, score, n_steps=6)
    plan = Resampling(inner, SDE, 2, 3).plan
    assert [substep.index for substep in plan] == list(range(len(plan)))
    t = [substep.t for substep in inner.plan]
    ups = [(substep.t, substep.s) for substep in plan if substep.s > substep.t]
    assert ups == [(t[2], t[0])] * 2 + [(t[4], t[2])] * 2 + [(t[5], t[4])] * 2
    stages = [substep for substep in plan if substep.s < substep.t]
    assert [substep.t for substep in stages] == [*t[:2] * 3, *t[2:4] * 3, t[4], t[4], t[4], t[5]]
    assert plan[-1].stage is Stage.DENOISE
    for one, two in itertools.pairwise(plan):
        assert one.s == two.t
    assert Resampling(inner, SDE, 2, 1).plan == inner.plan
    corrected = Resampling(make_sampler("pc", SDE, score, n_steps=6), SDE, 10, 2)
    assert sum(substep.stage is Stage.CORRECT for substep in corrected.plan) == 11
    one = sample(Resampling(inner, SDE, 3, 1), start(5), 0)
    assert torch.equal(one, sample(inner, start(5), 0))


def test_a_jump_keeps_the_law():
    """From p_s up to t is p_t: without replacement the law stays that of the data."""
    n = 20_000
    plain = make_sampler("reverse_sde", SDE, score, n_steps=100)
    laws = [torch.cov(sample(sampler, start(n), 1).T) for sampler in (Resampling(plain, SDE, 20, 4), plain)]
    errors = [float((law - COV).abs().max()) for law in laws]
    assert errors[0] < 0.06 and errors[0] < 0.6 * errors[1], "they even take from what 100 steps leave, some 9%"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sde", [VESDE(0.01, 20.0), VP], ids=["ve", "vp"])
def test_pictures(sde: Any, dtype: torch.dtype):
    """(B, C, H, W), one mask for all channels, another known picture for each sample: the stored picture that has it is completed."""
    g = torch.Generator().manual_seed(0)
    mask = torch.zeros(4, 4)
    mask[:3] = 1
    stored = Empirical(torch.randn(12, 2, 4, 4, generator=g, dtype=dtype) * (0.3 + 0.7 * mask).to(dtype))  # the rest follows the known part
    wanted = stored.points.repeat(2, 1, 1, 1)
    x = sde.prior_sampling((24, 2, 4, 4), g, dtype)
    y = sample(
        repaint(make_sampler("reverse_sde", sde, stored.score_fn(sde), n_steps=60, denoise="tweedie"), sde, wanted * mask, mask, 10, 5),
        x,
        0,
    )
    assert y.dtype == dtype
    assert torch.equal(y[:, :, :3], wanted[:, :, :3])
    assert torch.allclose(y, wanted, atol=1e-3), "what is known leaves one stored picture"


def test_info_survives_a_sampler_that_tells_little():
    """Info without a drift gets one; noise that there was stays."""

    class Shy(Sampler):
        plan = (Substep(0, Stage.PREDICT, 1.0, 0.5),)
        loud = False

        def step(self, state: State, substep: Substep) -> tuple[State, Info]:
            noise = torch.full_like(state.x, 0.25)
            return State(state.x + 1, state.x, state.cursor + 1, state.rng), Info(noise=noise if self.loud else None)

    for loud in (False, True):
        Shy.loud = loud
        sampler = Inpainting(Shy(), SDE, KNOWN, MASK)
        state = sampler.init(start(4), rng_from_seed(0))
        new, info = sampler.step(state, sampler.plan[0])
        assert torch.allclose(new.x, state.x + info.drift + info.noise)
        assert torch.equal(new.x[:, 0], state.x[:, 0] + 1)
        assert torch.equal(info.noise[:, 0], torch.full_like(state.x[:, 0], 0.25 * loud))


def test_everything_known_or_nothing():
    plain = make_sampler("pc", SDE, score, n_steps=5)
    known = torch.full((2,), 3.0, dtype=torch.float64)
    assert torch.equal(sample(Inpainting(plain, SDE, known, torch.ones(2)), start(4), 0), known.expand(4, 2))
    free = sample(Inpainting(make_sampler("heun", SDE, score, n_steps=5), SDE, known, torch.zeros(2)), start(4), 0)
    assert torch.equal(free, sample(make_sampler("heun", SDE, score, n_steps=5), start(4), 0))


class Roaming(Sampler):
    plan, adaptive = (), True

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        raise NotImplementedError


def test_bad_input():
    plain = make_sampler("reverse_sde", SDE, score, n_steps=3)
    with pytest.raises(ValueError, match="bool, or 0"):
        Inpainting(plain, SDE, KNOWN, torch.tensor([0.5, 1.0]))
    with pytest.raises(ValueError, match="finite where mask is 1"):
        Inpainting(plain, SDE, KNOWN, torch.tensor([1, 0]))
    with pytest.raises(ValueError, match=r"known of shape \(3,\) does not fit mask of shape \(2,\)"):
        Inpainting(plain, SDE, torch.zeros(3), MASK)
    with pytest.raises(ValueError, match=r"does not fit x of shape \(4, 3\)"):
        Inpainting(plain, SDE, KNOWN, MASK).init(torch.zeros(4, 3), rng_from_seed(0))
    with pytest.raises(ValueError, match=r"mask of shape \(7, 2\) does not fit x"):
        Inpainting(plain, SDE, torch.zeros(2), torch.ones(7, 2)).init(torch.zeros(1, 2), rng_from_seed(0))
    with pytest.raises(ValueError, match="fixed in advance, and Roaming has none"):
        Inpainting(Roaming(), SDE, KNOWN, MASK)
    for basis, message in ((torch.ones(2, 2), "orthogonal"), (torch.ones(2, 3), r"\(C, C\)"), (torch.eye(2).long(), "float")):
        with pytest.raises(ValueError, match=message):
            Inpainting(plain, SDE, KNOWN, MASK, basis)
    for jump, passes in ((0, 1), (1, 0), (True, 2), (1.5, 2)):
        with pytest.raises(ValueError, match="at least 1"):
            Resampling(plain, SDE, jump, passes)
    with pytest.raises(ValueError, match="predicts from t = 1 down to 0"):
        Resampling(make_sampler("forward", SDE, score, n_steps=3), SDE, 1, 2)
    with pytest.raises(ValueError, match="predicts from t = 1 down to 0"):
        require_reverse(build_sampler(Langevin(steps=3), SDE, score), "why")
    with pytest.raises(ValueError, match="fixed in advance"):
        Resampling(Roaming(), SDE, 1, 2)


@pytest.mark.parametrize("remembers", [False, True])
def test_memory_that_tells_of_the_points_is_emptied(remembers: bool):
    """It belongs to the x before the replacement; a history of slopes does not."""

    class Keeping(Sampler):
        plan = (Substep(0, Stage.CORRECT, 0.5, 0.5),)
        remembers_points = remembers

        def step(self, state: State, substep: Substep) -> tuple[State, Info]:
            return State(state.x, state.x, state.cursor + 1, state.rng, (state.x,)), Info()

    sampler = Inpainting(Keeping(), SDE, KNOWN, MASK)
    state, _ = sampler.step(sampler.init(start(4), rng_from_seed(0)), sampler.plan[0])
    assert len(state.memory) == (0 if remembers else 1)
