"""A pane's run is the run that the scene would make in that way, bit for bit; what it shares is what it says; its ground is its own."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import numpy as np
import pytest

from scoreviz.protocol.messages import Answered, Ask, Refused
from scoreviz.protocol.questions import AskGround, AskPane, AskRace, Ground, PaneRun, Racer
from scoreviz.scene.compare import Pane
from scoreviz.scene.control import ByClass, Unconditional
from scoreviz.scene.document import Scene
from scoreviz.scene.learning import Explicit, Score
from scoreviz.scene.noise import VE, VP, SubVP
from scoreviz.scene.samplers import (
    AdaptiveSDE,
    DPMSolverPP2M,
    Forward,
    Langevin,
    LangevinCorrector,
    PredictorCorrector,
    ProbabilityFlow,
    ReverseSDE,
)
from tests.engine.driver import BOUNDS, Driver

numbers = itertools.count(1)


def ask(engine: Driver, question: Any) -> Any:
    mark, number = engine.mark(), next(numbers)
    engine.send(Ask(asker="pane", number=number, question=question))
    return engine.wait(Answered, lambda m: m.number == number and m.share == 1.0, since=mark, seconds=30).answer


def refused(engine: Driver, question: Any) -> Refused:
    mark, number = engine.mark(), next(numbers)
    engine.send(Ask(asker="pane", number=number, question=question))
    return engine.wait(Refused, lambda m: m.number == number, since=mark)


def frames(answer: PaneRun) -> np.ndarray[Any, Any]:
    assert answer.frames is not None
    return answer.frames.numpy()


WAYS = {
    "reverse SDE": Pane(sampler=ReverseSDE(steps=15)),
    "PC, VP": Pane(sampler=PredictorCorrector(steps=6, corrector=LangevinCorrector(snr=0.01)), noise=VP()),
    "ODE, sub-VP": Pane(sampler=ProbabilityFlow(steps=8), noise=SubVP()),
    "data": Pane(sampler=DPMSolverPP2M(steps=7), source="data"),
    "network": Pane(sampler=ProbabilityFlow(steps=5), source="network"),
    "adaptive": Pane(sampler=AdaptiveSDE(rtol=0.1, atol=0.1)),
    "forward": Pane(sampler=Forward(steps=5)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_pane_is_the_run_of_the_scene_with_its_settings(engine: Driver, small: Scene, way: str) -> None:
    pane = WAYS[way]
    answer = ask(engine, AskPane(pane=pane))
    started, own, done = engine.run_of({"sampler": pane.sampler, "noise": pane.noise, "score": Score(source=pane.source)})  # type: ignore[arg-type]
    assert np.array_equal(frames(answer), own)
    for name in ("substep", "stage", "t", "sigma", "log_snr"):
        assert np.array_equal(getattr(answer, name).numpy(), getattr(started, name).numpy()), name
    assert (answer.label, answer.axis, answer.noise, answer.total) == (started.label, started.axis, started.noise, started.total)
    assert (answer.nfe, answer.trained) == (done.nfe, started.step)
    assert (answer.distance, answer.floor, answer.truth, answer.params) == (done.distance, done.floor, done.truth, done.params)
    engine.run_of({"sampler": small.sampler, "noise": small.noise, "score": small.score})


def test_the_scenes_own_run_is_not_touched(engine: Driver, small: Scene) -> None:
    _, before, _ = engine.run_of({"particles": msgspec.structs.replace(small.particles, seed=11)})
    ask(engine, AskPane(pane=WAYS["reverse SDE"]))
    _, other, _ = engine.run_of({"particles": small.particles})
    _, after, _ = engine.run_of({"particles": msgspec.structs.replace(small.particles, seed=11)})
    assert np.array_equal(before, after) and not np.array_equal(before, other)


def own(small: Scene, **changes: Any) -> Pane:
    return msgspec.structs.replace(Pane(sampler=small.sampler, noise=small.noise, source="exact"), **changes)


def test_what_a_run_shares_with_those_before_it(engine: Driver, small: Scene) -> None:
    first = own(small)  # the reverse SDE in 20 steps
    ode, vp = Pane(sampler=ProbabilityFlow(steps=9)), Pane(sampler=ReverseSDE(steps=20), noise=VP())

    def shares(pane: Pane, *before: Pane) -> str:
        return str(ask(engine, AskPane(pane=pane, before=before)).shares)

    assert shares(own(small), first) == "noise"
    assert shares(own(small, sampler=ReverseSDE(steps=50)), first) == "path"
    assert shares(own(small, sampler=PredictorCorrector(steps=20)), first) == "path", "the predictor's noise; a corrector has its own"
    assert shares(ode, first) == "start" and shares(vp, first) == "start"
    assert shares(own(small, sampler=ReverseSDE(steps=50)), ode, first) == "path", "the first that has noise leads"
    assert shares(own(small, sampler=ReverseSDE(steps=50)), ode, vp) == "start", "another family leads nobody"
    assert shares(own(small, sampler=Langevin(steps=5)), first) == "start"
    assert shares(own(small, sampler=AdaptiveSDE(rtol=0.5, atol=0.5)), first) == "start"
    assert shares(own(small, sampler=Forward(steps=5)), first) == "seed"


def test_starts_are_the_same_up_to_the_scale_of_the_noise(engine: Driver, small: Scene) -> None:
    ve, vp = (
        frames(ask(engine, AskPane(pane=Pane(sampler=ProbabilityFlow(steps=3), noise=noise))))[0] for noise in (VE(sigma_max=5.0), VP())
    )
    mean = np.array([(-1.0 + 2 * 1.2) / 3, (0.3 - 2 * 0.4) / 3])
    a = np.exp(-0.25 * (20 - 0.1) - 0.5 * 0.1)
    apart = np.abs((ve - mean) / 5.0 - (vp - a * mean))  # VP's prior is N(0, I)
    assert apart.max() < 5e-6


def test_along_one_path_a_finer_run_comes_closer(engine: Driver, small: Scene) -> None:
    first = own(small, sampler=ReverseSDE(steps=200))
    end = frames(ask(engine, AskPane(pane=first)))[-1]

    def apart(steps: int, *before: Pane) -> float:
        last = frames(ask(engine, AskPane(pane=own(small, sampler=ReverseSDE(steps=steps)), before=before)))[-1]
        return float(np.sqrt(np.mean((last - end) ** 2)))

    assert apart(100, first) < apart(25, first) < apart(25)
    assert apart(100, first) < 0.3 * apart(100)


def test_a_network_beyond_its_noise_says_so(engine: Driver, small: Scene) -> None:
    assert not ask(engine, AskPane(pane=Pane(sampler=ProbabilityFlow(steps=3), source="network"))).untaught
    assert ask(engine, AskPane(pane=Pane(sampler=ProbabilityFlow(steps=3), noise=VE(sigma_max=50.0), source="network"))).untaught
    assert not ask(engine, AskPane(pane=Pane(sampler=ProbabilityFlow(steps=3), noise=VE(sigma_max=50.0)))).untaught


def test_a_raced_network_drives_a_pane(engine: Driver, small: Scene) -> None:
    """The first of a race is the scene's own network after as many steps: from the same weights and the same batches."""
    race = AskRace(number=1, racers=(Racer(network=small.network), Racer(objective=Explicit(), network=small.network)), steps=5)
    ask(engine, race)
    first, second = (ask(engine, AskPane(pane=Pane(sampler=ProbabilityFlow(steps=4), source="race", racer=k))) for k in (1, 2))
    assert first.source == "race" and first.trained is None
    assert not np.array_equal(frames(first)[-1], frames(second)[-1])
    network = ask(engine, AskPane(pane=Pane(sampler=ProbabilityFlow(steps=4), source="network")))
    assert network.trained == 0 and not np.array_equal(frames(first)[-1], frames(network)[-1]), "the scene's own has not learned yet"
    assert np.array_equal(frames(first)[0], frames(network)[0])


