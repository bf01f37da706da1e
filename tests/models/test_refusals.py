"""Whatever is wrong with a pretrained folder is a sentence of its own, and nothing in a folder is executed."""

import json
import os
import shutil
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from scoreviz.models.loading import load_model
from scoreviz.scene.errors import SceneError
from scoreviz.scene.images import Pretrained
from tests.models.folders import ddpm_folder, ncsnpp_folder

SAFE, BIN = "unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.bin"
NETWORK, SCHEDULER, INDEX = "unet/config.json", "scheduler/scheduler_config.json", "model_index.json"


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {"ddpm": ddpm_folder(folder / "ddpm"), "ncsnpp": ncsnpp_folder(folder / "ncsnpp")}


@pytest.fixture
def copy(originals, tmp_path):
    return lambda family: Path(shutil.copytree(originals[family], tmp_path / family))


def refused(folder: Path, **fields: Any) -> str:
    """The sentence, which is complete: no placeholder is left, and it ends."""
    with pytest.raises(SceneError) as caught:
        load_model(Pretrained(path=str(folder), **fields))
    sentence = str(caught.value)
    assert "{" not in sentence.replace("{'", "")
    assert sentence == caught.value.template.format(**caught.value.params)
    assert "\n" not in sentence and len(sentence) < 500
    return sentence


def edit(file: str, **changes: Any) -> Callable[[Path], None]:
    """Settings changed; those given as ... are taken out."""

    def change(folder: Path) -> None:
        path = folder / file
        values = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({key: value for key, value in values.items() if value is not ...}))

    return change


