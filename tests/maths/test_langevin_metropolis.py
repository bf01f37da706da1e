"""MALA and HMC: the acceptance against its definition, detailed balance, and invariance of a mixture."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from scoreviz.maths import VESDE, GaussianMixture, State, make_sampler, rng_from_seed, sample, trajectory
from scoreviz.maths.langevin import HMCSampler, LangevinSampler, MALASampler
from scoreviz.maths.sampling import Sampler
from scoreviz.maths.sde import VPSDE

DOUBLE = torch.float64
NONE = torch.empty(0, dtype=DOUBLE)
SDE = VESDE(0.02, 4.0)
VP = VPSDE()
WEIGHTS = torch.tensor([0.15, 0.25, 0.6], dtype=DOUBLE)
TARGET = GaussianMixture(
    WEIGHTS, torch.tensor([[-0.8, 0.0], [0.9, 0.7], [0.4, -0.9]], dtype=DOUBLE), torch.tensor([0.25, 0.35, 0.3], dtype=DOUBLE)
)
LINE = GaussianMixture(
    torch.tensor([0.3, 0.7], dtype=DOUBLE), torch.tensor([[-1.0], [0.8]], dtype=DOUBLE), torch.tensor([0.4, 0.6], dtype=DOUBLE)
)


def run(sampler: Sampler, x: Tensor, seed: int) -> tuple[Tensor, float]:
    """The last points and the share of proposals that were accepted."""
    with torch.no_grad():
        steps = [(state.x, info.accepted) for _, state, info in trajectory(sampler, sampler.init(x, rng_from_seed(seed)))]
    taken = [float(accepted.double().mean()) for _, accepted in steps if accepted is not None]
    return steps[-1][0], sum(taken) / max(len(taken), 1)


def named(name: str, target: GaussianMixture, sde: Any, **fields: Any) -> Sampler:
    return make_sampler(name, sde, target.score_fn(sde), log_prob_fn=target.log_prob_fn(sde), **fields)


def deviations(x: Tensor, p: GaussianMixture) -> Tensor:
    """How many standard errors mean, second moments and masses of the components lie from those of p; x are independent.

    The mass of component k is measured by its responsibility, whose expectation is w_k exactly.
    """
    logits = p.weights.log() - p.dim * p.stds.log() - torch.cdist(x, p.means).square() / (2 * p.stds**2)
    mean, second = p.mean(), p.cov() + torch.outer(p.mean(), p.mean())
    seen = torch.cat([x, (x[:, :, None] * x[:, None, :]).flatten(1), logits.softmax(1)], 1)
    expected = torch.cat([mean, second.flatten(), p.weights])
    return ((seen.mean(0) - expected) / (seen.std(0) / math.sqrt(len(x)))).abs()


# the acceptance


@pytest.mark.parametrize("sde", [SDE, VP], ids=repr)
def test_mala_accepts_by_its_definition(sde: Any):
    """min(1, p(y) q(x|y) / p(x) q(y|x)) written with torch's normal densities, for the same z and u."""
    e, n = 0.15, 400
    t = sde.t_of_sigma(0.3)
    score, log_p = TARGET.score_fn(sde), TARGET.log_prob_fn(sde)
    sampler = MALASampler(sde, score, log_p, t, e, 2)
    state = sampler.init(TARGET.sample(n, torch.Generator().manual_seed(0)), rng_from_seed(7))
    generator = torch.Generator().manual_seed(7)
    for _ in range(2):
        x = state.x
        z = torch.randn(n, 2, generator=generator, dtype=DOUBLE)
        u = torch.rand(1, n, generator=generator, dtype=DOUBLE)[0]
        y = x + e * score(x, t) + math.sqrt(2 * e) * z
        there = Normal(y + e * score(y, t), math.sqrt(2 * e)).log_prob(x).sum(1)
        back = Normal(x + e * score(x, t), math.sqrt(2 * e)).log_prob(y).sum(1)
        expected = u < (log_p(y, t) - log_p(x, t) + there - back).exp()
        state, info = sampler.step(state, sampler.plan[state.cursor])
        assert torch.equal(info.accepted, expected)
        assert 0.1 < float(expected.double().mean()) < 0.95
        assert torch.allclose(state.x, torch.where(expected[:, None], y, x), atol=1e-12)


