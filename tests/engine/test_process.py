"""The process: handshake, stray prints, the end of its input, what is not a message, and its beat."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.protocol.framing import encode
from scoreviz.protocol.messages import (
    PROTOCOL,
    Applied,
    Beat,
    Blob,
    Density,
    Problem,
    Reset,
    Restore,
    RunDone,
    RunStarted,
    Snapshot,
    Train,
    Trained,
    Welcome,
)
from scoreviz.scene.density import Density as Drawing
from scoreviz.scene.density import Erase, Preset, Stroke, digest_of
from scoreviz.scene.document import Scene
from tests.engine.driver import Driver, look, parts_of

Fresh = Callable[..., Driver]

STRAY = """
import os, sys
print("before the engine took its pipes")  # stays in Python's buffer

class Loud:
    def find_spec(self, name, path=None, target=None):
        if name in ("scoreviz.engine.loop", "torch"):
            print("a stray print at the import of", name, flush=True)
            os.write(1, b"\\xff\\xff\\xff\\xff and stray bytes")
            assert sys.stdin.read() == "", "stdin is not empty"
            assert os.read(0, 1) == b"", "fd 0 is not null"

sys.meta_path.insert(0, Loud())
"""


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("noisy")
    Path(folder, "sitecustomize.py").write_text(STRAY)
    return str(folder)


def test_the_handshake_says_what_it_runs_on(engine: Driver) -> None:
    (welcome,) = engine.since(0, Welcome)
    assert welcome.protocol == PROTOCOL and welcome.device == "cpu" and welcome.pid == engine.process.pid
    assert welcome.threads == max(1, (os.cpu_count() or 2) - 1)
    assert welcome.torch == torch.__version__


def test_the_first_word_is_the_handshake(engine: Driver) -> None:
    assert isinstance(engine.said[0], Welcome), f"the first message each way is the handshake, this was {engine.said[0]}"


def test_stray_prints_and_reads_harm_nothing(fresh: Fresh, noisy: str, small: Scene) -> None:
    driver = fresh(path=[noisy], unset="PYTHONUNBUFFERED")
    driver.wait(Welcome, seconds=60)
    driver.run_of(parts_of(small))
    assert driver.broken is None
    driver.end_of_input()
    assert driver.ended(5) == 0
    stray = driver.stderr()
    assert "import of scoreviz.engine.loop" in stray and "import of torch" in stray and "and stray bytes" in stray
    assert "not empty" not in stray and "not null" not in stray


def test_the_end_of_input_ends_it_at_once_even_while_it_trains(fresh: Fresh, small: Scene) -> None:
    driver = fresh()
    driver.wait(Welcome, seconds=60)
    driver.update(parts_of(small), Train(running=True))
    driver.wait(Trained, lambda m: m.running and m.step > 0)
    began = time.monotonic()
    driver.end_of_input()
    assert driver.ended(5) == 0
    assert time.monotonic() - began < 2.0


def test_the_end_of_input_ends_it_before_it_is_up(fresh: Fresh) -> None:
    driver = fresh(hello=False)
    driver.end_of_input()
    assert driver.ended(10) == 0
    assert driver.said == [] and driver.broken is None


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (struct.pack("<I", 3) + b"abc", "not a message"),
        (struct.pack("<I", 2**32 - 1), "over the limit"),
        (encode(Beat(busy=0.0, doing="")), "not a message"),  # the wrong direction
        (struct.pack("<I", 0), "not a message"),
    ],
)
def test_what_is_not_a_message_is_named_and_ends_it(fresh: Fresh, frame: bytes, reason: str) -> None:
    driver = fresh(hello=False)  # the reader is up before torch is
    driver.send_bytes(frame)
    assert driver.ended(20) == 3
    problem = driver.said[-1]
    assert isinstance(problem, Problem) and problem.where == "message"
    assert reason in problem.template.format(**problem.params)
    assert driver.broken is None


def test_it_ends_with_code_3_while_it_works(fresh: Fresh, small: Scene) -> None:
    driver = fresh()
    driver.wait(Welcome, seconds=60)
    driver.update(parts_of(small), Train(running=True))
    driver.wait(Trained, lambda m: m.running and m.step > 0)
    driver.send_bytes(struct.pack("<I", 3) + b"abc")
    assert driver.ended(5) == 3
    assert driver.since(0, Problem)[-1].where == "message"


def test_a_frame_in_pieces_is_a_message(engine: Driver) -> None:
    mark, frame = engine.mark(), encode(Train(running=False))
    for k in range(len(frame)):
        engine.send_bytes(frame[k : k + 1])
    engine.wait(Trained, since=mark)


def test_the_beat_comes_twice_a_second(engine: Driver) -> None:
    mark = engine.mark()
    engine.send(Train(running=True))
    for _ in range(6):
        mark = 1 + engine.said.index(engine.wait(Beat, since=mark), mark)
    engine.send(Train(running=False))
    beats = [t for m, t in zip(engine.said, engine.times, strict=False) if isinstance(m, Beat)][-6:]
    assert 0.4 < (beats[-1] - beats[0]) / 5 < 0.75
    assert all(m.busy < 0.4 for m in engine.since(mark, Beat)), "slices are short"


def test_the_beat_says_how_long_a_slice_takes(engine: Driver) -> None:
    engine.update({"density": Drawing(marks=(Preset(name="two_spirals"), Preset(name="checkerboard"), Preset(name="rings")))})
    mark = engine.mark()
    engine.send(look(arrows_shape=(1000, 1000), arrows=(0.5,)))
    beat = engine.wait(Beat, lambda m: m.busy > 0.5, since=mark, seconds=30)
    assert beat.doing == "look"
    end = 1 + engine.said.index(beat)
    engine.send(look(density=(0.5,)))
    engine.wait(Density, since=end)
    assert engine.wait(Beat, since=engine.mark()).busy < 0.4


def test_the_beat_says_how_long_a_drawing_takes_to_compile(engine: Driver) -> None:
    scribble = np.random.default_rng(0).uniform(-2, 2, (1_000, 2)).astype("<f4").tobytes()
    rubber = np.random.default_rng(1).uniform(-2, 2, (2_000, 2)).astype("<f4").tobytes()
    engine.send(*(Blob(digest=digest_of(data), data=data) for data in (scribble, rubber)))
    marks = (Stroke(points=digest_of(scribble), width=0.05), Erase(points=digest_of(rubber), width=0.01), Preset(name="rings"))
    mark = engine.mark()
    revision = engine.post({"density": Drawing(marks=marks)})
    applied = engine.wait(Applied, lambda m: m.revision == revision, since=mark, seconds=30)
    spent = engine.times[engine.said.index(applied)] - engine.times[mark] if len(engine.said) > mark else 0.0
    assert spent > 1.2, "too quick to tell anything"
    assert max(m.busy for m in engine.since(mark, Beat)) > 0.5


def test_messages_that_need_a_scene_are_harmless_before_one(fresh: Fresh, small: Scene) -> None:
    driver = fresh()
    everything = [look(density=(0.5,), arrows=(0.5,), arrows_kind="network"), Reset(), Restore(snapshot=Snapshot(step=1, tensors={}))]
    driver.send(*everything, Train(running=True), Train(running=False))
    driver.wait(Trained, lambda m: not m.running, seconds=60)
    started, frames, _ = driver.run_of(msgspec.structs.asdict(small))
    assert len(frames) == started.total + 1
    assert len(driver.since(0, RunStarted)) == len(driver.since(0, RunDone)) == 1
    assert all(m.where == "message" for m in driver.since(0, Problem)), "at most, the snapshot is refused"