def test_what_cannot_be_done_is_a_sentence(engine: Driver, small: Scene) -> None:
    no_race = refused(engine, AskPane(pane=Pane(source="race", racer=4)))
    assert "No raced network" in no_race.template and not no_race.details
    engine.update({"control": ByClass(label=5)})
    assert "class colour" in refused(engine, AskPane(pane=Pane())).template
    engine.update({"control": Unconditional()})


def test_the_ground_is_of_the_panes_own_noise(engine: Driver, small: Scene) -> None:
    """log p_t and sigma s against the formula of a mixture of two Gaussians, for VP at sigma 0.7 and 2."""
    question = AskGround(
        pane=Pane(noise=VP()), sigmas=(0.7, 2.0), bounds=BOUNDS, density_shape=(6, 8), arrows_shape=(4, 5), field="exact"
    )  # fmt: skip
    answer = ask(engine, question)
    assert isinstance(answer, Ground) and answer.kind == "exact" and answer.sigma.numpy().tolist() == [0.7, 2.0]
    x0, x1, y0, y1 = BOUNDS
    for k, sigma in enumerate((0.7, 2.0)):
        a = 1 / np.sqrt(1 + sigma**2)
        std = a * sigma

        def centres(low: float, high: float, n: int) -> np.ndarray[Any, Any]:
            return low + (np.arange(n) + 0.5) * (high - low) / n

        def mixture(points: np.ndarray[Any, Any], a: float = a, std: float = std) -> tuple[Any, Any]:
            total, pull = 0.0, 0.0
            for w, m, s in ((1 / 3, (-1.0, 0.3), 0.3), (2 / 3, (1.2, -0.4), 0.2)):
                v = (a * s) ** 2 + std**2
                d = points - a * np.array(m)
                p = w * np.exp(-0.5 * (d**2).sum(-1) / v) / (2 * np.pi * v)
                total, pull = total + p, pull - p[..., None] * d / v
            return np.log(total), pull / total[..., None]

        ys, xs = np.meshgrid(centres(y0, y1, 6), centres(x0, x1, 8), indexing="ij")
        assert np.allclose(answer.log_p.numpy()[k], mixture(np.stack([xs, ys], -1))[0], atol=2e-4)
        ys, xs = np.meshgrid(centres(y0, y1, 4), centres(x0, x1, 5), indexing="ij")
        assert np.allclose(answer.vectors.numpy()[k], std * mixture(np.stack([xs, ys], -1))[1], atol=2e-4)


