"""The microscope: a substep made once more is the substep that was made, its parts sum to it, and looking leaves the run as it is."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.engine import tapes
from scoreviz.engine.answers.registry import World
from scoreviz.engine.answers.substep import substep_parts
from scoreviz.engine.plan import Plan
from scoreviz.engine.player import Player
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.protocol.messages import Answered, Ask, Message, Refused, RunFrames, RunStarted
from scoreviz.protocol.questions import AskSubstep, AskTrainingFigures, SubstepParts, TrainingFigures
from scoreviz.scene.choice import decode_choice
from scoreviz.scene.control import Inpaint, Unconditional
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import Denoising, LogUniformSigma
from scoreviz.scene.noise import VE, VP, NoiseSpec, SubVP
from scoreviz.scene.pseudocode import FIGURES, sampler_listing
from scoreviz.scene.samplers import (
    AnnealedLangevin,
    Euler,
    EulerMaruyama,
    Langevin,
    LangevinCorrector,
    NoCorrector,
    PredictorCorrector,
    ReverseSDE,
    SamplerSpec,
)
from tests.engine.driver import Driver

N = 24


class Pipe(list[Message]):
    def send(self, message: Message) -> None:
        self.append(message)


def played(scene: Scene) -> tuple[RunStarted, np.ndarray[Any, Any], World]:
    """A whole run, in this process."""
    target = compile_density(scene.density, {})
    sde = build_sde(scene.noise, target.diameter())
    pipe: Any = Pipe()
    player = Player(pipe)
    player.start(Plan(1, scene, sde, target, target.score_fn(sde), target.log_prob_fn(sde), None, live=False))
    while not player.unmeasured:
        player.slice(0.01)
    (started,) = (m for m in pipe if isinstance(m, RunStarted))
    frames = np.concatenate([m.frames.numpy() for m in pipe if isinstance(m, RunFrames)])
    world: Any = World(scene, {}, target, sde, None, player, None)  # type: ignore[arg-type]
    return started, frames, world


def ask(world: World, run: int, substep: int, particles: tuple[int, ...] = tuple(range(N))) -> SubstepParts:
    for part in substep_parts(AskSubstep(run=run, substep=substep, particles=particles), world):
        if part is not None:
            assert isinstance(part[1], SubstepParts)
            return part[1]
    raise AssertionError("no answer")


def scene_of(small: Scene, sampler: Any, noise: Any, control: Any = None) -> Scene:
    return msgspec.structs.replace(
        small, sampler=sampler, noise=noise, control=control or Unconditional(), particles=Particles(count=N, seed=5)
    )  # fmt: skip


def few(kind: type[Any]) -> Any:
    return kind(**{name: 5 for name in ("steps", "levels", "steps_per_level") if name in kind.__struct_fields__})


@pytest.mark.parametrize("kind", SamplerSpec.members())
@pytest.mark.parametrize("noise", [kind() for kind in NoiseSpec.members()], ids=lambda n: type(n).__name__)
def test_the_parts_sum_to_the_step_and_every_line_has_its_figures(kind: type[Any], noise: Any, small: Scene) -> None:
    scene = scene_of(small, few(kind), noise)
    started, frames, world = played(scene)
    seen: dict[str, set[str]] = {}
    for k in range(min(started.total, 30) + 1):
        parts = ask(world, started.run, k)
        assert parts.after.numpy().tobytes() == frames[k].tobytes(), "the very same bits"
        assert parts.before.numpy().tobytes() == frames[max(k - 1, 0)].tobytes()
        total = parts.before.numpy().astype(float)
        for part in (parts.drift, parts.noise):
            total = total + (0 if part is None else part.numpy())
        scale = 1 + np.abs(frames[max(k - 1, 0)]).max()
        assert np.abs(total - frames[k]).max() <= 1e-5 * scale, f"substep {k}: drift and noise are not the step"
        assert set(parts.figures) <= set(FIGURES)
        for notation in ("sde", "ncsn", "ddpm"):
            listing = sampler_listing(parts.sampler, parts.noise_spec, parts.control, parts.source, notation)  # type: ignore[arg-type]
            part = listing.part(parts.stage, parts.t, parts.s)
            assert any(part in line.lit for line in listing.lines), f"nothing lights {part}"
            for line in listing.lines:
                if part in line.lit or line.standing:
                    seen.setdefault(part, set())
                    missing = {name for name in line.values if name not in parts.figures}
                    assert not (missing and part in line.lit), f"{notation} “{line.text}” wants {missing} at {part}"
    assert seen


def test_inpainting_replaces_within_the_parts(small: Scene) -> None:
    scene = scene_of(small, PredictorCorrector(steps=5), VE(), Inpaint(value=0.7))
    started, frames, world = played(scene)
    for k in range(1, started.total + 1):
        parts = ask(world, started.run, k)
        total = sum(p.numpy().astype(float) for p in (parts.before, parts.drift, parts.noise) if p is not None)
        assert np.allclose(total, frames[k], atol=1e-5) and parts.after.numpy().tobytes() == frames[k].tobytes()
    assert np.allclose(frames[-1][:, 0], 0.7)


VPISH = {"b0": 0.1, "b1": 20.0}


def closed(noise: Any, t: float, largest: float) -> dict[str, float]:
    """REFERENCE's table, written out again."""
    if isinstance(noise, VE):
        sigma = 0.01 * (largest / 0.01) ** t
        return {"a": 1.0, "std": sigma, "sigma": sigma, "abar": 1.0, "f": 0.0, "g2": sigma**2 * 2 * math.log(largest / 0.01)}
    beta = VPISH["b0"] + t * (VPISH["b1"] - VPISH["b0"])
    log_a = -(t**2) * (VPISH["b1"] - VPISH["b0"]) / 4 - t * VPISH["b0"] / 2
    a = math.exp(log_a)
    if isinstance(noise, VP):
        std, g2 = math.sqrt(1 - a * a), beta
    else:
        std, g2 = 1 - a * a, beta * (1 - math.exp(-2 * VPISH["b0"] * t - (VPISH["b1"] - VPISH["b0"]) * t * t))
    return {"a": a, "std": std, "sigma": std / a, "abar": a * a, "f": -beta / 2, "g2": g2}


