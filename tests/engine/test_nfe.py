"""Error against evaluations: the solvers' known orders on densities drawn, counted evaluations, the floor, and what is not measured."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from scoreviz.maths.density import compile_density
from scoreviz.maths.sampling import prior_points
from scoreviz.maths.sde import build_sde
from scoreviz.protocol.messages import Answered, Ask, Refused
from scoreviz.protocol.questions import AskNfe, Nfe, NfeCurve
from scoreviz.scene.control import ByClass, Unconditional
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Scene
from scoreviz.scene.grids import KarrasGrid, LogSNRGrid
from scoreviz.scene.learning import Score
from scoreviz.scene.noise import VP
from scoreviz.scene.samplers import (
    RK4,
    AdaptiveSDE,
    DPMSolverPP2M,
    EDMHeun,
    Euler,
    Langevin,
    PredictorCorrector,
    ProbabilityFlow,
    ReverseSDE,
)
from tests.engine.driver import Driver

numbers = itertools.count(1)
ORDERS = {"euler": 1.0, "heun": 2.0, "dpmpp_2m": 2.0, "rk4": 4.0}
SOLVERS = (Euler(), ProbabilityFlow(), DPMSolverPP2M(), RK4())
GAUSSIAN = Density(marks=(Gaussian(x=0.3, y=-0.2, std=0.6),))


def ask(engine: Driver, **settings: Any) -> Nfe:
    mark, number = engine.mark(), next(numbers)
    engine.send(Ask(asker="nfe", number=number, question=AskNfe(**settings)))
    answer = engine.wait(Answered, lambda m: m.number == number and m.share == 1.0, since=mark, seconds=60).answer
    assert isinstance(answer, Nfe)
    return answer


def orders(answer: Nfe) -> dict[str, float]:
    assert all(curve.order is not None for curve in answer.curves)
    return {curve.sampler: curve.order for curve in answer.curves if curve.order is not None}


def curve(answer: Nfe, sampler: str) -> NfeCurve:
    return next(curve for curve in answer.curves if curve.sampler == sampler)


def test_orders_on_a_gaussian(engine: Driver, small: Scene) -> None:
    engine.update({"density": GAUSSIAN})
    answer = ask(engine, samplers=SOLVERS, evaluations=(20, 40, 80, 160), seeds=2, points=60)
    assert orders(answer) == pytest.approx(ORDERS, abs=0.15)
    for found in answer.curves:
        assert found.nfe.numpy().tolist() == [20, 40, 80, 160] and (np.diff(found.error.numpy().mean(1)) < 0).all()


def test_orders_on_a_mixture(engine: Driver, small: Scene) -> None:
    """Of two components that overlap: each solver comes to its own order once its errors are small."""
    engine.update({"density": Density(marks=(Gaussian(x=-0.5, y=0.2, std=0.6), Gaussian(x=0.6, y=-0.3, std=0.5, weight=2.0)))})
    answer = ask(engine, samplers=SOLVERS, evaluations=(80, 160, 320), seeds=1, points=60, grid=LogSNRGrid())
    assert orders(answer) == pytest.approx(ORDERS, abs=0.15)


def test_the_error_is_the_distance_to_the_closed_form(engine: Driver, small: Scene) -> None:
    """Euler's rule on a Gaussian, VE: its own steps in numpy, against the flow m + (x - m) S_s/S_t with S^2 = s0^2 + sigma^2."""
    engine.update({"density": GAUSSIAN})
    answer = ask(engine, samplers=(Euler(),), evaluations=(25,), seeds=2, points=100)
    target = compile_density(GAUSSIAN, {})
    sde = build_sde(small.noise, target.diameter())
    low, high, m = float(sde.sigma(0.0)), float(sde.sigma(1.0)), target.mean().double().numpy()
    times = np.linspace(1.0, sde.eps, 26)
    sigma = low * (high / low) ** times
    spread = np.sqrt(0.36 + sigma**2)
    for k, seed in enumerate(answer.seeds):
        x = prior_points(sde, (100, 2), torch.Generator().manual_seed(seed), target.mean(), torch.float64).numpy() - m
        euler = x
        for j in range(25):  # dx/dt = -g^2/2 score = g^2/2 (x - m)/S^2, with g^2/2 = sigma^2 ln(high/low)
            euler = euler + sigma[j] ** 2 * np.log(high / low) / spread[j] ** 2 * euler * (times[j + 1] - times[j])
        wanted = np.sqrt(np.mean(np.sum((euler - x * spread[-1] / spread[0]) ** 2, axis=1)))
        assert answer.curves[0].error.numpy()[0, k] == pytest.approx(wanted, rel=1e-5)


