"""The list of measures: complete, named by their functions, with the floors that it says they have."""

import pytest
import torch

from scoreviz.maths.metrics import MEASURES, named_measure, noise_floor
from scoreviz.maths.metrics.measures import CLOUD
from scoreviz.maths.sde import VPSDE
from scoreviz.maths.targets import GaussianMixture


def test_names_are_the_functions():
    for name, measure in MEASURES.items():
        assert name == measure.name == measure.function.__name__
        assert measure.label and measure.compares and measure.function.__doc__


@pytest.mark.parametrize("name", [name for name, measure in MEASURES.items() if measure.compares == CLOUD])
def test_a_floor_is_where_one_is_claimed(name: str):
    target = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.ones(1))
    mean, std = noise_floor(target, 200, repeats=30, measure=name)
    assert (mean > 5 * std / 30**0.5) == MEASURES[name].floor
    assert noise_floor(target, 200, repeats=30, measure=name) == (mean, std)


def test_the_global_generator_is_untouched():
    target, sde, g = GaussianMixture(torch.ones(2), torch.eye(2), torch.ones(2)), VPSDE(), torch.Generator()
    score_fn, x = target.score_fn(sde), torch.randn(20, 2, generator=g)
    before = torch.random.get_rng_state()
    called = {
        "mode_mass": lambda f: f(x, target),
        "entropy": lambda f: f(target, 5, g),
        "kl_divergence": lambda f: f(target, target.log_prob, 5, g),
        "log_likelihood": lambda f: f(x, sde, score_fn, steps=1, probes=1, generator=g),
        "fisher_divergence": lambda f: f(score_fn, target, sde, 0.5, 5, g),
        "error_map": lambda f: f(score_fn, target, sde, 0.5, x[:, 0], x[:, 1]),
        "divergence": lambda f: f(target.score, x, 2, generator=g),
        "curl": lambda f: f(target.score, x),
    }
    for name, measure in MEASURES.items():
        called.get(name, lambda f: f(x, x + 1))(measure.function)
    noise_floor(target, 20, repeats=2)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_unknown_names():
    with pytest.raises(ValueError, match="did you mean “curl”"):
        named_measure("curls")
    with pytest.raises(ValueError, match="Known: sliced_wasserstein"):
        named_measure("zzz")