@pytest.mark.parametrize("noise", [VE(sigma_max=4.0), VP(), SubVP()], ids=lambda n: type(n).__name__)
def test_the_figures_are_the_closed_forms(noise: Any, small: Scene) -> None:
    n = 25
    started, _, world = played(scene_of(small, ReverseSDE(steps=n, denoise="none"), noise))
    times = np.linspace(1.0, 1e-5 if isinstance(noise, VE) else 1e-3, n)
    for k in range(1, n + 1):
        parts, t = ask(world, started.run, k, ()), float(times[k - 1])
        figures = parts.figures
        assert parts.t == pytest.approx(t) and parts.s == pytest.approx(0.0 if k == n else float(times[k]))
        for name, value in closed(noise, t, 4.0).items():
            assert figures[name] == pytest.approx(value, rel=1e-6, abs=1e-12), name
        assert (figures["k"], figures["T"], figures["i"]) == (n + 1 - k, n, k)
        if isinstance(noise, VE):
            ladder = np.exp(np.linspace(math.log(0.01), math.log(4.0), n))  # the published levels
            below = ladder[n - k - 1] if k < n else 0.0
            assert figures["G2"] == pytest.approx(ladder[n - k] ** 2 - below**2, rel=1e-3)
        if isinstance(noise, VP):
            assert figures["G2"] == pytest.approx(np.linspace(0.1 / n, 20.0 / n, n)[n - k], rel=1e-9), "beta_k"
            assert figures["alpha"] == pytest.approx(1 - figures["G2"], rel=1e-9)
        assert "dt" not in figures, "this rule takes variances and no step of t"


