"""Traces on disk: what is written is read back, lazily, by numpy too; and each way in which a file can be wrong has its sentence."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoreviz.scene import traces
from scoreviz.scene.errors import SceneError
from scoreviz.scene.traces import SUFFIX, TraceFile, TraceWriter, axis_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 5, 2)).astype(np.float32)


def written(path: Path) -> Path:
    """Four frames: a start, a prediction with everything, a correction with a step size, and one with x alone."""
    with TraceWriter(path, sampler="Toy", noise="VE", data_range=(0.0, 1.0)) as writer:
        writer.add(t=1.0, x=X[0], stage="predict", sigma=5.0, mean=1.0)  # the start, whatever is said
        writer.add(t=1.0, s=0.5, x=X[1], x0=X[0], score=-X[0], noise=X[2], nfe=2, sigma=1.0, mean=1.0)
        writer.add(t=0.5, x=X[2], score=X[1], stage="correct", step_size=0.25, nfe=1, sigma=1.0, mean=1.0)
        writer.add(t=0.5, s=0.0, x=X[3], stage="denoise", sigma=0.0, mean=1.0)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / f"run{SUFFIX}")


def test_what_is_written_is_read_back(path: Path):
    with TraceFile(path) as trace:
        assert (len(trace), trace.header.shape, trace.header.sampler, trace.header.noise) == (4, (5, 2), "Toy", "VE")
        assert trace.header.data_range == (0.0, 1.0)
        assert trace.header.axis == "reverse"
        assert all(np.array_equal(trace.frame(k), X[k]) for k in range(4))
        assert np.array_equal(trace.frame(1, "score"), -X[0]) and np.array_equal(trace.frame(1, "noise"), X[2])
        assert not trace.has(3, "score") and trace.has(2, "score") and not trace.has(0, "x0")
        with pytest.raises(KeyError):
            trace.frame(3, "score")
        c = trace.columns
        assert c["t"].tolist() == [1, 1, 0.5, 0.5] and c["s"].tolist() == [1, 0.5, 0.5, 0]
        assert [traces.STAGES[k] for k in c["stage"]] == ["start", "predict", "correct", "denoise"]
        assert c["nfe"].tolist() == [0, 2, 1, 0] and c["sigma"].tolist() == [5, 1, 1, 0]
        assert c["step_size"][2] == 0.25 and np.isnan(c["step_size"][[0, 1, 3]]).all()
        trace.check()


def test_numpy_opens_it(path: Path):
    with np.load(path) as found:
        assert np.array_equal(found["x/000001"], X[1]) and np.array_equal(found["score/000002"], X[1])
        assert found["s"].tolist() == [1, 0.5, 0.5, 0]
        assert json.loads(found["header.json"])["scoreviz_trace"] == 1


def test_the_same_run_is_the_same_bytes(path: Path, tmp_path: Path):
    assert written(tmp_path / f"again{SUFFIX}").read_bytes() == path.read_bytes()


def test_float64_is_kept(tmp_path: Path):
    x = RNG.normal(size=(2, 3))
    with TraceWriter(tmp_path / f"a{SUFFIX}", sampler="") as writer:
        writer.add(t=0.0, x=x, score=x.astype(np.float32))
    with TraceFile(tmp_path / f"a{SUFFIX}") as trace:
        assert np.array_equal(trace.frame(0), x) and trace.frame(0, "score").dtype == np.float64
        assert "sigma" not in trace.columns


def test_scrubbing_reads_one_member(path: Path, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    whole = zipfile.ZipFile.read
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda self, name, pwd=None: read.append(name) or whole(self, name, pwd))
    with TraceFile(path) as trace:
        assert not any("/" in name for name in read), "opening read frames"
        read.clear()
        trace.frame(2)
        assert read == ["x/000002.npy"]


def test_axes():
    assert axis_of(np.array([1, 1, 0.5]), np.array([1, 0.5, 0])) == "reverse"
    assert axis_of(np.array([0, 0, 0.5]), np.array([0, 0.5, 1])) == "forward"
    assert axis_of(np.full(4, 0.3), np.full(4, 0.3)) == "iterations"
    ladder = np.array([1, 1, 1, 0.5, 0.5, 0.5])
    assert axis_of(ladder, ladder) == "levels"
    assert axis_of(np.linspace(1, 0, 6), np.linspace(1, 0, 6)) == "reverse"  # a loop that names only one time
    assert axis_of(np.ones(1), np.ones(1)) == "iterations"


# ---- nothing half done


def test_an_error_leaves_nothing_and_the_old_file(path: Path):
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), TraceWriter(path, sampler="") as writer:
        writer.add(t=1.0, x=X[0])
        raise ZeroDivisionError
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_nothing_stands_under_the_name_before_the_end(tmp_path: Path):
    path = tmp_path / f"a{SUFFIX}"
    with TraceWriter(path, sampler="") as writer:
        writer.add(t=1.0, x=X[0])
        assert not path.exists()
    assert path.exists()


def test_a_trace_of_nothing_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="at least one frame"), TraceWriter(tmp_path / f"a{SUFFIX}", sampler=""):
        pass
    assert not list(tmp_path.iterdir())


def test_places_that_cannot_be_written(tmp_path: Path):
    with pytest.raises(SceneError, match=r"let it end in \.trace\.npz"):
        TraceWriter(tmp_path / "run.npz", sampler="")
    with pytest.raises(SceneError, match="cannot be written"):
        TraceWriter(tmp_path / "nowhere" / f"run{SUFFIX}", sampler="")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"t": 999.0}, r"\[0, 1\].*999"),
        ({"s": float("nan")}, r"\[0, 1\].*nan"),
        ({"x": X[0][:3]}, r"shape \(3, 2\)"),
        ({"score": X[0][:, :1]}, "score of frame 1 has shape"),
        ({"x": np.full((5, 2), np.inf, np.float32)}, "not finite"),
        ({"stage": "jump"}, "no stage “jump”"),
        ({"nfe": -1}, "nfe=-1"),
        ({"sigma": 1.0}, "every frame or for none"),
    ],
)
def test_what_cannot_be_recorded(tmp_path: Path, bad: dict[str, Any], said: str):
    path = tmp_path / f"a{SUFFIX}"
    with pytest.raises(ValueError, match=said), TraceWriter(path, sampler="") as writer:
        writer.add(t=1.0, x=X[0])
        writer.add(**{"t": 0.5, "x": X[1]} | bad)
    assert not path.exists()


def test_a_frame_has_a_batch(tmp_path: Path):
    with pytest.raises(ValueError, match=r"\(B, \*\)"), TraceWriter(tmp_path / f"a{SUFFIX}", sampler="") as writer:
        writer.add(t=1.0, x=np.zeros(3))


# ---- files that are wrong, each with its own sentence


def rewritten(path: Path, **members: Callable[[bytes], bytes] | None) -> None:
    """The same zip with some members changed, or left out for None."""
    with zipfile.ZipFile(path) as archive:
        kept = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in kept.items():
            change = members.get(name.replace("/", "_").replace(".", "_"), lambda same: same)
            if change is not None:
                archive.writestr(zipfile.ZipInfo(name), change(data))


def header(**changes: Any) -> Callable[[bytes], bytes]:
    return lambda data: json.dumps(json.loads(data) | changes).encode()


def npy(array: np.ndarray, **settings: Any) -> Callable[[bytes], bytes]:
    def encode(_: bytes) -> bytes:
        out = io.BytesIO()
        np.save(out, array, **settings)
        return out.getvalue()

    return encode


class Opens:
    """Would write a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def huge(_: bytes) -> bytes:
    """An npy that says it holds 2^60 numbers."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f4", "fortran_order": False, "shape": (2**60, 2)})
    return out.getvalue() + bytes(40)


def refused(path: Path) -> str:
    with pytest.raises(SceneError) as error:
        TraceFile(path).check()
    assert path.name in str(error.value)
    return error.value.template


def test_every_wrong_file_has_a_sentence_of_its_own(path: Path, tmp_path: Path):
    whole = path.read_bytes()
    said: dict[str, str] = {}

    def wrong(what: str, data: bytes | None = None, **members: Any) -> None:
        path.write_bytes(whole if data is None else data)
        if members:
            rewritten(path, **members)
        said[what] = refused(path)

    pickled = np.empty((5, 2), object)
    pickled[:] = Opens(tmp_path / "ran")
    wrong("empty", b"")
    wrong("not a zip", b"<html>404")
    wrong("cut off", whole[: len(whole) // 2])
    wrong("no header", header_json=None)
    wrong("version", header_json=header(scoreviz_trace=2))
    wrong("value", header_json=header(axis="sideways"))
    wrong("huge", header_json=header(shape=[2**31, 2**31]))
    wrong("mixed", x_000002_npy=npy(X[2][:3]))
    wrong("not finite", x_000002_npy=npy(np.full((5, 2), np.nan, np.float32)))
    wrong("pickle", x_000002_npy=npy(pickled, allow_pickle=True))
    wrong("missing", x_000002_npy=None)
    assert not (tmp_path / "ran").exists(), "a pickle was run"
    apart = {k: v for k, v in said.items() if k != "missing"}
    assert len(set(apart.values())) == len(apart), said


@pytest.mark.parametrize(
    "members",
    [
        {"header_json": lambda _: b"[1]"},
        {"header_json": lambda _: b"\xff\xfe"},
        {"header_json": header(frames=0)},
        {"header_json": header(frames=10**9)},
        {"header_json": header(frames=5)},
        {"header_json": header(shape=[5])},
        {"header_json": header(shape=[5, -2])},
        {"header_json": header(shape=[])},
        {"header_json": header(dtype="object")},
        {"header_json": header(surprise=1)},
        {"header_json": header(data_range=[1, 0])},
        {"header_json": lambda _: bytes(2**21)},
        {"t_npy": None},
        {"t_npy": npy(np.array([1, 2, 3, 4.0]))},
        {"s_npy": npy(np.array([1, np.nan, 0, 0.0]))},
        {"t_npy": npy(np.zeros(3))},
        {"stage_npy": npy(np.full(4, 9, np.uint8))},
        {"nfe_npy": npy(np.full(4, -1))},
        {"sigma_npy": npy(np.full(4, np.inf))},
        {"x_000001_npy": huge},
        {"x_000001_npy": lambda data: b"\x93NUMPY\x09\x00" + data[8:]},
        {"x_000001_npy": lambda data: data[:-1]},
        {"x_000001_npy": npy(X[1].astype(np.int32))},
        {"x_000001_npy": npy(X[1].reshape(2, 5))},
    ],
)
def test_no_wrong_file_is_opened(path: Path, members: dict[str, Any]):
    rewritten(path, **members)
    refused(path)


def test_a_missing_file_and_a_folder(tmp_path: Path):
    with pytest.raises(SceneError, match="There is no file"):
        TraceFile(tmp_path / "none.trace.npz")
    with pytest.raises(SceneError):
        TraceFile(tmp_path)


def test_compressed_members_are_refused(path: Path):
    with zipfile.ZipFile(path) as archive:
        kept = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:  # what says 1 MB may be 1 GB
        for name, data in kept.items():
            archive.writestr(name, data)
    assert "damaged" in refused(path)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_bytes_are_sentences_or_the_truth(path: Path, seed: int):
    rng = np.random.default_rng(seed)
    whole = path.read_bytes()
    for _ in range(40):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 3):
            data[at] ^= int(rng.integers(1, 256))
        path.write_bytes(data)
        try:
            TraceFile(path).check().close()
        except SceneError as error:
            assert path.name in str(error)
