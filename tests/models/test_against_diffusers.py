"""Equivalence of two routes: our samplers on a folder, and the pipelines of diffusers on the same folder, from the same noise."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from scoreviz.maths import SDE, DiscreteVPSDE, Stage, build_sampler, clipped, prior_points, trajectory
from scoreviz.models.ddpm import score_function
from scoreviz.models.loading import load_model
from scoreviz.models.model import Model
from scoreviz.models.network import diffusers
from scoreviz.scene.images import Pretrained
from scoreviz.scene.samplers import Ancestral, LangevinCorrector, PredictorCorrector, ReverseSDE
from tests.models.folders import ddpm_folder, diffusers_pipeline, ncsnpp_folder

COUNT = 2


def ours(model: Model, spec: Any, clip: bool = False) -> tuple[list[Tensor], Tensor]:
    """The states after each predictor step, and the last mean."""
    score_fn = clipped(model.score_fn, model.sde, *model.clip) if clip else model.score_fn
    return run(model.sde, score_fn, spec, model.shape)


def run(sde: SDE, score_fn: Any, spec: Any, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> tuple[list[Tensor], Tensor]:
    """One generator draws the start and goes on with all other noise, as in diffusers."""
    generator = torch.Generator().manual_seed(5)
    sampler = build_sampler(spec, sde, score_fn)
    x = prior_points(sde, (COUNT, *shape), generator, dtype=dtype)
    states = [(substep.stage, state.x) for substep, state, _ in trajectory(sampler, sampler.init(x, generator.get_state()))]
    return [x for stage, x in states if stage is Stage.PREDICT], states[-1][1]


def close(found: Tensor, wanted: Tensor, tolerance: float) -> None:
    assert float((found - wanted).abs().max()) <= tolerance


@torch.no_grad()
def theirs_ve(pipeline: Any, steps: int) -> tuple[list[Tensor], Tensor]:
    """The loop of ScoreSdeVePipeline.__call__ of diffusers 0.42, which keeps only the last mean, clamped."""
    generator, scheduler, network = torch.Generator().manual_seed(5), pipeline.scheduler, pipeline.unet
    edge = network.config.sample_size
    x = torch.randn(COUNT, 3, edge, edge, generator=generator) * scheduler.init_noise_sigma
    scheduler.set_timesteps(steps)
    scheduler.set_sigmas(steps)
    states = []
    for i, t in enumerate(scheduler.timesteps):
        sigma = scheduler.sigmas[i] * torch.ones(COUNT)
        for _ in range(scheduler.config.correct_steps):
            x = scheduler.step_correct(network(x, sigma).sample, x, generator=generator).prev_sample
        out = scheduler.step_pred(network(x, sigma).sample, t, x, generator=generator)
        x = out.prev_sample
        states.append(x)
    return states, out.prev_sample_mean


@pytest.mark.parametrize(("steps", "corrections"), [(20, 1), pytest.param(100, 1, marks=pytest.mark.slow), (12, 2)])
def test_pc_on_ncsnpp_is_the_pipeline_of_diffusers(tmp_path: Path, steps: int, corrections: int):
    """At a sigma_max and an output at which the pictures stay within the data's scale."""
    folder = ncsnpp_folder(tmp_path / "model", sigma_max=0.2, gain=0.5, correct_steps=corrections)
    model = load_model(Pretrained(path=str(folder)))
    states, mean = ours(model, pc(steps, corrections))
    pipeline = diffusers_pipeline(folder)
    expected, expected_mean = theirs_ve(pipeline, steps)
    assert 0.1 < float(expected_mean.std()) < 2
    for one, two in zip(states, expected, strict=True):
        close(one, two, 1e-5)
    close(mean, expected_mean, 1e-5)
    shown = pipeline(
        batch_size=COUNT, num_inference_steps=steps, generator=torch.Generator().manual_seed(5), output_type="np", return_dict=False
    )[0]  # the pipeline itself, as a whole
    close(mean.clamp(0, 1).permute(0, 2, 3, 1), torch.from_numpy(shown), 1e-5)


