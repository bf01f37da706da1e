"""Assets are found in a checkout and in a wheel; what is missing is named."""

import pytest

from scoreviz import resources


@pytest.fixture
def layout(monkeypatch, tmp_path):
    """A site-packages or checkout in `tmp_path` with the package folder in it."""
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "scoreviz")
    (tmp_path / "scoreviz").mkdir()
    return tmp_path


def put(path):
    path.parent.mkdir(parents=True)
    path.write_text("")
    return path


def test_in_a_checkout(layout):
    (layout / "pyproject.toml").write_text("")
    path = put(layout / "assets" / "icons" / "brush.svg")
    assert resources.asset("icons/brush.svg") == path
    assert resources.asset("icons") == path.parent


def test_in_a_wheel(layout):
    put(layout / "assets" / "icons" / "brush.svg")  # a stranger's, in site-packages
    path = put(layout / "scoreviz" / "assets" / "icons" / "brush.svg")
    assert resources.asset("icons/brush.svg") == path


def test_a_stranger_is_not_ours(layout):
    put(layout / "assets" / "brush.svg")
    with pytest.raises(resources.AssetMissing):
        resources.asset("brush.svg")


def test_what_is_missing_is_named(layout):
    with pytest.raises(FileNotFoundError, match=r"“icons/pencil\.svg” is missing from .*assets\. Install scoreviz again\."):
        resources.asset("icons/pencil.svg")
