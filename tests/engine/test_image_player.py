"""Picture runs: every frame is what its label says, any order of asking gives the same bytes, and a bad model changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scoreviz.engine import image_player
from scoreviz.engine.image_player import PictureRun
from scoreviz.maths.empirical import Empirical
from scoreviz.maths.sampling import Stage, build_sampler, prior_points, trajectory
from scoreviz.maths.sde import VESDE
from scoreviz.models.model import Model
from scoreviz.protocol.messages import (
    Card,
    Develop,
    ModelLoading,
    ModelReady,
    PictureFrame,
    PicturesDone,
    PicturesStarted,
    Problem,
    Show,
)
from scoreviz.scene.images import Images, PictureSet
from scoreviz.scene.samplers import LangevinCorrector, PredictorCorrector, ProbabilityFlow
from tests.engine.driver import Driver

STORED = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
IMAGES = Images(sampler=PredictorCorrector(steps=12), count=3, seed=11)


def toy_model() -> Model:
    data, sde = Empirical(STORED), VESDE(0.01, 10.0)
    card = Card(name="toy", family="toy", summary="", shape=(3, 8, 8), low=0.0, high=1.0, sigma_max=10.0, clip=False, stored=5)
    return Model(card, sde, data.score_fn(sde), (3, 8, 8), 0.0, 1.0, (0.0, 1.0), data.mean(), data.nearest)


def developed(run: PictureRun, index: int) -> PictureFrame:
    if index == 0:
        return run.at_start()
    while (frame := run.towards(index)) is None:
        pass
    return frame


def test_every_frame_is_the_state_after_its_substep_and_says_what_that_substep_did() -> None:
    model, run = toy_model(), PictureRun(1, IMAGES, toy_model())
    generator = torch.Generator().manual_seed(11)
    sampler = build_sampler(IMAGES.sampler, model.sde, model.score_fn)
    x = prior_points(model.sde, (3, 3, 8, 8), generator, mean=model.mean)
    before, nfe = x, 0
    np.testing.assert_array_equal(developed(run, 0).x.numpy(), x.numpy())
    for substep, state, info in trajectory(sampler, sampler.init(x, generator.get_state())):
        frame = developed(run, substep.index + 1)
        nfe += info.nfe
        np.testing.assert_array_equal(frame.x.numpy(), state.x.numpy())
        np.testing.assert_allclose(frame.update.numpy(), (state.x - before).numpy(), rtol=1e-3, atol=1e-6)
        assert frame.nfe == nfe and frame.evaluations == info.nfe
        if substep.stage is Stage.DENOISE:
            assert frame.score is None and frame.x0 is None
        else:
            exact = model.score_fn(before, substep.t)
            std = model.sde.std(substep.t)
            np.testing.assert_allclose(frame.score.numpy(), (std * exact).numpy(), rtol=2e-3, atol=1e-3)
            np.testing.assert_allclose(frame.x0.numpy(), (before + std**2 * exact).numpy(), atol=2e-3)
            assert 0 <= frame.evaluation_seconds <= frame.seconds
        before = state.x
    assert frame.index == run.total == 25


@pytest.mark.parametrize("snr", [0.05, 0.16])
def test_the_measured_snr_of_a_corrector_is_the_one_asked_for(snr: float) -> None:
    """e = 2 (r |z|/|s|)^2, so |e s| / |sqrt(2e) z| = sqrt(e/2) |s|/|z| = r, to the difference of a mean of norms."""
    sampler = PredictorCorrector(steps=12, corrector=LangevinCorrector(snr=snr))
    run = PictureRun(1, Images(sampler=sampler, count=3), toy_model())
    frames = [developed(run, k) for k in range(1, run.total + 1)]
    corrects = [f for f in frames if f.step_size is not None]
    assert len(corrects) == 12
    for frame in corrects:
        assert frame.snr == pytest.approx(snr, rel=0.02)
    assert frames[-1].snr is None


@pytest.mark.parametrize("kept", [10**9, 4000])
def test_any_order_of_asking_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    straight = PictureRun(1, IMAGES, toy_model())
    expected = [developed(straight, k) for k in range(straight.total + 1)]
    monkeypatch.setattr(image_player, "STATE_BYTES", kept)
    run = PictureRun(1, IMAGES, toy_model())
    assert (len(run._kept) == 1) and (run._stride > 1) == (kept == 4000)
    for k in [20, 3, 25, 24, 1, 0, 13, 13, 14, 2, 25]:
        frame = developed(run, k)
        assert frame.x == expected[k].x and frame.score == expected[k].score and frame.update == expected[k].update
        assert frame.nfe == expected[k].nfe
    assert len(run._kept) <= 1 + run.total // run._stride


def test_clipping_follows_the_model_unless_it_is_set() -> None:
    wide = toy_model()
    narrow = Model(**{**wide.__dict__, "clip": (0.4, 0.6)})
    for clip, clipped in (("on", True), ("off", False), ("model", False)):
        frame = developed(PictureRun(1, Images(sampler=IMAGES.sampler, clip=clip), narrow), 24)
        x0 = frame.x0.numpy()
        assert (x0.min() >= 0.399 and x0.max() <= 0.601) == clipped


# ---- through the real engine


@pytest.fixture
def engine() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for k, picture in enumerate(STORED):
        pixels = (picture.permute(1, 2, 0) * 255).round().byte().numpy()
        Image.fromarray(pixels).save(tmp_path / f"{k}.png")
    return tmp_path


def of(folder: Path, **settings: object) -> Images:
    return Images(model=PictureSet(path=str(folder), size=8), sampler=PredictorCorrector(steps=30), count=2, **settings)


def begin(engine: Driver, images: Images) -> PicturesStarted:
    mark = engine.mark()
    engine.update({"images": images}, Show(tab="images"))
    return engine.wait(PicturesStarted, since=mark, seconds=30)


def test_a_folder_is_loaded_when_it_is_looked_at_and_its_run_ends_on_stored_pictures(engine: Driver, folder: Path) -> None:
    engine.update({"images": of(folder)})
    engine.send(Show(tab="dynamics"))
    engine.update({})
    assert not engine.since(0, ModelLoading)
    engine.send(Show(tab="images"))
    card = engine.wait(ModelReady, seconds=30).card
    assert card.stored == 5 and card.shape == (3, 8, 8) and (card.low, card.high) == (0.0, 1.0)
    started = engine.wait(PicturesStarted)
    assert started.shape == (2, 3, 8, 8) and len(started.t.numpy()) == 62
    assert not engine.since(0, PictureFrame)  # nothing that nobody asked for
    engine.send(Develop(run=started.run, first=0, last=61))
    done = engine.wait(PicturesDone, seconds=30)
    assert done.nearest is not None and done.nearest < 1e-3 and done.nfe == 60
    frames = engine.since(0, PictureFrame)
    assert [f.index for f in frames] == list(range(62))
    last = frames[-1].x.numpy()
    stored = np.stack([np.asarray(Image.open(folder / f"{k}.png"), np.float32) / 255 for k in range(5)]).transpose(0, 3, 1, 2)
    assert np.abs(last[:, None] - stored[None]).max((2, 3, 4)).min(1).max() == pytest.approx(done.nearest, abs=1e-6)


def test_the_newest_wish_replaces_the_one_before_and_a_view_changes_nothing(engine: Driver, folder: Path) -> None:
    started = begin(engine, of(folder))
    engine.send(Develop(run=started.run, first=1, last=61), Develop(run=started.run, first=5, last=6))
    engine.wait(PictureFrame, lambda f: f.index == 6)
    mark = engine.mark()
    engine.update({"images": of(folder, chosen=1, tones="data")})
    engine.send(Develop(run=started.run, first=3, last=3))
    engine.wait(PictureFrame, lambda f: f.index == 3, since=mark)
    assert not engine.since(mark, PicturesStarted) and not engine.since(mark, ModelLoading)
    assert {f.index for f in engine.since(0, PictureFrame)} <= {1, 5, 6, 3}


def test_another_seed_is_another_run_of_the_same_model_and_the_same_seed_the_same(engine: Driver, folder: Path) -> None:
    last = []
    for seed in (1, 2, 1):
        started = begin(engine, of(folder, seed=seed))
        mark = engine.mark()
        engine.send(Develop(run=started.run, first=20, last=20))
        last.append(engine.wait(PictureFrame, lambda f: f.index == 20, since=mark).x)
    assert last[0] == last[2] != last[1]
    assert len(engine.since(0, ModelReady)) == 1


def test_a_model_that_cannot_be_loaded_leaves_model_and_run(engine: Driver, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    started = begin(engine, of(folder))
    empty = tmp_path_factory.mktemp("empty")
    mark = engine.mark()
    engine.update({"images": of(empty)})
    problem = engine.wait(Problem, since=mark)
    assert problem.where == "pictures" and not problem.details
    engine.send(Develop(run=started.run, first=4, last=4))
    assert engine.wait(PictureFrame, since=mark).run == started.run
    engine.update({"images": of(folder)})  # undone: what is there need not be made again
    engine.send(Develop(run=started.run, first=5, last=5))
    engine.wait(PictureFrame, lambda f: f.index == 5, since=mark)
    assert not engine.since(mark, PicturesStarted) and len(engine.since(mark, ModelLoading)) == 1


def test_the_ode_takes_two_evaluations_a_substep(engine: Driver, folder: Path) -> None:
    images = Images(model=PictureSet(path=str(folder), size=8), sampler=ProbabilityFlow(steps=5), count=1)
    started = begin(engine, images)
    engine.send(Develop(run=started.run, first=0, last=5))
    frames = [engine.wait(PictureFrame, lambda f, k=k: f.index == k) for k in range(6)]
    assert [f.nfe for f in frames] == [0, 2, 4, 6, 8, 10]
    assert all(f.snr is None and f.step_size is None for f in frames)