@pytest.mark.parametrize(("noise", "r"), [(VE(sigma_max=4.0), 0.16), (VP(), 0.01)], ids=["VE", "VP"])
def test_the_correctors_ratio_is_the_one_asked_for(noise: Any, r: float, small: Scene) -> None:
    """With 2 alpha (r |z|/|s|)^2 the mean drift is sqrt(alpha) r times the mean noise."""
    sampler = PredictorCorrector(steps=25, corrector=LangevinCorrector(snr=r))
    started, _, world = played(scene_of(small, sampler, noise))
    stages = started.stage.numpy().tolist()
    corrections = [k for k in range(1, started.total + 1) if stages[k] == 2]
    assert len(corrections) == 25 and stages[1:5] == [2, 1, 2, 1]
    for k in corrections[::6]:
        parts = ask(world, started.run, k)
        f = parts.figures
        assert f["|drift|"] / f["|noise|"] == pytest.approx(math.sqrt(f["alpha"]) * r, rel=1e-4)
        assert f["eps"] == pytest.approx(2 * f["alpha"] * (r * f["|z|"] / f["|s|"]) ** 2, rel=1e-4)
        assert parts.score is not None and parts.drift is not None
        assert f["|s|"] == pytest.approx(float(np.linalg.norm(parts.score.numpy(), axis=1).mean()), rel=1e-5)


@pytest.mark.parametrize("convention", ["code", "paper"])
def test_ncsns_steps_keep_their_ratio(convention: Any, small: Scene) -> None:
    """alpha_i = eps sigma_i^2/sigma_L^2, in the step rule's own units."""
    spec = AnnealedLangevin(levels=6, steps_per_level=3, epsilon=3e-5, convention=convention, denoise=True)
    started, _, world = played(scene_of(small, spec, VE(sigma_max=4.0)))
    ladder = np.exp(np.linspace(math.log(4.0), math.log(0.01), 6))
    for k in range(1, 19):
        f = ask(world, started.run, k, ()).figures
        level = (k - 1) // 3
        assert (f["i"], f["L"], f["j"]) == (level + 1, 6, (k - 1) % 3 + 1)
        assert f["sigma"] == pytest.approx(ladder[level], rel=1e-6)
        assert f["alpha_i"] == pytest.approx(3e-5 * ladder[level] ** 2 / 0.01**2, rel=1e-5)
        assert f["eps"] == pytest.approx(f["alpha_i"] / (1 if convention == "code" else 2), rel=1e-6)
    assert ask(world, started.run, 19, ()).stage == "denoise"


def test_tweedies_estimate_and_the_score_are_those_of_the_mixture(small: Scene) -> None:
    started, frames, world = played(scene_of(small, ReverseSDE(steps=12), VE(sigma_max=4.0)))
    parts = ask(world, started.run, 7)
    x, var = frames[6].astype(float), parts.figures["sigma"] ** 2
    weights, means, stds = np.array([1, 2]) / 3, np.array([[-1.0, 0.3], [1.2, -0.4]]), np.array([0.3, 0.2])
    total = stds**2 + var
    gaps = x[:, None] - means
    log_r = np.log(weights) - np.log(total) - (gaps**2).sum(-1) / (2 * total)
    r = np.exp(log_r - log_r.max(1, keepdims=True))
    r /= r.sum(1, keepdims=True)
    score = -(r[..., None] * gaps / total[:, None]).sum(1)
    assert parts.score is not None and parts.x0 is not None
    assert np.allclose(parts.score.numpy(), score, atol=1e-4 * np.abs(score).max())
    assert np.allclose(parts.x0.numpy(), x + var * score, atol=1e-4)