def test_pc_is_that_of_diffusers_at_a_published_sigma_max(tmp_path: Path):
    """A random network leaves the pictures at some hundreds, and 1e-6 is of that."""
    folder = ncsnpp_folder(tmp_path / "model", sigma_max=1348.0)
    states, mean = ours(load_model(Pretrained(path=str(folder))), pc(50, 1))
    expected, expected_mean = theirs_ve(diffusers_pipeline(folder), 50)
    for one, two in zip([*states, mean], [*expected, expected_mean], strict=True):
        close(one, two, 1e-6 * float(two.abs().max()))


def pc(steps: int, corrections: int) -> PredictorCorrector:
    return PredictorCorrector(steps=steps, corrector_steps=corrections, corrector=LangevinCorrector(snr=0.16))


def test_the_score_of_ncsnpp_depends_on_the_pictures_and_on_sigma(tmp_path: Path):
    """Or the test above would show nothing of the network."""
    model = load_model(Pretrained(path=str(ncsnpp_folder(tmp_path / "model"))))
    x = torch.rand(2, *model.shape)
    score = model.score_fn(x, 0.5)
    assert not torch.allclose(score, model.score_fn(x + 0.1, 0.5), rtol=0.01)
    assert not torch.allclose(score * model.sde.std(0.5), model.score_fn(x, 0.7) * model.sde.std(0.7), rtol=0.01)
    t = torch.tensor([0.5, 0.7])
    assert torch.allclose(model.score_fn(x, t)[1], model.score_fn(x, 0.7)[1], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def theirs_ddpm(scheduler: Any, network: Any, steps: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """The loop of DDPMPipeline.__call__, every state."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(COUNT, 3, 8, 8, generator=generator, dtype=dtype)
    scheduler.set_timesteps(steps)
    states = []
    for t in scheduler.timesteps:
        x = scheduler.step(network(x, t, return_dict=False)[0], t, x, generator=generator).prev_sample
        states.append(x)
    return states


def check_ddpm(folder: Path, steps: int, variance: str, clip: bool, tolerance: float = 1e-5) -> None:
    """As shipped, all in float32."""
    model = load_model(Pretrained(path=str(folder)))
    assert model.card.clip == clip
    states, mean = ours(model, ReverseSDE(steps=steps, predictor=Ancestral(variance=variance)), clip)
    pipeline = diffusers_pipeline(folder)
    expected = theirs_ddpm(pipeline.scheduler, pipeline.unet, steps)
    for one, two in zip([*states[:-1], mean], expected, strict=True):  # diffusers adds no noise at step 0: there our mean
        close(one, two, tolerance * max(1.0, float(two.abs().max())))


def check_ddpm_exactly(scheduler: Any, network: Any, steps: int, variance: str) -> None:
    """All in float64, diffusers' own numbers too: what is left is no rounding."""
    sde = DiscreteVPSDE(scheduler.alphas_cumprod)
    scheduler.alphas_cumprod, scheduler.one = scheduler.alphas_cumprod.double(), scheduler.one.double()
    score_fn = clipped(score_function(network, sde, "epsilon"), sde, -1, 1)
    states, mean = run(sde, score_fn, ReverseSDE(steps=steps, predictor=Ancestral(variance=variance)), (3, 8, 8), torch.float64)
    expected = theirs_ddpm(scheduler, network, steps, torch.float64)
    for one, two in zip([*states[:-1], mean], expected, strict=True):
        close(one, two, 1e-10)


VARIANCES = [("posterior", "fixed_small"), ("forward", "fixed_large")]


@pytest.mark.parametrize("steps", [pytest.param(50, marks=pytest.mark.slow), 10])
@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize(("variance", "kind"), VARIANCES)
def test_ancestral_is_the_pipeline_of_diffusers(tmp_path: Path, variance: str, kind: str, prediction: str, clip: bool, steps: int):
    settings = {"beta_end": 0.2, "variance_type": kind, "prediction_type": prediction, "clip_sample": clip}
    check_ddpm(ddpm_folder(tmp_path / "model", steps=50, **settings), steps, variance, clip)


@pytest.mark.parametrize(
    "settings",
    [
        {"timestep_spacing": "trailing"}, {"timestep_spacing": "linspace"}, {"prediction_type": "sample"}, {"clip_sample_range": 0.5},
        {"beta_schedule": "squaredcos_cap_v2"}, {"trained_betas": [0.01 + 0.001 * i for i in range(50)]},
        {"variance_type": "fixed_small_log"},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("steps", [7, 1])
def test_every_setting_of_the_scheduler_counts(tmp_path: Path, settings: dict[str, Any], steps: int):
    check_ddpm(ddpm_folder(tmp_path / "model", steps=50, **{"beta_end": 0.2, **settings}), steps, "posterior", True)


def test_few_of_a_thousand_steps(tmp_path: Path):
    check_ddpm(ddpm_folder(tmp_path / "model", steps=1000), 12, "posterior", True)


class Waves(torch.nn.Module):
    """A cheap network in closed form that depends on the pictures and on the step."""

    def forward(self, x: Tensor, step: Tensor, return_dict: bool) -> tuple[Tensor]:
        return (torch.sin(2 * x + 0.01 * step.to(x)),)


@pytest.mark.parametrize(("variance", "kind"), VARIANCES)
def test_a_thousand_steps(variance: str, kind: str):
    check_ddpm_exactly(diffusers().DDPMScheduler(variance_type=kind), Waves(), 1000, variance)


@pytest.mark.slow
@pytest.mark.parametrize(("variance", "kind"), VARIANCES)
def test_a_thousand_steps_of_a_network(tmp_path: Path, variance: str, kind: str):
    pipeline = diffusers_pipeline(ddpm_folder(tmp_path / "model", steps=1000, variance_type=kind))
    check_ddpm_exactly(pipeline.scheduler, pipeline.unet.double(), 1000, variance)
    check_ddpm(tmp_path / "model", 1000, variance, True, tolerance=2e-4)  # float32's own rounding over a thousand steps


def test_the_whole_pipeline_ends_on_our_mean(tmp_path: Path):
    folder = ddpm_folder(tmp_path / "model", steps=50, beta_end=0.2)
    _, mean = ours(load_model(Pretrained(path=str(folder))), ReverseSDE(steps=10, predictor=Ancestral()), True)
    shown = diffusers_pipeline(folder)(
        batch_size=COUNT, num_inference_steps=10, generator=torch.Generator().manual_seed(5), output_type="np", return_dict=False
    )[0]
    close((mean / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1), torch.from_numpy(shown), 1e-5)


def test_clip_and_variance_change_the_run(tmp_path: Path):
    """Or the equivalences above would not tell them apart."""
    model = load_model(Pretrained(path=str(ddpm_folder(tmp_path / "model", steps=50, beta_end=0.2))))
    runs = [
        ours(model, ReverseSDE(steps=10, predictor=Ancestral(variance=variance)), clip)[1]
        for variance in ("posterior", "forward")
        for clip in (True, False)
    ]
    for i, one in enumerate(runs):
        for two in runs[:i]:
            assert float((one - two).abs().max()) > 0.05


@pytest.mark.parametrize("spacing", ["leading", "trailing", "linspace"])
@pytest.mark.parametrize("offset", [0, 1])
def test_levels_are_those_of_diffusers(spacing: str, offset: int):
    scheduler = diffusers().DDPMScheduler(timestep_spacing=spacing, steps_offset=offset)
    sde = DiscreteVPSDE(scheduler.alphas_cumprod, spacing, offset)
    for n in (1, 2, 3, 7, 10, 50, 333, 400, 999):
        scheduler.set_timesteps(n)
        expected = scheduler.timesteps.tolist()[::-1]
        if len(expected) == n:  # its trailing spacing visits one more where 1000/n is rounded down
            assert sde.indices(n) == expected, n