def test_hmc_of_one_step_is_mala():
    """h^2 = 2 e: two derivations of one kernel."""
    h = 0.6
    t, score, log_p = SDE.t_of_sigma(0.1), TARGET.score_fn(SDE), TARGET.log_prob_fn(SDE)
    x = TARGET.sample(500, torch.Generator().manual_seed(0))
    one, share = run(HMCSampler(SDE, score, log_p, t, h, 20, 1), x, 3)
    other, other_share = run(MALASampler(SDE, score, log_p, t, h**2 / 2, 20), x, 3)
    assert torch.allclose(one, other, atol=1e-9)
    assert share == other_share and 0.3 < share < 0.9


def test_leapfrog_keeps_the_energy_to_second_order_and_turns_back():
    """The energy error, which the acceptance pays for, falls fourfold with half the step; -v at the end leads to the start."""
    score, log_p = TARGET.score_fn(SDE), TARGET.log_prob_fn(SDE)
    generator = torch.Generator().manual_seed(0)
    x, z = TARGET.sample(300, generator), torch.randn(300, 2, generator=generator, dtype=DOUBLE)
    errors = []
    for n in (8, 16, 32):
        sampler = HMCSampler(SDE, score, log_p, 0.5, 0.8 / n, 1, n)
        there = sampler.propose(x, score(x, 0.5), z, NONE, 0.5)
        errors.append(float((log_p(there.x, 0.5) - log_p(x, 0.5) + there.log_correction).abs().mean()))
    assert [math.log2(errors[i] / errors[i + 1]) for i in range(2)] == pytest.approx([2.0, 2.0], abs=0.15)
    h = 0.8 / 32
    v = (there.x - _leapfrog_before(there.x, x, z, score, h, 32)) / h  # the last flight's velocity
    back = sampler.propose(there.x, there.score, -(v + 0.5 * h * there.score), NONE, 0.5)
    assert torch.allclose(back.x, x, atol=1e-9)


def _leapfrog_before(end: Tensor, x: Tensor, v: Tensor, score: Any, h: float, n: int) -> Tensor:
    """Position one flight before the end, by the textbook's leapfrog, which must also reach the end."""
    for _ in range(n):
        before = x
        v = v + 0.5 * h * score(x, 0.5)
        x = x + h * v
        v = v + 0.5 * h * score(x, 0.5)
    assert torch.allclose(x, end, atol=1e-10)
    return before


# detailed balance


def flux_statistic(sampler: Sampler, x: Tensor, bins: int = 12) -> tuple[float, int]:
    """Sum over pairs of bins of (n_ij - n_ji)^2/(n_ij + n_ji), chi-square with as many degrees of freedom as there are pairs seen."""
    edges = torch.linspace(-2.2, 2.4, bins - 1, dtype=DOUBLE)
    y = sampler.step(sampler.init(x, rng_from_seed(1)), sampler.plan[0])[0].x
    i, j = torch.bucketize(x[:, 0], edges), torch.bucketize(y[:, 0], edges)
    flow = torch.bincount(i * bins + j, minlength=bins**2).reshape(bins, bins).double()
    above = torch.triu(torch.ones(bins, bins, dtype=torch.bool), 1) & (flow + flow.T >= 10)
    return float(((flow - flow.T)[above].square() / (flow + flow.T)[above]).sum()), int(above.sum())


def test_detailed_balance():
    """As many points go from i to j as from j to i; ULA's proposals, taken unseen, do not."""
    t = SDE.t_of_sigma(0.2)
    score, log_p = LINE.score_fn(SDE), LINE.log_prob_fn(SDE)
    x = LINE.marginal(SDE, t).sample(400_000, torch.Generator().manual_seed(0))
    exact = [MALASampler(SDE, score, log_p, t, 0.3, 1), *(HMCSampler(SDE, score, log_p, t, 0.6, 1, 3, jitter) for jitter in (0.0, 0.5))]
    for sampler in exact:
        chi2, pairs = flux_statistic(sampler, x)
        assert pairs > 30
        assert abs(chi2 - pairs) < 5 * math.sqrt(2 * pairs), type(sampler).__name__
    chi2, pairs = flux_statistic(LangevinSampler(SDE, score, [(t, 0.3)]), x)
    assert chi2 > pairs + 50 * math.sqrt(2 * pairs)