def test_evaluations_are_counted_and_never_more_than_asked_for(engine: Driver, small: Scene) -> None:
    samplers = (ProbabilityFlow(to_data=True), EDMHeun(), PredictorCorrector(corrector_steps=2), RK4(), ReverseSDE(denoise="tweedie"))
    answer = ask(engine, samplers=samplers, evaluations=(10, 21), seeds=1, points=50, measure="sliced")
    for found, spec in zip(answer.curves, samplers, strict=True):
        assert (found.nfe.numpy() <= [10, 21]).all() and (found.steps.numpy() >= 1).all()
        _, _, done = engine.run_of(
            {"sampler": type(spec)(**{**{f: getattr(spec, f) for f in spec.__struct_fields__}, "steps": int(found.steps.numpy()[1])})}
        )
        assert done.nfe == found.nfe.numpy()[1], spec


def test_to_the_truth_with_its_floor(engine: Driver, small: Scene) -> None:
    answer = ask(
        engine, samplers=(ProbabilityFlow(to_data=True), ReverseSDE()), evaluations=(6, 400), seeds=2, points=1500, measure="sliced"
    )
    assert answer.floor is not None and answer.seeds == (small.particles.seed, small.particles.seed + 1)
    mean, spread = answer.floor
    for found in answer.curves:
        coarse, fine = found.error.numpy().mean(1)
        assert coarse > 3 * mean and abs(fine - mean) < 6 * spread, (found.label, found.error.numpy(), answer.floor)


def test_a_common_grid(engine: Driver, small: Scene) -> None:
    engine.update({"density": GAUSSIAN})
    own, karras = (ask(engine, samplers=(Euler(),), evaluations=(10,), seeds=1, points=50, grid=g) for g in (None, KarrasGrid()))
    assert own.curves[0].error.numpy() != karras.curves[0].error.numpy()


def test_what_is_not_measured_says_why(engine: Driver, small: Scene) -> None:
    answer = ask(engine, samplers=(Euler(), ReverseSDE(), Langevin(), AdaptiveSDE()), evaluations=(10,), seeds=1, points=20)
    assert not answer.curves[0].note and "has noise" in curve(answer, "reverse_sde").note
    for name in ("langevin", "adaptive_sde"):
        assert "not measured" in curve(answer, name).note and not curve(answer, name).nfe.numpy().size
    engine.update({"control": ByClass()})
    mark = engine.mark()
    engine.send(Ask(asker="nfe", number=9999, question=AskNfe(samplers=(Euler(),), evaluations=(10,))))
    assert "control" in engine.wait(Refused, lambda m: m.number == 9999, since=mark).template
    engine.update({"control": Unconditional()})


def test_a_network_is_measured_against_its_own_ode(engine: Driver, small: Scene) -> None:
    engine.update({"score": Score(source="network"), "noise": VP()})
    answer = ask(engine, samplers=(ProbabilityFlow(),), evaluations=(20, 80), seeds=1, points=50)
    assert answer.trained == 0
    coarse, fine = answer.curves[0].error.numpy()[:, 0]
    assert fine < 0.25 * coarse
    engine.update({"score": small.score, "noise": small.noise})
