"""The log: one rotating file in a folder of its own; where it cannot be written the program still starts."""

import logging

import pytest

from scoreviz import resources
from scoreviz.cli import logs


@pytest.fixture(autouse=True)
def restored():
    loggers = [logging.getLogger(name) for name in ("scoreviz", "py.warnings")]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    yield
    logging.captureWarnings(False)
    for logger, handlers, level in before:
        for handler in set(logger.handlers).difference(handlers):
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)


def test_records_reach_the_file(monkeypatch, tmp_path):
    monkeypatch.setattr(resources, "log_folder", lambda: tmp_path / "not" / "yet")
    path = logs.start()
    logging.getLogger("scoreviz.gui").info("σ = %s", 0.5)
    assert path == logs.path()
    assert "INFO scoreviz.gui: σ = 0.5" in path.read_text(encoding="utf-8")


def test_it_rotates(monkeypatch, tmp_path):
    monkeypatch.setattr(resources, "log_folder", lambda: tmp_path)
    monkeypatch.setattr(logs, "SIZE", 200)
    logs.start()
    for i in range(40):
        logging.getLogger("scoreviz").info("record %s", i)
    assert len(list(tmp_path.iterdir())) == logs.KEPT + 1


def test_a_folder_that_cannot_be_written(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(resources, "log_folder", lambda: tmp_path / "file" / "log")
    assert logs.start() is None
    assert "No log is kept" in caplog.text


def test_folders_are_the_tests_own():
    for folder in (resources.log_folder(), resources.autosave_folder(), resources.settings_folder()):
        assert "scoreviz-tests-" in str(folder)