# invariance


@pytest.mark.parametrize(
    ("name", "fields"), [("mala", {"step_size": 0.12}), ("hmc", {"step_size": 0.45, "leapfrog_steps": 3})], ids=["mala", "hmc"]
)
@pytest.mark.parametrize("sde", [SDE, VP], ids=repr)
def test_a_mixture_is_invariant_over_2000_steps(name: str, fields: dict[str, Any], sde: Any):
    """Exact points stay exact; chains are independent, so their ends are compared as independent draws."""
    steps = 2000 if sde is SDE else 300
    p = TARGET.marginal(sde, sde.t_of_sigma(0.1))
    start = p.sample(1000, torch.Generator().manual_seed(5))
    end, share = run(named(name, TARGET, sde, n_steps=steps, sigma=0.1, **fields), start, 6)
    assert 0.3 < share < 0.95, share
    assert float(deviations(end, p).max()) < 4.5
    assert float((end - start).norm(dim=1).median()) > 0.3, "and they have moved"


def test_ula_at_that_step_is_seen_to_fail():
    """The same figures for unadjusted Langevin with the step that MALA takes: the test above has the power to fail."""
    p = TARGET.marginal(SDE, SDE.t_of_sigma(0.1))
    start = p.sample(1000, torch.Generator().manual_seed(5))
    end, _ = run(named("langevin", TARGET, SDE, n_steps=300, sigma=0.1, step_size=0.12), start, 6)
    assert float(deviations(end, p).max()) > 8


@pytest.mark.parametrize(
    ("name", "fields"),
    [("mala", {"step_size": 0.15, "n_steps": 500}), ("hmc", {"step_size": 0.45, "leapfrog_steps": 4, "n_steps": 150})],
    ids=["mala", "hmc"],
)
def test_from_one_mode_the_right_masses_are_found(name: str, fields: dict[str, Any]):
    """The modes overlap at sigma 0.4, so chains cross; all start in the lightest one."""
    p = TARGET.marginal(SDE, SDE.t_of_sigma(0.4))
    start = (p.means[:1] + 0.1 * torch.randn(2000, 2, generator=torch.Generator().manual_seed(8), dtype=DOUBLE)).contiguous()
    assert float(deviations(start, p).max()) > 30
    end, _ = run(named(name, TARGET, SDE, sigma=0.4, **fields), start, 9)
    assert float(deviations(end, p).max()) < 4.5


def test_hmc_of_one_length_leaves_far_points_where_they_are_and_a_spread_of_lengths_does_not():
    """All components as wide as each other: far out the landscape is one bowl, and every trajectory of one length the same swing."""
    even = GaussianMixture(WEIGHTS, TARGET.means, torch.full_like(TARGET.stds, 0.1))
    p = even.marginal(SDE, SDE.t_of_sigma(0.1))
    x = 5.0 * torch.randn(500, 2, generator=torch.Generator().manual_seed(0), dtype=DOUBLE)
    far = []
    for jitter in (0.0, 0.2):
        end, _ = run(named("hmc", even, SDE, n_steps=60, sigma=0.1, step_size=0.05, leapfrog_steps=10, jitter=jitter), x, 1)
        far.append(float((torch.cdist(end, p.means).amin(1) > 6 * float(p.stds[0])).double().mean()))
    assert far[0] > 0.2 and far[1] == 0.0, far


# what must not happen


@pytest.mark.parametrize(("name", "fields"), [("mala", {}), ("hmc", {"leapfrog_steps": 3})])
def test_a_step_that_is_too_large_rejects_everything(name: str, fields: dict[str, Any]):
    narrow = GaussianMixture(WEIGHTS, TARGET.means, torch.full_like(TARGET.stds, 1e-3))
    x = narrow.sample(100, torch.Generator().manual_seed(0))
    end, share = run(named(name, narrow, SDE, n_steps=50, sigma=0.02, step_size=10.0, **fields), x, 0)
    assert share == 0.0
    assert torch.equal(end, x)


