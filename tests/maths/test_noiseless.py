"""The common mistake: the reverse SDE without its noise, g^2 kept whole."""

import pytest
import torch

from scoreviz.maths.sampling import build_sampler, sample
from scoreviz.maths.sde import VESDE
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.samplers import EulerMaruyama, ReverseSDE


@pytest.mark.parametrize("predictor", [None, EulerMaruyama()])
def test_the_points_contract_as_the_closed_form_says(predictor):
    """On N(0, 1) with VE: dx/d(sigma^2) = x/(1 + sigma^2) downwards, so x_0 = x_1 (1 + sigma_min^2)/(1 + sigma_max^2): .02 for 50."""
    law, sde = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.ones(1)), VESDE(0.01, 50.0)
    start = sde.prior_sampling((2000, 2), torch.Generator().manual_seed(0))
    spec = ReverseSDE(steps=2000, noise=False, **({} if predictor is None else {"predictor": predictor}))
    x = sample(build_sampler(spec, sde, law.score_fn(sde)), start, 1)
    assert torch.allclose(x, start / (1 + 50.0**2), rtol=0.05, atol=1e-4)
    assert float(x.std()) == pytest.approx(0.02, rel=0.05)


def test_its_words_and_its_rule_say_so():
    wrong = ReverseSDE(noise=False)
    assert "contract" in wrong.seeing() and r"\bar{w}" not in wrong.formula()
    assert r"\bar{w}" in ReverseSDE().formula()
