"""Orders of convergence, each measured against a closed form of the ODE, and along shared Brownian paths for the SDE."""

from typing import Any

import pytest
import torch

from scoreviz.maths import make_sampler, sample
from scoreviz.maths.brownian import BrownianPath
from scoreviz.maths.sde import VESDE, VPSDE
from tests.maths.solvers.problems import MIXTURE, SDES, gaussian_flow, gaussian_score, lines, mixture_flow, run, slope

NS = [48, 96, 192]
ORDERS = {"euler": 1, "ddim": 1, "heun": 2, "dpm_2": 2, "dpmpp_2m": 2, "dpm_3": 3, "unipc": 3, "rk4": 4, "edm": 2}
"""UniPC of order 2 measures 3: its corrector raises the order by one (Zhao et al. 2023, theorem 3.1). EDM without churn is Heun."""


def options(name: str) -> dict[str, Any]:
    """To t = eps, in even steps of ln sigma; Euler's rule, which lives in t, in even steps of t."""
    churn = {"s_churn": 0.0} if name == "edm" else {}
    return {"grid": "uniform" if name == "euler" else "log_snr", "to_data": False, **churn}


@pytest.mark.parametrize("kind", SDES)
@pytest.mark.parametrize("name", ORDERS)
def test_order_on_a_gaussian(name: str, kind: str):
    sde = SDES[kind]
    x, score = lines(sde), gaussian_score(sde)
    exact = gaussian_flow(sde, x, 1.0, sde.eps)
    errors = [float((sample(make_sampler(name, sde, score, n_steps=n, **options(name)), x, 0) - exact).abs().max()) for n in NS]
    assert slope(NS, errors) == pytest.approx(ORDERS[name], abs=0.15), errors


@pytest.mark.parametrize("kind", ["ve", "vp", pytest.param("sub_vp", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ORDERS)
def test_order_on_a_mixture(name: str, kind: str):
    """And so one-dimensional paths are quantile lines."""
    sde = SDES[kind]
    x, score = lines(sde), MIXTURE.score_fn(sde)
    exact = mixture_flow(sde, x, 1.0, sde.eps)
    errors = [float((sample(make_sampler(name, sde, score, n_steps=n, **options(name)), x, 0) - exact).square().mean().sqrt()) for n in NS]
    assert slope(NS, errors) == pytest.approx(ORDERS[name], abs=0.15), errors


def test_the_closed_forms_agree_with_each_other():
    """The quantile lines of a Gaussian are its ODE: or both oracles above could be wrong alike."""
    for sde in SDES.values():
        x = lines(sde)
        many = sample(make_sampler("rk4", sde, MIXTURE.score_fn(sde), n_steps=150, grid="karras"), x, 0)
        assert torch.allclose(many, mixture_flow(sde, x, 1.0, sde.eps), atol=3e-6)
        many = sample(make_sampler("rk4", sde, gaussian_score(sde), n_steps=150, grid="karras"), x, 0)
        assert torch.allclose(many, gaussian_flow(sde, x, 1.0, sde.eps), atol=3e-6)


@pytest.mark.parametrize("name", ["heun", "dpmpp_2m"])
def test_paths_are_quantile_lines_at_every_step(name: str):
    sde = SDES["ve"]
    x = lines(sde)
    sampler = make_sampler(name, sde, MIXTURE.score_fn(sde), n_steps=60)
    _, told = run(sampler, x)
    reached = x
    for substep, info in told:
        reached = reached + info.drift
        assert torch.allclose(reached, mixture_flow(sde, x, 1.0, substep.s), atol=1e-2)


SHARED: dict[str, tuple[str, dict[str, Any]]] = {
    "Euler-Maruyama": ("reverse_sde", {"predictor": "euler_maruyama"}),
    "reverse diffusion": ("reverse_sde", {"predictor": "reverse_diffusion"}),
    "ancestral": ("reverse_sde", {"predictor": "ancestral"}),
    "DDIM, eta 1": ("ddim", {"eta": 1.0}),
    "DPM++(2M) SDE": ("dpmpp_2m_sde", {"grid": "uniform"}),
    "EDM": ("edm", {"grid": "uniform", "s_max": 1000.0, "s_churn": 4.0}),
}
"""The noise is additive (g does not depend on x), so Euler-Maruyama is of strong order 1.0; a rule that knows
of the path only its increment over each step can do no better, whatever its order without noise."""


def check_strong_order(label: str, sde: Any, ns: list[int], finest: int) -> None:
    (name, fields), score = SHARED[label], MIXTURE.score_fn(sde)
    x = sde.prior_sampling((200, 1), torch.Generator().manual_seed(0), torch.float64)
    path = BrownianPath(x.shape, 7)

    def end(n: int) -> torch.Tensor:
        return sample(make_sampler(name, sde, score, n_steps=n, **fields).along(path), x, 0)

    limit = end(finest)
    errors = [float((end(n) - limit).square().mean().sqrt()) for n in ns]
    assert slope(ns, errors) == pytest.approx(1.0, abs=0.2), errors
    fresh = sample(make_sampler(name, sde, score, n_steps=ns[-1], **fields), x, 0)
    assert errors[-1] < 0.1 * float((limit - fresh).square().mean().sqrt())


@pytest.mark.parametrize("label", SHARED)
def test_strong_order_on_a_shared_path(label: str):
    check_strong_order(label, VESDE(0.1, 4.0), [16, 32, 64], 500)


@pytest.mark.slow
@pytest.mark.parametrize("label", SHARED)
def test_strong_order_in_more_steps(label: str):
    check_strong_order(label, VPSDE(), [32, 64, 128, 256], 2000)
    check_strong_order(label, VESDE(0.1, 4.0), [32, 64, 128, 256], 2000)


@pytest.mark.slow
def test_all_solvers_of_the_reverse_sde_converge_to_one_solution():
    sde = VESDE(0.1, 4.0)
    x = sde.prior_sampling((200, 1), torch.Generator().manual_seed(0), torch.float64)
    path = BrownianPath(x.shape, 3)
    ends = {
        label: sample(make_sampler(name, sde, MIXTURE.score_fn(sde), n_steps=1000, **fields).along(path), x, 0)
        for label, (name, fields) in SHARED.items()
        if label not in ("EDM", "Euler-Maruyama")  # another SDE, with its own amount of noise; another last step
    }
    for label, end in ends.items():
        assert float((end - ends["ancestral"]).square().mean().sqrt()) < 0.01, label
