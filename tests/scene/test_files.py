"""Scene files: what is saved comes back equal; what is broken is a sentence that names the file, and never a traceback."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreviz.scene.density import Density, Erase, Gaussian, Preset, Stroke, digest_of
from scoreviz.scene.document import Scene, replace_at
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document, JournalEntry, decode_bundle, decode_scene, encode_bundle, encode_scene, load, save
from scoreviz.scene.samplers import AnnealedLangevin


def drawn(strokes: int = 3) -> Document:
    """A document with strokes of its own."""
    blobs, marks = {}, []
    for k in range(strokes):
        data = np.linspace(-1, 1, 2 * 40, dtype="<f4").tobytes() + np.float32([k, k]).tobytes()
        digest = digest_of(data)
        blobs[digest] = data
        marks.append(Stroke(points=digest, width=0.1))
    scene = Scene(density=Density(marks=(*marks, Gaussian(x=0.0, y=1.0, std=0.2))), sampler=AnnealedLangevin(levels=4))
    return Document(scene=scene, blobs=blobs)


def edited(change: Any) -> bytes:
    """The first scene's file with `change` applied to its JSON."""
    raw = json.loads(encode_scene(Document()))
    change(raw)
    return json.dumps(raw).encode()


def test_a_scene_comes_back_equal(tmp_path: Path) -> None:
    document = drawn()
    for name in ("a.scoreviz.json", "b.scoreviz"):
        save(document, tmp_path / name)
        assert load(tmp_path / name) == document


def test_a_bundle_keeps_journal_and_snapshot(tmp_path: Path) -> None:
    document = msgspec.structs.replace(drawn(), journal=(JournalEntry(step=7, parts={"training": {"batch": 64}}),), snapshot=b"weights")
    save(document, tmp_path / "c.scoreviz")
    assert load(tmp_path / "c.scoreviz") == document


def test_ten_thousand_strokes_come_back(tmp_path: Path) -> None:
    document = drawn(10_000)
    save(document, tmp_path / "many.scoreviz.json")
    assert load(tmp_path / "many.scoreviz.json") == document


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (encode_scene(Document())[:200], "is cut off"),
        (b"hello", "is not a scene file"),
        (b"<html></html>", "is not a scene file"),
        (b"[1, 2]", "not a scoreviz scene"),
        (b"{}", "not a scoreviz scene"),
        (b"[" * 100_000, "is not a scene file"),
        (b'{"scoreviz": 99, "scene": {}}', "is of version 99"),
        (b'{"scoreviz": 0, "scene": {}}', "is of version 0"),
        (edited(lambda s: s["scene"]["sampler"].update(type="revers_sde")), "Did you mean “reverse_sde”"),
        (edited(lambda s: s["scene"]["density"]["marks"][0].update(name="two_moon")), "two_moon"),
        (edited(lambda s: s["scene"]["sampler"].update(steps=10**6)), "steps"),
        (edited(lambda s: s["scene"]["noise"].update(sigma_max=-1)), "sigma_max"),
        (edited(lambda s: s["scene"]["training"].update(learning_rate=None)), "learning_rate"),
        (encode_scene(Document()).replace(b'"batch": 512', b'"batch": NaN'), "is not a scene file"),
        (edited(lambda s: s["scene"].update(surprise=1)), "surprise"),
        (edited(lambda s: s["scene"]["noise"].update(sigma_min=0.5, sigma_max=0.1)), "must be smaller"),
        (edited(lambda s: s["scene"]["density"].update(marks=[{"type": "stroke", "points": "00", "width": 0.1}])), "lacks the points"),
        (edited(lambda s: s["scene"]["density"].update(marks=[{"type": "gaussian", "x": 99, "y": 0, "std": 0.1}])), "marks[0].x"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_is_broken_is_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(SceneError) as caught:
        decode_scene(data, "drawing.json")
    assert words in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SceneError, match="There is no file"):
        load(tmp_path / "missing.json")
    with pytest.raises(SceneError, match="cannot be read"):
        load(tmp_path)
    monkeypatch.setattr("scoreviz.scene.files.LARGEST_FILE", 10)
    (tmp_path / "large.json").write_bytes(b"x" * 11)
    with pytest.raises(SceneError, match="is 0 MiB; a scene is at most"):
        load(tmp_path / "large.json")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.scoreviz.json"
    save(drawn(1), path)
    before = path.read_bytes()

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SceneError, match="was not saved: No space left on device"):
        save(drawn(2), path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
    with pytest.raises(SceneError, match="was not saved"):
        save(drawn(1), tmp_path / "no" / "folder.scoreviz.json")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_never_a_traceback(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([encode_scene(drawn(2)), encode_bundle(drawn(2))]))
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[place] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(1, len(whole)))]
    try:
        decode = decode_bundle if whole[:2] == b"PK" else decode_scene
        decode(bytes(damaged), "x")
    except SceneError as error:
        assert "“x”" in str(error) or "between" in str(error) or "smaller" in str(error)


def test_erase_and_preset_are_documents_too() -> None:
    data = np.float32([0, 0, 1, 1]).tobytes()
    marks = (Preset(name="rings"), Erase(points=digest_of(data), width=0.2))
    document = Document(scene=Scene(density=Density(marks=marks)), blobs={digest_of(data): data})
    assert decode_scene(encode_scene(document), "x") == document


def test_a_bundle_keeps_the_strokes_that_were_learned_and_then_undone(tmp_path: Path) -> None:
    kept, undone = np.arange(8, dtype="<f4").tobytes(), np.ones(6, "<f4").tobytes()
    blobs = {digest_of(kept): kept, digest_of(undone): undone, digest_of(b"never learned"): b"never learned"}
    first, last = (Density(marks=(Stroke(points=digest_of(data), width=0.1),)) for data in (undone, kept))
    journal = tuple(JournalEntry(step=k, parts={"density": msgspec.to_builtins(d)}) for k, d in enumerate((first, last)))
    document = Document(scene=replace_at(Scene(), ("density",), last), blobs=blobs, journal=journal)
    save(document, tmp_path / "a.scoreviz")
    assert load(tmp_path / "a.scoreviz").blobs == {digest_of(kept): kept, digest_of(undone): undone}
    save(document, tmp_path / "a.scoreviz.json")
    assert load(tmp_path / "a.scoreviz.json").blobs == {digest_of(kept): kept}


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_a_saved_file_may_be_read_by_whom_the_umask_allows(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    save(Document(), tmp_path / "a.scoreviz.json")
    assert (tmp_path / "a.scoreviz.json").stat().st_mode == plain.stat().st_mode
