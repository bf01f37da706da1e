"""From a scene's model spec to a model."""

from __future__ import annotations

from collections.abc import Callable

from scoreviz.models.folders import DDPM, SCORE_SDE_VE, read_folder
from scoreviz.models.model import Model
from scoreviz.models.pictures import load_pictures
from scoreviz.scene.images import PictureSet, Pretrained

Told = Callable[[str], None]
"""Hears what is being done, a few English words at a time."""


def load_model(spec: PictureSet | Pretrained, told: Told = lambda words: None) -> Model:
    """Read, check and build; SceneError says in a sentence what is wrong with the folder or a file in it."""
    if isinstance(spec, PictureSet):
        return load_pictures(spec, told)
    told("reading the folder")
    folder = read_folder(spec.path)
    if folder.pipeline == DDPM:
        from scoreviz.models.ddpm import load_ddpm

        return load_ddpm(folder, spec, told)
    assert folder.pipeline == SCORE_SDE_VE
    from scoreviz.models.score_sde_ve import load_score_sde_ve

    return load_score_sde_ve(folder, spec, told)
