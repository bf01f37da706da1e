"""What is loaded from a folder, and what its card tells."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from scoreviz.maths import DiscreteVPSDE
from scoreviz.models.loading import load_model
from scoreviz.scene.images import Pretrained
from tests.models.folders import ddpm_folder, diffusers_pipeline, ncsnpp_folder

SAFE = Path("unet", "diffusion_pytorch_model.safetensors")
X = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def ddpm(tmp_path_factory):
    return ddpm_folder(tmp_path_factory.mktemp("models") / "tiny-ddpm", steps=1000, variance_type="fixed_large")


@pytest.fixture(scope="module")
def ncsnpp(tmp_path_factory):
    return ncsnpp_folder(tmp_path_factory.mktemp("models") / "tiny-ncsnpp")


def test_card_of_a_ddpm(ddpm: Path):
    model = load_model(Pretrained(path=str(ddpm)))
    card, facts = model.card, dict(model.card.facts)
    assert (card.name, card.family, card.shape, card.low, card.high, card.stored) == ("tiny-ddpm", "DDPM", (3, 8, 8), -1.0, 1.0, None)
    assert (model.shape, model.low, model.high, model.clip, model.mean, model.nearest) == ((3, 8, 8), -1.0, 1.0, (-1.0, 1.0), None, None)
    assert card.summary.format(**card.params) == (
        "A pretrained network predicts the noise ε at 1000 noise levels; its score follows from it."
    )  # fmt: skip
    assert card.clip
    assert card.warnings == ()
    assert facts["SHA-256"] == hashlib.sha256((ddpm / SAFE).read_bytes()).hexdigest()
    assert facts["size"] == f"{(ddpm / SAFE).stat().st_size:,} bytes"
    assert facts["file"] == str(ddpm / SAFE)
    assert facts["parameters"] == f"{sum(p.numel() for p in diffusers_pipeline(ddpm).unet.parameters()):,}"
    assert facts["variance"] == "fixed_large"
    assert facts["clip_sample"] == "on, ±1"
    assert facts["noise"] == "VP, 1000 steps, linear"
    assert facts["licence"] == "not said"
    assert facts["pipeline"] == "DDPMPipeline"
    assert card.sigma_max == pytest.approx(model.sde.sigma(1.0))


def test_card_of_an_ncsnpp(ncsnpp: Path):
    model = load_model(Pretrained(path=str(ncsnpp)))
    card, facts = model.card, dict(model.card.facts)
    assert (card.family, card.shape, card.low, card.high, card.clip) == ("NCSN++ (VE)", (3, 16, 16), 0.0, 1.0, False)
    assert facts["σ range"] == "0.01 to 50"
    assert facts["its own sampler"] == "20 steps × 1 corrections, snr 0.16"
    assert (model.sde.sigma_min, model.sde.sigma_max, model.sde.eps, card.sigma_max) == (0.01, 50.0, 1e-5, 50.0)


def test_licence_from_the_readme(ddpm: Path, tmp_path: Path):
    folder = Path(shutil.copytree(ddpm, tmp_path / "model"))
    for text, expected in (
        ("---\ntags: [x]\nlicense: apache-2.0\n---\n# Model\n", "apache-2.0"),
        ("# Model\nlicense: mit\n", "not said"),
        ("---\ntags: [x]\n---\nlicense: mit\n", "not said"),
    ):
        (folder / "README.md").write_text(text)
        assert dict(load_model(Pretrained(path=str(folder))).card.facts)["licence"] == expected


def test_the_oldest_layout_is_the_same_model(ddpm: Path, tmp_path: Path):
    """google/ddpm-* of 2022: everything at the top, and other names for the parts of an attention block."""
    old = tmp_path / "old"
    old.mkdir()
    shutil.copy(ddpm / "model_index.json", old)
    shutil.copy(ddpm / "unet" / "config.json", old)
    shutil.copy(ddpm / "scheduler" / "scheduler_config.json", old)
    names = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}
    table = {}
    for name, tensor in load_file(ddpm / SAFE).items():
        for new, former in names.items():
            name = name.replace(new, former)
        table[name] = tensor
    assert any(".proj_attn." in name for name in table)
    save_file(table, old / SAFE.name)
    expected = load_model(Pretrained(path=str(ddpm))).score_fn(X, 0.5)
    assert torch.equal(load_model(Pretrained(path=str(old))).score_fn(X, 0.5), expected)


def test_half_precision_weights_compute_in_float32(ddpm: Path, tmp_path: Path):
    folder = Path(shutil.copytree(ddpm, tmp_path / "model"))
    save_file({name: tensor.half() for name, tensor in load_file(ddpm / SAFE).items()}, folder / SAFE)
    score = load_model(Pretrained(path=str(folder))).score_fn(X, 0.5)
    assert score.dtype == torch.float32
    assert torch.allclose(score, load_model(Pretrained(path=str(ddpm))).score_fn(X, 0.5), rtol=0.02, atol=0.02)


def test_settings_that_are_not_known_are_told(ddpm: Path, tmp_path: Path):
    folder = Path(shutil.copytree(ddpm, tmp_path / "model"))
    config = json.loads((folder / "unet" / "config.json").read_text())
    (folder / "unet" / "config.json").write_text(json.dumps({**config, "use_magic": True}))
    scheduler = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps({**scheduler, "thresholding": True}))
    card = load_model(Pretrained(path=str(folder), sigma_max=3.0)).card
    assert any("left out: use_magic" in warning for warning in card.warnings)
    assert any("thresholding" in warning for warning in card.warnings)
    assert any("σ max is not used" in warning for warning in card.warnings)
    assert not card.clip


def test_sigma_max_can_be_another_than_the_files(ncsnpp: Path):
    model = load_model(Pretrained(path=str(ncsnpp), sigma_max=30.0))
    assert model.sde.sigma_max == model.card.sigma_max == 30.0
    assert model.card.warnings == ("σ max is 30, where the model's own files say 50.",)
    assert load_model(Pretrained(path=str(ncsnpp), sigma_max=50.0)).card.warnings == ()


@pytest.mark.parametrize("family", ["ddpm", "ncsnpp"])
def test_scores_hold_no_graph_and_take_a_time_each(family: str, request: pytest.FixtureRequest):
    model = load_model(Pretrained(path=str(request.getfixturevalue(family))))
    x = torch.rand(2, *model.shape, requires_grad=True)
    score = model.score_fn(x, torch.tensor([0.3, 0.8]))
    assert not score.requires_grad
    assert torch.allclose(score[:1], model.score_fn(x[:1], 0.3), rtol=1e-4, atol=1e-3)
    assert torch.allclose(score[1:], model.score_fn(x[1:], 0.8), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("prediction", ["epsilon", "sample", "v_prediction"])
def test_predictions_are_one_field_in_three_units(tmp_path: Path, prediction: str):
    """The network's output itself, turned into the score by the formulas written out here once more."""
    folder = ddpm_folder(tmp_path / "model", steps=50, beta_end=0.2, prediction_type=prediction)
    model, network = load_model(Pretrained(path=str(folder))), diffusers_pipeline(folder)
    assert isinstance(model.sde, DiscreteVPSDE)
    for step in (0, 20, 49):
        abar = float(network.scheduler.alphas_cumprod[step])
        with torch.no_grad():
            out = network.unet(X, torch.tensor(step)).sample
        eps = {
            "epsilon": out,
            "sample": (X - abar**0.5 * out) / (1 - abar) ** 0.5,
            "v_prediction": abar**0.5 * out + (1 - abar) ** 0.5 * X,
        }[prediction]
        assert torch.allclose(model.score_fn(X, step / 49), -eps / (1 - abar) ** 0.5, rtol=1e-4, atol=1e-4)
