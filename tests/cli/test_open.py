"""`scoreviz [FILE]`: bad input is a sentence and 2, a machine that lacks something a sentence and 1; never a traceback."""

import os
import subprocess
import sys

import pytest

from scoreviz.__main__ import main
from scoreviz.cli import open as opening
from scoreviz.cli import qt_libraries
from scoreviz.scene.files import Document, encode_scene


@pytest.fixture
def opened(monkeypatch):
    """The calls that would have opened a window."""
    calls = []
    monkeypatch.setattr(qt_libraries, "trouble", lambda environment: None)
    monkeypatch.setattr(opening, "_import_window", lambda: lambda file, argv: calls.append((file, argv)) or 0)
    monkeypatch.setattr(opening.logs, "start", lambda: None)
    return calls


def sentence(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("scoreviz: ")
    assert err.count("\n") == 1
    return err


def test_without_a_file(opened):
    assert main([]) == 0
    assert opened == [(None, ["scoreviz"])]


def test_with_a_scene_and_options_for_qt(opened, tmp_path):
    path = tmp_path / "drawing.scoreviz.json"
    path.write_bytes(encode_scene(Document()))
    assert main([str(path), "--", "-platform", "offscreen"]) == 0
    assert opened == [(path, ["scoreviz", "-platform", "offscreen"])]


def test_present_and_play_are_handed_on(opened, monkeypatch):
    wished = []
    monkeypatch.setattr(opening, "_import_window", lambda: lambda file, argv, **wishes: wished.append((file, argv, wishes)) or 0)
    assert main(["--present", "--play"]) == 0
    assert main(["--play", "--", "-platform", "offscreen"]) == 0
    assert wished == [
        (None, ["scoreviz"], {"present": True, "play": True}),
        (None, ["scoreviz", "-platform", "offscreen"], {"play": True}),
    ]


def test_a_platform_option_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert opening._environment(["-platform", "offscreen"])["QT_QPA_PLATFORM"] == "offscreen"
    assert opening._environment(["-platform"])["QT_QPA_PLATFORM"] == "xcb"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("doctr", "Did you mean “scoreviz doctor”?"),
        ("benhc", "Did you mean “scoreviz bench”?"),
        ("xyzzy", "Commands: bench, doctor"),
        ("missing.scoreviz.json", "There is no file “missing.scoreviz.json”"),
        ("nowhere/at/all", "There is no file “nowhere/at/all”"),
    ],
)
def test_neither_file_nor_command(opened, capsys, name, said):
    assert main([name]) == 2
    assert said in sentence(capsys)
    assert not opened


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"{", b'{"scoreviz": 1, "scene": {"noi', b"not json", b"[]", b'{"scoreviz": 999}', b"PK\x03\x04", b"\xff\xfe"]
)
def test_a_bad_scene(opened, capsys, tmp_path, content):
    path = tmp_path / "bad.scoreviz.json"
    path.write_bytes(content)
    assert main([str(path)]) == 2
    assert "bad.scoreviz.json" in sentence(capsys)
    assert not opened


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b'"two_spirals"', b'"two_spirlas"', "two_spirlas"),
        (b'"type": "reverse_sde"', b'"type": "revers_sde"', "Did you mean “reverse_sde”?"),
        (b'"count": 2000', b'"count": NaN', ""),
        (b'"count": 2000', b'"count": -3', "count"),
    ],
)
def test_a_scene_with_a_bad_value(opened, capsys, tmp_path, old, new, named):
    good = encode_scene(Document())
    assert old in good
    path = tmp_path / "bad.scoreviz.json"
    path.write_bytes(good.replace(old, new))
    assert main([str(path)]) == 2
    assert named in sentence(capsys)
    assert not opened


def test_a_folder(opened, capsys, tmp_path):
    assert main([str(tmp_path)]) == 2
    sentence(capsys)


def fail_with(monkeypatch, error):
    def importing():
        raise error

    monkeypatch.setattr(opening, "_import_window", importing)


@pytest.mark.parametrize(("library", "package"), sorted(qt_libraries.CORE.items()))
def test_a_missing_library_names_its_package(opened, monkeypatch, capsys, library, package):
    monkeypatch.setattr(qt_libraries, "missing", lambda libraries: {})
    fail_with(monkeypatch, ImportError(f"{library}: cannot open shared object file: No such file or directory"))
    assert main([]) == 1
    said = sentence(capsys)
    assert f"Qt needs {library}" in said
    assert f"sudo apt install {package}\n" in said


def test_all_missing_libraries_are_named_at_once(opened, monkeypatch, capsys):
    monkeypatch.setattr(qt_libraries, "missing", lambda libraries: {"libxcb-cursor.so.0": "libxcb-cursor0"})
    fail_with(monkeypatch, ImportError("libEGL.so.1: cannot open shared object file: No such file or directory"))
    assert main([]) == 1
    assert "sudo apt install libegl1 libxcb-cursor0" in sentence(capsys)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'PySide6'", name="PySide6"), "PySide6 is not installed"),
        (ImportError("libEGL.so.1: file too short", name="PySide6.QtGui", path="/x.so"), "does not load (libEGL.so.1: file too short)"),
    ],
)  # fmt: skip
def test_a_broken_installation(opened, monkeypatch, capsys, error, said):
    fail_with(monkeypatch, error)
    assert main([]) == 1
    assert said in sentence(capsys)


def test_a_fault_of_ours_is_not_hidden(opened, monkeypatch):
    fail_with(monkeypatch, ImportError("cannot import name 'x' from 'scoreviz.gui'", name="scoreviz.gui"))
    with pytest.raises(ImportError):
        main([])


linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the wheels carry everything")


@linux_only
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "There is no display"),
        ({"DISPLAY": ":4711"}, "The display “:4711” does not answer"),
        ({"DISPLAY": ":4711", "QT_QPA_PLATFORM": "xcb"}, "The display “:4711” does not answer"),
        ({"DISPLAY": ":4711", "QT_QPA_PLATFORM": "offscreen"}, None),
        ({"QT_QPA_PLATFORM": "offscreen:size=800x600"}, None),
        ({"QT_QPA_PLATFORM": "minimal;xcb"}, None),
    ],
)
def test_displays(environment, said):
    found = qt_libraries.trouble(environment)
    assert found is None if said is None else said in found


@linux_only
def test_the_x11_plugin_is_not_tried_without_its_libraries(monkeypatch):
    monkeypatch.setattr(qt_libraries, "missing", lambda libraries: {name: p for name, p in libraries.items() if "cursor" in name})
    said = qt_libraries.trouble({"DISPLAY": ":0"})
    assert "libxcb-cursor.so.0" in said
    assert said.endswith("sudo apt install libxcb-cursor0")
    assert "libwayland-cursor0" in qt_libraries.trouble({"WAYLAND_DISPLAY": "wayland-0"})


@linux_only
def test_the_real_process_says_so_without_a_traceback():
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    result = subprocess.run([sys.executable, "-m", "scoreviz"], env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith("scoreviz: There is no display")
    assert "Traceback" not in result.stderr


@linux_only
def test_help_survives_an_ascii_terminal_and_a_reader_that_leaves():
    command = f"{sys.executable} -m scoreviz --help | head -n 1"
    result = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, timeout=60
    )
    assert result.stdout.startswith("usage: scoreviz")
    assert result.stderr == ""


def test_qt_libraries_are_asked_only_on_linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert qt_libraries.trouble({}) is None