@pytest.mark.parametrize("kind", ["score", "density", "flies", "infinite density"])
@pytest.mark.parametrize("leapfrog_steps", [0, 3])
def test_proposals_that_are_not_finite_are_refused(kind: str, leapfrog_steps: int):
    """Beyond |x| = 1 score or density break down: points stay within, finite, and no zero times nan enters what is drawn."""

    def broken(value: float) -> Any:
        return lambda x, t: torch.where(x.abs() > 1, value, -x)

    def density(x: Tensor, t: Any, outside: float) -> Tensor:
        return torch.where(x.abs().amax(1) > 1, outside, -0.5 * x.square().sum(1))

    score = {"score": broken(math.nan), "flies": broken(math.inf)}.get(kind, lambda x, t: -x)
    outside = {"density": math.nan, "infinite density": math.inf}.get(kind, -1.0)
    arguments = (SDE, score, lambda x, t: density(x, t, outside), 0.5, 0.5, 40)
    sampler = HMCSampler(*arguments, leapfrog_steps, 0.3) if leapfrog_steps else MALASampler(*arguments)
    x = torch.rand(200, 2, generator=torch.Generator().manual_seed(0), dtype=DOUBLE) - 0.5
    state, refused = sampler.init(x, rng_from_seed(1)), 0
    for _, state, info in trajectory(sampler, state):  # noqa: B020 - the loop's state is checked
        assert float(state.x.abs().max()) <= 1
        for value in (state.x, state.x_mean, info.drift, info.noise, *state.memory):
            assert bool(value.isfinite().all())
        refused += int((~info.accepted).sum())
    assert refused > 100


def test_a_proposal_that_overflows_is_refused_even_where_the_density_is_flat():
    sampler = HMCSampler(SDE, lambda x, t: torch.zeros_like(x), lambda x, t: x.new_zeros(len(x)), 0.5, 1.5e38, 3, 1)
    start = sampler.init(torch.zeros(200, 2), rng_from_seed(0))
    steps = [(state.x, info.accepted) for _, state, info in trajectory(sampler, start)]
    assert all(bool(x.isfinite().all()) for x, _ in steps)
    assert 0.5 < float(steps[0][1].float().mean()) < 1


def test_a_point_outside_the_support_goes_in_and_a_point_at_nan_stays():
    sampler = MALASampler(SDE, lambda x, t: -x, lambda x, t: torch.where(x[:, 0] > 5, -math.inf, -0.5 * x.square().sum(1)), 0.5, 0.4, 60)
    x = torch.tensor([[6.0, 0.0], [math.nan, 0.0], [0.5, 0.5]], dtype=DOUBLE)
    end = sample(sampler, x, 0)
    assert float(end[0, 0]) < 5
    assert bool(end[1, 0].isnan())
    assert bool(end[2].isfinite().all())


def test_one_sample_does_not_feel_the_others():
    """Accept or reject is sample by sample: moving one start leaves the others' runs alone."""
    sampler = named("hmc", TARGET, SDE, n_steps=10, sigma=0.3, step_size=0.4)
    x = TARGET.sample(20, torch.Generator().manual_seed(0))
    moved = x.clone()
    moved[3] += 1.0
    one, two = sample(sampler, x, 1), sample(sampler, moved, 1)
    assert not torch.equal(one[3], two[3])
    assert torch.allclose(torch.cat([one[:3], one[4:]]), torch.cat([two[:3], two[4:]]), atol=1e-12)


def test_a_state_whose_memory_was_emptied_goes_on_the_same():
    """The memory only saves evaluations."""
    sampler = named("mala", TARGET, SDE, n_steps=6, sigma=0.3, step_size=0.1)
    start = sampler.init(TARGET.sample(20, torch.Generator().manual_seed(0)), rng_from_seed(1))
    states = [state for _, state, _ in trajectory(sampler, start)]
    middle = states[2]
    *_, (_, last, _) = trajectory(sampler, State(middle.x, middle.x_mean, middle.cursor, middle.rng))
    assert torch.equal(last.x, states[-1].x)
