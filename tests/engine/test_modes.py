"""Mass of the modes against the true weights, and the data set that is asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.maths.density import compile_density
from scoreviz.maths.empirical import data_set
from scoreviz.maths.metrics.connected import WIDTHS, connected_modes
from scoreviz.maths.sde import build_sde
from scoreviz.maths.targets import GaussianMixture
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Answered, Ask, Refused
from scoreviz.protocol.questions import AskData, AskModeMass, DataPoints, ModeMass
from scoreviz.scene.control import ByClass
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import PRESET_LABELS, Density, Gaussian, Preset
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import Forward, ProbabilityFlow
from tests.engine.driver import Driver
from tests.engine.test_losses import answer, world_of


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks are quickest on one thread, and beside other work by far."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


THREE = Density(marks=(
    Gaussian(x=-1.5, y=0.0, std=0.2, weight=1.0), Gaussian(x=1.5, y=0.0, std=0.2, weight=2.0), Gaussian(x=0.0, y=1.5, std=0.2, weight=5.0),
))  # fmt: skip


def ask(scene: Scene, points: torch.Tensor, t: float = 0.0, *, last: bool = False) -> ModeMass:
    found: ModeMass = answer(AskModeMass(points=Array.of(points.numpy()), t=t, last=last), world_of(scene))
    return found


def mixture(means: list[float], stds: list[float], weights: list[float]) -> GaussianMixture:
    return GaussianMixture(torch.tensor(weights), torch.tensor([[m, 0.0] for m in means]), torch.tensor(stds))


def test_a_chain_of_near_components_is_one_mode() -> None:
    row = mixture([0.0, 0.29, 0.58, 2.0, 2.31], [0.1] * 5, [1.0] * 5)
    labels, joined = connected_modes(row, 12)
    assert labels.tolist() == [0, 0, 0, 1, 2] and joined == 0, f"nearer than {WIDTHS} widths"
    assert connected_modes(mixture([0.0, 0.5], [0.1, 0.2], [1.0, 1.0]), 12)[0].tolist() == [0, 0], "the wider one's width counts"


def test_too_many_modes_join_the_lightest_with_its_nearest() -> None:
    row = mixture([0.0, 1.0, 1.9, 5.0], [0.1] * 4, [4.0, 3.0, 1.0, 2.0])
    assert connected_modes(row, 3) == (pytest.approx(torch.tensor([0, 1, 1, 2])), 1)
    labels, joined = connected_modes(row, 1)
    assert labels.tolist() == [0, 0, 0, 0] and joined == 3
    with pytest.raises(ValueError, match="at least one"):
        connected_modes(row, 0)


@pytest.mark.parametrize(("name", "modes"), [("two_moons", 2), ("eight_gaussians", 8), ("checkerboard", 8), ("rings", 3), ("pinwheel", 5),
                                             ("two_spirals", 1), ("s_curve", 1)])  # fmt: skip
def test_presets_have_the_modes_that_one_sees(name: str, modes: int) -> None:
    assert name in PRESET_LABELS
    target = compile_density(Density(marks=(Preset(name=name),)), {})  # type: ignore[arg-type]
    labels, joined = connected_modes(target, 12)
    assert int(labels.max()) + 1 == modes and joined == 0


@pytest.mark.parametrize("t", [0.0, 0.6, 1.0])
def test_exact_samples_weigh_as_the_modes_do(t: float, small: Scene) -> None:
    """At any noise level, however much it has run the modes together: within the error bars."""
    scene = msgspec.structs.replace(small, density=THREE)
    target = compile_density(THREE, {})
    sde = build_sde(scene.noise, target.diameter())
    x = (
        target.marginal(sde, t).sample(6000, torch.Generator().manual_seed(4))
        if t
        else target.sample(6000, torch.Generator().manual_seed(4))
    )
    found = ask(scene, x, t)
    weights, shares, errors = (a.numpy() for a in (found.weights, found.shares, found.errors))
    np.testing.assert_allclose(weights, [5 / 8, 2 / 8, 1 / 8], rtol=1e-6)
    assert (np.abs(shares - weights) < 4 * errors + 1e-12).all()
    assert found.wrong < 3 * found.chance and found.lost == 0.0
    np.testing.assert_allclose(found.centres.numpy(), [[0.0, 1.5], [1.5, 0.0], [-1.5, 0.0]], atol=1e-6)
    if t == 0.0:
        np.testing.assert_allclose(errors, np.sqrt(weights * (1 - weights) / 6000), rtol=0.1)
    else:
        assert found.sigma == pytest.approx(float(sde.sigma(t)))


def test_wrong_shares_are_seen() -> None:
    x = torch.cat([torch.randn(300, 2) * 0.2 + torch.tensor([-1.5, 0.0]), torch.randn(100, 2) * 0.2 + torch.tensor([1.5, 0.0])])
    x[:4] = math.nan
    found = ask(Scene(density=THREE), x)
    np.testing.assert_allclose(found.shares.numpy(), [0.0, 0.25, 0.74], atol=1e-6)
    assert found.lost == pytest.approx(0.01)
    assert found.wrong == pytest.approx(0.5 * (5 / 8 + 0.0 + (0.74 - 1 / 8) + 0.01), abs=1e-6) and found.wrong > 10 * found.chance


def test_chance_is_what_exact_samples_score() -> None:
    target = compile_density(THREE, {})
    generator = torch.Generator().manual_seed(0)
    found = [ask(Scene(density=THREE), target.sample(500, generator)) for _ in range(60)]
    assert np.mean([f.wrong for f in found]) == pytest.approx(found[0].chance, rel=0.2)


def test_classes_are_weighed_where_there_are_some(small: Scene) -> None:
    density = Density(marks=(Gaussian(x=-1.0, y=0.0, std=0.2, label=3), Gaussian(x=-1.0, y=1.0, std=0.2, label=1, weight=3.0)))
    scene = msgspec.structs.replace(small, density=density)
    found = ask(scene, compile_density(density, {}).sample(2000, torch.Generator().manual_seed(1)))
    assert found.kind == "class" and found.names == (1, 3)
    np.testing.assert_allclose(found.weights.numpy(), [0.75, 0.25], rtol=1e-6)
    np.testing.assert_allclose(found.shares.numpy(), [0.75, 0.25], atol=0.05)
    guided = msgspec.structs.replace(scene, control=ByClass(label=1, weight=3.0))
    with pytest.raises(SceneError, match="no known law"):
        ask(guided, torch.zeros(4, 2))


def test_one_piece_has_nothing_to_compare() -> None:
    with pytest.raises(SceneError, match="one connected piece"):
        ask(Scene(), torch.zeros(4, 2))
    with pytest.raises(SceneError, match="two points"):
        ask(Scene(density=THREE), torch.zeros(1, 2))


def test_of_a_real_run_last_frame_and_first(engine: Driver, small: Scene) -> None:
    """The exact score and enough steps give each mode its weight; the start of a forward run does too."""
    parts = {"sampler": ProbabilityFlow(steps=40), "particles": Particles(count=2000, seed=5), "density": THREE}
    started, frames, _done = engine.run_of(parts)
    for k in (0, len(frames) - 1):
        mark = engine.mark()
        question = AskModeMass(points=Array.of(frames[k]), t=float(started.t.numpy()[k]), last=k > 0)
        engine.send(Ask(asker="modes", number=k, question=question))
        found = engine.wait(Answered, since=mark).answer
        assert isinstance(found, ModeMass)
        assert found.wrong < 3 * found.chance + 0.01, "the prior of the first frame has no modes: each has its share of it"
        np.testing.assert_allclose(found.shares.numpy(), [5 / 8, 2 / 8, 1 / 8], atol=0.05)
    engine.update({"sampler": Forward(steps=3)})


def test_nothing_to_compare_is_a_sentence_of_the_engine(engine: Driver) -> None:
    mark, _ = engine.update({"density": Density(marks=(Gaussian(x=0.0, y=0.0, std=0.3),))})
    engine.send(Ask(asker="modes", number=1, question=AskModeMass(points=Array.of(np.zeros((5, 2), np.float32)), t=0.0)))
    assert "one connected piece" in engine.wait(Refused, since=mark).template


def test_the_data_set_is_the_one_that_scores_are_made_of(engine: Driver, small: Scene) -> None:
    mark, _ = engine.update({"data": DataSet(size=12, seed=5)})
    engine.send(Ask(asker="data", number=1, question=AskData()))
    found = engine.wait(Answered, since=mark).answer
    assert isinstance(found, DataPoints)
    expected = data_set(compile_density(small.density, {}), 12, 5).points
    assert np.array_equal(found.points.numpy(), expected.numpy())