def write(file: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_bytes(content) and None


def remove(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


SETTINGS = {
    "no index": ("ddpm", remove(INDEX), "holds no model_index.json: choose a folder as diffusers saves it"),
    "no network settings": ("ddpm", remove(NETWORK), "unet” holds no config.json"),
    "no scheduler settings": ("ddpm", remove(SCHEDULER), "scheduler” holds no scheduler_config.json"),
    "index is no JSON": ("ddpm", write(INDEX, b"{'a': 1}"), "model_index.json” is not valid JSON"),
    "index is no text": ("ddpm", write(INDEX, b"\xff\xfe\x00"), "model_index.json” is not valid JSON"),
    "index is deep": ("ddpm", write(INDEX, b"[" * 100_000), "model_index.json” is not valid JSON"),
    "index is a list": ("ddpm", write(INDEX, b"[1]"), "is not an object of settings"),
    "index is huge": ("ddpm", write(INDEX, b" " * 2_000_000), "2000000 bytes long: it cannot be a model's settings"),
    "another pipeline": ("ddpm", edit(INDEX, _class_name="StableDiffusionPipeline"),
                         "holds a StableDiffusionPipeline; only DDPMPipeline and ScoreSdeVePipeline can be opened"),
    "pipeline is no word": ("ddpm", edit(INDEX, _class_name=["x", "y"]), "only DDPMPipeline and ScoreSdeVePipeline"),
    "pipeline of its own": ("ddpm", edit(INDEX, _class_name="MyPipeline"), "holds a MyPipeline"),
    "no network named": ("ddpm", edit(INDEX, unet=...), "model_index.json” does not say “unet”"),
    "network of its own": ("ddpm", edit(INDEX, unet=["my_code", "MyNet"]), "takes its unet from “my_code”: code of others is never run"),
    "other network": ("ddpm", edit(INDEX, unet=["diffusers", "UNet2DConditionModel"]), "its unet is a UNet2DConditionModel"),
    "network contradicts itself": ("ddpm", edit(NETWORK, _class_name="VQModel"), "config.json” says that its unet is a VQModel"),
    "scheduler does not fit": ("ddpm", edit(INDEX, scheduler=["diffusers", "ScoreSdeVeScheduler"]),
                               "its scheduler is a ScoreSdeVeScheduler; a DDPMPipeline needs a DDPMScheduler"),
    "scheduler contradicts the index": ("ncsnpp", edit(SCHEDULER, _class_name="DDPMScheduler"),
                                        "scheduler_config.json” says that its scheduler is a DDPMScheduler; a ScoreSdeVePipeline needs"),
    "channels": ("ddpm", edit(NETWORK, out_channels=6), "3 channels go in and 6 come out, which a prediction of epsilon cannot be"),
    "channels of a score": ("ncsnpp", edit(NETWORK, out_channels=1), "3 channels go in and 1 come out, which a score cannot be"),
    "no size": ("ddpm", edit(NETWORK, sample_size=None), "does not say “sample_size”"),
    "size is a word": ("ddpm", edit(NETWORK, sample_size="big"), "says sample_size = big"),
    "size is absurd": ("ddpm", edit(NETWORK, sample_size=10**9), "says sample_size = 1000000000, which no such model can have"),
    "size does not halve": ("ddpm", edit(NETWORK, sample_size=9), "halve a picture 1 times, which sample_size 9 does not allow"),
    "no channels at all": ("ddpm", edit(NETWORK, block_out_channels=[]), "says block_out_channels = []"),
    "absurd channels": ("ddpm", edit(NETWORK, block_out_channels=[4, 10**12]), "says block_out_channels = [4, 1000000000000]"),
    "absurd layers": ("ddpm", edit(NETWORK, layers_per_block=10**9), "says layers_per_block = 1000000000"),
    "unknown block": ("ddpm", edit(NETWORK, down_block_types=["os.system", "x"]), "a network that can be built: os.system"),
    "blocks do not match": ("ddpm", edit(NETWORK, up_block_types=["UpBlock2D"]), "a network that can be built: Must"),
    "classes": ("ddpm", edit(NETWORK, num_class_embeds=10), "has num_class_embeds: networks that need a class to be told"),
    "integer steps and Fourier": ("ddpm", edit(NETWORK, time_embedding_type="fourier"), "has Fourier features of σ, as NCSN++ has"),
    "NCSN++ without Fourier": ("ncsnpp", edit(NETWORK, time_embedding_type="positional"), "has time_embedding_type positional"),
    "no steps": ("ddpm", edit(SCHEDULER, num_train_timesteps=0), "says num_train_timesteps = 0"),
    "fewer than no steps": ("ddpm", edit(SCHEDULER, num_train_timesteps=-5), "says num_train_timesteps = -5"),
    "absurd steps": ("ddpm", edit(SCHEDULER, num_train_timesteps=10**12), "says num_train_timesteps = 1000000000000"),
    "unknown prediction": ("ddpm", edit(SCHEDULER, prediction_type="flow"),
                           "has prediction_type “flow”, which is not known here; known: epsilon, sample, v_prediction"),
    "learned variance": ("ddpm", edit(SCHEDULER, variance_type="learned_range"), "networks that learn their variance cannot be opened yet"),
    "unknown variance": ("ddpm", edit(SCHEDULER, variance_type="fixed_large_log"), "has variance_type “fixed_large_log”"),
    "unknown spacing": ("ddpm", edit(SCHEDULER, timestep_spacing="karras"), "has timestep_spacing “karras”, which is not known here"),
    "unknown schedule": ("ddpm", edit(SCHEDULER, beta_schedule="sigmoid"), "has beta_schedule “sigmoid”, which is not known here"),
    "falling noise": ("ddpm", edit(SCHEDULER, beta_start=-0.1, beta_end=-0.2), "does not give a noise that grows from step to step"),
    "total noise": ("ddpm", edit(SCHEDULER, rescale_betas_zero_snr=True), "does not give a noise that grows from step to step"),
    "short table": ("ddpm", edit(SCHEDULER, trained_betas=[0.1, 0.2]), "trained_betas has 2 entries where num_train_timesteps is 50"),
    "table of words": ("ddpm", edit(SCHEDULER, trained_betas=["a"]), "does not give a noise that grows from step to step"),
    "clip is a word": ("ddpm", edit(SCHEDULER, clip_sample="yes"), "says clip_sample = yes"),
    "sigmas the wrong way": ("ncsnpp", edit(SCHEDULER, sigma_min=60.0), "has sigma_min 60 and sigma_max 50: the smallest noise must be"),
    "sigma_min 0": ("ncsnpp", edit(SCHEDULER, sigma_min=0), "says sigma_min = 0.0"),
    "sigma_max is NaN": ("ncsnpp", edit(SCHEDULER, sigma_max=float("nan")), "says sigma_max = nan"),
    "sampling_eps": ("ncsnpp", edit(SCHEDULER, sampling_eps=1.5), "says sampling_eps = 1.5"),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_bad_settings(copy, name: str):
    family, change, words = SETTINGS[name]
    folder = copy(family)
    change(folder)
    assert words in refused(folder)


def test_no_folder_and_no_choice(tmp_path: Path):
    assert "There is no folder" in refused(tmp_path / "nowhere")
    with pytest.raises(SceneError, match="No folder is chosen"):
        load_model(Pretrained())


def test_sigma_max_below_sigma_min(copy):
    assert "σ max 0.005 is not above this model's σ min 0.01" in refused(copy("ncsnpp"), sigma_max=0.005)


class Bomb:
    """What a pickle can do: touch a file as it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / SAFE)


def resafe(change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        table = tensors(folder)
        change(table)
        save_file(table, folder / SAFE)

    return changed


def rebin(make: Callable[[dict[str, torch.Tensor]], Any], legacy: bool = False) -> Callable[[Path], None]:
    """A .bin of what `make` makes of the table, in place of the safetensors file."""

    def changed(folder: Path) -> None:
        torch.save(make(tensors(folder)), folder / BIN, _use_new_zipfile_serialization=not legacy)
        (folder / SAFE).unlink()

    return changed


def bin_bytes(content: bytes) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        (folder / BIN).write_bytes(content)
        (folder / SAFE).unlink()

    return changed


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        for change in changes:
            change(folder)

    return changed


def cut(file: str, share: float) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: int(len(content) * share)])

    return changed


def claim(table: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A tensor of 17 GB whose numbers all are one number."""
    return {**table, "conv_in.weight": torch.zeros(1).expand(2**32)}


def squeezed(folder: Path) -> None:
    """A zip that unpacks to far more than it is."""
    rebin(dict)(folder)
    with zipfile.ZipFile(folder / BIN) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(folder / BIN, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content + bytes(10_000_000 if name.endswith("/data/0") else 0))


def only(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / SAFE).rename(folder / "unet" / name) and None


HTML = b"\n <!DOCTYPE html><html><body>Sign in</body></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 454\n"
WEIGHTS = {
    "empty": (write(SAFE, b""), "is empty: download it again"),
    "empty bin": (bin_bytes(b""), "is empty: download it again"),
    "web page": (write(SAFE, HTML), "is a web page, not weights"),
    "web page as bin": (bin_bytes(HTML), "is a web page, not weights"),
    "pointer": (write(SAFE, POINTER), "is a git-LFS pointer, not the weights: run “git lfs pull”"),
    "pointer as bin": (bin_bytes(POINTER), "is a git-LFS pointer"),
    "cut short": (cut(SAFE, 0.5), "was cut short at"),
    "cut in the header": (cut(SAFE, 0.02), "was cut short at"),
    "cut to five bytes": (write(SAFE, b"\x00\x01\x02\x03\x04"), "was cut short at 5 bytes"),
    "cut bin": (both(rebin(dict), cut(BIN, 0.6)), "was cut short at"),
    "cut legacy bin": (both(rebin(dict, legacy=True), cut(BIN, 0.6)), "was cut short at"),
    "noise": (write(SAFE, bytes(range(256)) * 4), "is not a safetensors file"),
    "header is no table": (write(SAFE, struct.pack("<Q", 9) + b"{broken!}"), "is not a safetensors file"),
    "noise as bin": (bin_bytes(b"GIF89a" * 100), "is not a file that torch wrote"),
    "missing tensor": (resafe(lambda table: table.pop("conv_in.weight") is None), "of its tensors 1 missing (conv_in.weight)"),
    "unknown tensor": (resafe(lambda table: table.update(extra=torch.ones(2))), "of its tensors 1 unknown (extra)"),
    "renamed tensor": (resafe(lambda table: table.update(other=table.pop("conv_in.bias"))), "1 missing (conv_in.bias), 1 unknown (other)"),
    "shape": (resafe(lambda table: table.update({"conv_in.weight": torch.ones(4, 3, 5, 5)})),
              "“conv_in.weight” is 4 × 3 × 5 × 5, not 4 × 3 × 3 × 3"),
    "shape in bin": (rebin(lambda table: {**table, "conv_in.bias": torch.ones(5)}), "“conv_in.bias” is 5, not 4"),
    "not finite": (resafe(lambda table: table["conv_in.bias"].fill_(float("nan")) is None),
                   "“conv_in.bias” holds numbers that are not finite"),
    "17 GB": (rebin(claim), "“conv_in.weight” claims 17,179,869,184 bytes in a file of"),
    "17 GB legacy": (rebin(claim, legacy=True), "“conv_in.weight” claims 17,179,869,184 bytes in a file of"),
    "squeezed": (squeezed, "as no file of torch does: it is refused"),
    "no table": (rebin(lambda table: [1, 2]), "holds something other than a plain table of tensors"),
    "nested table": (rebin(lambda table: {"state_dict": table}), "holds something other than a plain table of tensors"),
    "a pickle": (only("model.pkl"), "model.pkl” is a pickle, which can run code as it loads: it is not opened"),
    "a checkpoint": (only("model.ckpt"), "model.ckpt” is a pickle"),
    "another variant": (only("diffusion_pytorch_model.fp16.safetensors"), "(but diffusion_pytorch_model.fp16.safetensors)"),
    "no weights": (remove(SAFE), "holds neither diffusion_pytorch_model.safetensors nor diffusion_pytorch_model.bin: download"),
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHTS)
def test_bad_weights(copy, name: str):
    change, words = WEIGHTS[name]
    folder = copy("ddpm")
    change(folder)
    assert words in refused(folder)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_that_would_run_code_is_refused_by_its_name(copy, tmp_path: Path, legacy: bool):
    folder, trace = copy("ddpm"), tmp_path / "was-run"
    rebin(lambda table: {**table, "bomb": Bomb(trace)}, legacy)(folder)
    sentence = refused(folder)
    assert "is refused: loading it would run" in sentence
    assert f"{os.system.__module__}.system" in sentence
    assert not trace.exists()


def test_code_beside_a_network_is_not_run(copy, tmp_path: Path):
    folder = copy("ddpm")
    for name in ("pipeline.py", "unet/unet.py", "unet/my_code.py"):
        (folder / name).write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')")
    load_model(Pretrained(path=str(folder)))
    edit(INDEX, unet=["my_code", "UNet2DModel"])(folder)
    assert "code of others is never run" in refused(folder)
    assert not (tmp_path / "was-run").exists()
    assert os.environ["DIFFUSERS_DISABLE_REMOTE_CODE"] == "1"


def test_safetensors_comes_before_a_pickle(copy, tmp_path: Path):
    folder, trace = copy("ddpm"), tmp_path / "was-run"
    torch.save({"bomb": Bomb(trace)}, folder / BIN)
    model = load_model(Pretrained(path=str(folder)))
    assert dict(model.card.facts)["file"].endswith(".safetensors")
    assert not trace.exists()


@pytest.mark.parametrize("make", [dict, OrderedDict], ids=["dict", "OrderedDict"])
@pytest.mark.parametrize("legacy", [False, True])
def test_bin_and_safetensors_are_the_same_network(copy, make: Any, legacy: bool):
    folder = copy("ddpm")
    x = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = load_model(Pretrained(path=str(folder))).score_fn(x, 0.5)
    rebin(make, legacy)(folder)
    assert torch.equal(load_model(Pretrained(path=str(folder))).score_fn(x, 0.5), expected)