def test_the_grounds_arrows_are_what_is_asked_for(engine: Driver, small: Scene) -> None:
    def vectors(field: str, pane: Pane) -> tuple[str, np.ndarray[Any, Any]]:
        answer = ask(engine, AskGround(
            pane=pane, sigmas=(1.0,), bounds=BOUNDS, density_shape=(2, 2), arrows_shape=(3, 3), field=field, density=False,  # type: ignore[arg-type]
        ))  # fmt: skip
        assert answer.log_p.shape[0] == 0
        return answer.kind, answer.vectors.numpy()

    network = Pane(source="network")
    kinds = {field: vectors(field, network) for field in ("sampler", "exact", "network", "difference")}
    assert {name: kind for name, (kind, _) in kinds.items()} == {
        "sampler": "network", "exact": "exact", "network": "network", "difference": "difference",
    }  # fmt: skip
    assert np.array_equal(kinds["sampler"][1], kinds["network"][1])
    assert np.allclose(kinds["difference"][1], kinds["network"][1] - kinds["exact"][1], atol=1e-5)
    assert vectors("sampler", Pane(source="data"))[0] == "data"


def test_long_runs_are_thinned_out_and_end_with_their_last_state() -> None:
    import torch

    from scoreviz.engine.answers.beside import Kept

    kept = Kept(torch.zeros(5, 2), 10 * 40)  # room for ten
    for k in range(1, 48):
        kept.add(k, torch.full((5, 2), float(k)))
    places = [k for k, _ in kept.items()]
    assert places == [0, 8, 16, 24, 32, 40, 47] and all(float(x[0, 0]) == k for k, x in kept.items())
