"""Files of earlier versions open as what they were."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scoreviz.scene.files import VERSION, decode_scene, encode_scene


def old(version: int, **scene: Any) -> bytes:
    return json.dumps({"scoreviz": version, "scene": scene}).encode()


@pytest.mark.parametrize(("before", "after"), [(True, "mean"), (False, "none")])
def test_a_bool_of_version_1_is_an_ending(before: bool, after: str) -> None:
    for kind in ("pc", "reverse_sde"):
        sampler = {"type": kind, "steps": 7, "denoise": before}
        scene = decode_scene(old(1, sampler=sampler, images={"sampler": {"type": "pc", "denoise": before}}), "a").scene
        assert (scene.sampler.steps, scene.sampler.denoise, scene.images.sampler.denoise) == (7, after, after)


@pytest.mark.parametrize("scene", [{}, {"sampler": {"type": "heun"}}, {"sampler": {"type": "annealed_langevin"}}, {"images": {}}], ids=str)
def test_what_has_no_ending_is_as_it_was(scene: dict[str, Any]) -> None:
    document = decode_scene(old(1, **scene), "a")
    assert document == decode_scene(old(VERSION, **scene), "a")
    assert decode_scene(encode_scene(document), "a") == document


def test_nonsense_is_a_sentence_in_every_version() -> None:
    broken = ({"sampler": 3}, {"sampler": {"type": "pc", "denoise": 5}}, {"images": []}, {"sampler": {"type": "pc", "denoise": "men"}})
    for version in range(1, VERSION + 1):
        for scene in broken:
            with pytest.raises(ValueError, match="“a” has a value that is not allowed"):
                decode_scene(old(version, **scene), "a")
    with pytest.raises(ValueError, match="not allowed"):
        decode_scene(old(2, sampler={"type": "pc", "denoise": True}), "a")