def test_a_tape_is_bounded_and_gives_the_same_bits_from_a_state_far_before(small: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_of(small, ReverseSDE(steps=40), VE())
    started, frames, world = played(scene)
    size = tapes._size(world.player.tapes.of(started.run).start)  # type: ignore[union-attr]
    monkeypatch.setattr(tapes, "STATE_BYTES", 12 * size)
    _, _, sparse = played(scene)
    tape = sparse.player.tapes.of(1)
    assert tape is not None and sum(map(tapes._size, tape._states.values())) <= 6 * size and tape._stride > 1
    for k in (1, 7, 23, 40):
        steps = list(substep_parts(AskSubstep(run=1, substep=k, particles=(0, 3)), sparse))
        assert steps[-1] is not None and all(part is None for part in steps[:-1])
        answer: Any = steps[-1][1]
        assert answer.after.numpy().tobytes() == frames[k][[0, 3]].tobytes()


def test_old_runs_keep_their_starts_and_the_oldest_go(small: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_of(small, Langevin(steps=6), VE())
    _, frames, world = played(scene)
    first = world.player.tapes.of(1)
    assert first is not None and len(first._states) == 7
    monkeypatch.setattr(tapes, "STATE_BYTES", 3 * first.bytes)  # room for this one beside the newest, and for no third
    player, plan = world.player, first.plan
    player.start(plan)
    player.slice(5.0)
    assert len(first._states) == 7
    for _ in range(tapes.RUNS - 2):
        player.start(plan)
        player.slice(5.0)
        assert sum(tape.bytes for tape in player.tapes._tapes.values()) <= tapes.STATE_BYTES
    assert len(first._states) == 1
    assert ask(world, 1, 6).after.numpy().tobytes() == frames[6].tobytes()
    player.start(plan)
    assert player.tapes.of(1) is None
    with pytest.raises(ValueError, match="no longer has the run"):
        ask(world, 1, 6)
    with pytest.raises(ValueError, match="fewer than 7"):
        ask(world, 3, 7)


def test_through_the_real_engine_and_the_run_is_left_alone(engine: Driver, small: Scene) -> None:
    """Asked in the middle of a run, between its frames, the run's bytes are those of one that nobody asked about."""
    quiet = PredictorCorrector(steps=300)
    first, untouched, _ = engine.run_of({"sampler": quiet})
    engine.run_of({"sampler": ReverseSDE(steps=2)})
    mark = engine.mark()
    revision = engine.post({"sampler": quiet})
    started = engine.wait(RunStarted, lambda m: m.revision == revision, since=mark)
    for number in range(1, 30):
        engine.send(Ask(asker="steps", number=number, question=AskSubstep(run=started.run, substep=number, particles=(0, 1))))
    last = engine.wait(Answered, lambda m: m.asker == "steps" and m.number == 29, since=mark)
    engine.wait(RunFrames, lambda m: m.run == started.run and m.first + m.frames.shape[0] == first.total + 1, since=mark)
    assert engine.frames(started.run).tobytes() == untouched.tobytes()
    answer = last.answer
    assert isinstance(answer, SubstepParts) and answer.sampler == quiet and answer.source == "exact" and answer.total == 100
    assert answer.after.numpy().tobytes() == untouched[29][:2].tobytes()
    engine.send(Ask(asker="steps", number=50, question=AskSubstep(run=999999, substep=1)))
    refused = engine.wait(Refused, lambda m: m.number == 50, since=mark)
    assert "no longer has the run" in refused.template and not refused.details


def test_training_figures(engine: Driver, small: Scene) -> None:
    """At step 0: the first learning rate, the first share of the average, the range of the law of sigma."""
    parts = {"objective": Denoising(sigmas=LogUniformSigma()), "noise": VE(sigma_max=4.0)}
    mark, _ = engine.update(parts)
    engine.send(Ask(asker="training", number=1, question=AskTrainingFigures()))
    answer = engine.wait(Answered, lambda m: m.asker == "training", since=mark).answer
    assert isinstance(answer, TrainingFigures)
    f = answer.figures
    assert (f["step"], f["batch"]) == (0, 128)
    assert f["rate"] == pytest.approx(small.training.learning_rate) and f["ema"] == pytest.approx(2 / 11)
    assert (f["sigma_low"], f["sigma_high"]) == (pytest.approx(0.01), pytest.approx(4.0))


def test_eulers_rules_alone_take_a_step_of_t(small: Scene) -> None:
    maruyama, euler = ReverseSDE(steps=20, predictor=EulerMaruyama()), Euler(steps=20)
    started, _, world = played(scene_of(small, maruyama, VP()))
    assert ask(world, started.run, 5, ()).figures["dt"] == pytest.approx(1 / 20)
    started, _, world = played(scene_of(small, euler, VP()))
    assert ask(world, started.run, 5, ()).figures["dt"] == pytest.approx(-(1 - 1e-3) / 20)


def test_without_a_corrector_there_is_no_step_size(small: Scene) -> None:
    started, _, world = played(scene_of(small, PredictorCorrector(steps=4, corrector=NoCorrector()), VE()))
    assert "eps" not in ask(world, started.run, 2, ()).figures
    assert torch.get_num_threads() >= 1


def rule(kind: str, p: SubstepParts) -> np.ndarray[Any, Any]:
    """What the listing says, computed here from its own figures: the point without its noise."""
    assert p.score is not None
    x, s, f = p.before.numpy().astype(float), p.score.numpy().astype(float), p.figures
    eps, estimate = -f["std"] * s, (x + f["std"] ** 2 * s) / f["a"]
    match kind:
        case "reverse diffusion":
            return (2 - f["c"]) * x + f["G2"] * s
        case "ancestral":  # DDPM's own writing of it
            return np.asarray((x - f["G2"] * eps / math.sqrt(1 - f["abar"])) / f["c"])
        case "euler maruyama":
            return x - (f["f"] * x - f["g2"] * s) * f["dt"]
        case "euler":
            return x + (f["f"] * x - 0.5 * f["g2"] * s) * f["dt"]
        case "ddim":
            shake = f.get("v", 0.0) ** 2
            return np.asarray(math.sqrt(f["abar1"]) * estimate + math.sqrt(1 - f["abar1"] - shake) * eps)
        case "euler ancestral":
            return np.asarray(f["a1"] * (x / f["a"] + (f["sigma_d"] - f["sigma"]) * eps))
        case "dpmpp":  # its first step, D* = D
            return np.asarray(f["a1"] * (math.exp(-f["h"]) * x / f["a"] - math.expm1(-f["h"]) * estimate))
        case _:
            return x + f["eps"] * s


@pytest.mark.parametrize(
    ("kind", "sampler", "substep"),
    [
        ("reverse diffusion", {"type": "reverse_sde", "steps": 30}, 12),
        ("ancestral", {"type": "reverse_sde", "steps": 30, "predictor": {"type": "ancestral"}}, 12),
        ("euler maruyama", {"type": "reverse_sde", "steps": 30, "predictor": {"type": "euler_maruyama"}}, 12),
        ("euler", {"type": "euler", "steps": 30}, 12),
        ("ddim", {"type": "ddim", "steps": 30}, 12),
        ("ddim", {"type": "ddim", "steps": 30, "eta": 0.7}, 12),
        ("euler ancestral", {"type": "euler_ancestral", "steps": 30}, 12),
        ("dpmpp", {"type": "dpmpp_2m", "steps": 30}, 1),
        ("langevin", {"type": "pc", "steps": 30}, 11),
        ("langevin", {"type": "langevin", "steps": 30}, 11),
    ],
)
def test_the_lines_say_what_the_sampler_does(kind: str, sampler: dict[str, Any], substep: int, small: Scene) -> None:
    """On VP: the rule as the listing writes it, with the figures it shows, gives the sampler's own point."""
    spec = msgspec.convert(sampler, SamplerSpec.named(sampler["type"]), dec_hook=decode_choice)
    started, frames, world = played(scene_of(small, spec, VP()))
    parts = ask(world, started.run, substep)
    noise = 0.0 if parts.noise is None else parts.noise.numpy()
    assert np.allclose(rule(kind, parts) + noise, frames[substep], atol=2e-5)
