"""Each failure fails as its line says, measured; and its remedy helps."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.engine.headless import Points, sample_points
from scoreviz.engine.threads import threads
from scoreviz.maths import build_sde, compile_density, data_set, init_training, mode_mass, nearest_distance, score_fn_of, train_step
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.density import digest_of
from scoreviz.scene.failures import FAILURES, failure
from scoreviz.scene.files import Document
from scoreviz.scene.validation import validate


def document(name: str, mended: bool) -> Document:
    found = failure(name)
    return msgspec.structs.replace(found.document, scene=found.mend(found.scene)) if mended else found.document


def sampled(name: str, mended: bool, train: int | None = None) -> tuple[Points, torch.Tensor, GaussianMixture]:
    doc = document(name, mended)
    points = sample_points(doc, train=train)
    return points, torch.from_numpy(points.samples.copy()), compile_density(doc.scene.density, doc.blobs)


def left_share(x: torch.Tensor) -> float:
    return float((x[:, 0] < 0).double().mean())


def spread_within(x: torch.Tensor, law: GaussianMixture) -> float:
    """Standard deviation of the points about their nearest mode, over that mode's own."""
    near = torch.cdist(x, law.means).argmin(1)
    return float((x - law.means[near]).square().mean().sqrt() / law.stds.mean())


@pytest.mark.parametrize("found", FAILURES, ids=lambda f: f.name)
def test_each_is_a_scene_with_words_and_a_remedy(found: Any) -> None:
    validate(found.scene)
    mended = found.mend(found.scene)
    validate(mended)
    assert all(digest_of(blob) == digest for digest, blob in found.blobs)
    assert mended != found.scene and found.title and found.remedy
    assert all(line.endswith(".") and len(line) < 170 for line in (found.watch, found.after)), "one line"
    assert found.fail(mended) == found.scene


def test_sigma_max_too_small() -> None:
    _, wrong, _ = sampled("sigma_max", False)
    _, right, _ = sampled("sigma_max", True)
    assert abs(left_share(wrong) - 0.35) > 0.1 > 0.04 > abs(left_share(right) - 0.35)


def test_too_few_levels() -> None:
    wrong, right = sampled("levels", False)[0], sampled("levels", True)[0]
    assert wrong.distance and right.distance and wrong.distance_floor
    assert wrong.distance > 3 * wrong.distance_floor[0] and right.distance < 1.6 * wrong.distance_floor[0]


def test_step_too_large() -> None:
    _, wrong, law = sampled("step", False)
    _, right, _ = sampled("step", True)
    level = float(np.hypot(0.12, 0.1) / 0.12)  # at sigma .1 a mode is this much wider than the drawn one
    expected = (1 / (1 - 0.04 / (2 * (0.12**2 + 0.1**2)))) ** 0.5
    assert expected > 2, "more than twice its width"
    assert spread_within(wrong, law) / level == pytest.approx(expected, rel=0.15)
    assert spread_within(right, law) / level < 1.15


def test_no_noise() -> None:
    _, wrong, law = sampled("no_noise", False)
    assert spread_within(wrong, law) < 0.02
    assert spread_within(sampled("no_noise", True)[1], law) > 1.0


def test_half_of_g2_forgotten() -> None:
    points, wrong, law = sampled("whole_g2", False)
    assert float(wrong.std(0).mean()) < 0.75 * law.sigma_data
    right = sampled("whole_g2", True)[0]
    assert points.distance and right.distance and points.distance > 5 * right.distance


def test_no_data_between_the_modes() -> None:
    """The network's relative error where there are data, and in the gap; then the points that land on no mode."""
    doc = document("gap", False)
    scene = doc.scene
    law = compile_density(scene.density, {})
    sde = build_sde(scene.noise, law.diameter())
    with threads(1):
        state = init_training(scene.network, scene.training, scene.objective, sde, law)
        for _ in range(1500):
            state, _info = train_step(state)
    t = sde.t_of_sigma(0.1)
    score = score_fn_of(state.ema, sde)

    def relative(x: torch.Tensor) -> float:
        with torch.no_grad():
            exact = law.score(x, sde, t)
            return float((score(x, t) - exact).norm(dim=1).median() / exact.norm(dim=1).median())

    at_data = law.sample(500, torch.Generator().manual_seed(0)) + 0.1 * torch.randn(500, 2, generator=torch.Generator().manual_seed(1))
    gap = torch.stack([torch.linspace(-0.6, 0.4, 101), torch.linspace(-1.5, 1.5, 101)], 1)
    assert relative(at_data) < 0.15 and relative(gap) > 3 * relative(at_data)
    wrong, right = sampled("gap", False, 1500)[0], sampled("gap", True, 1500)[0]
    assert wrong.distance and right.distance and wrong.distance > 2.5 * right.distance


def test_a_thin_manifold() -> None:
    wrong, right = sampled("manifold", False, 800)[0], sampled("manifold", True, 800)[0]
    assert wrong.distance and right.distance and wrong.distance > 10 * right.distance


def test_unequal_modes() -> None:
    _, wrong, _ = sampled("modes", False)
    _, right, _ = sampled("modes", True)
    assert left_share(wrong) < 0.62 and left_share(right) > 0.72
    law = compile_density(document("modes", False).scene.density, {})
    assert mode_mass(wrong, law).total_variation > 0.18 > mode_mass(right, law).total_variation


def test_too_little_data() -> None:
    points, wrong, law = sampled("little_data", False, 3000)
    data = data_set(law, points.document.scene.data.size, points.document.scene.data.seed)
    assert float(nearest_distance(wrong, data.points)) < 0.25 * float(nearest_distance(sampled("little_data", True, 3000)[1], data.points))


def test_replacement_alone() -> None:
    _, wrong, law = sampled("replacement", False)
    _, right, _ = sampled("replacement", True)
    truth = law.given(torch.tensor([True, False]), torch.tensor([1.0, 0.0]))
    spread = float(truth.cov()) ** 0.5
    assert bool((wrong[:, 0] == 1.0).all())
    assert float(wrong[:, 1].std()) > 1.5 * spread and float(wrong[:, 1].mean()) < 1.0 - 0.08
    assert float(right[:, 1].std()) == pytest.approx(spread, rel=0.06) and float(right[:, 1].mean()) == pytest.approx(1.0, abs=0.03)
