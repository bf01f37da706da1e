"""The log: one rotating file, written by the process of the window alone.

The engine writes to its stderr, which the window reads and logs: two processes that rotate one file lose lines. So the
command line starts the log before the window is built, and the layers beneath it only ever call `logging.getLogger`.
"""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from scoreviz import resources

FILE = "scoreviz.log"
SIZE, KEPT = 1_000_000, 3
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def path() -> Path:
    """Where the log is, or would be."""
    return resources.log_folder() / FILE


def start(level: int = logging.INFO) -> Path | None:
    """Send the `scoreviz` loggers and captured warnings to the file; its path, or None where it cannot be written.

    A folder that cannot be written must not keep the window from opening: then records go to stderr.
    """
    place = path()
    handler: logging.Handler
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(place, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", delay=False)
    except OSError as error:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(FORMAT))
        _attach(handler, level)
        logging.getLogger("scoreviz.cli").warning("No log is kept: %s cannot be written (%s).", place, error.strerror)
        return None
    handler.setFormatter(logging.Formatter(FORMAT))
    _attach(handler, level)
    return place


def _attach(handler: logging.Handler, level: int) -> None:
    logging.captureWarnings(True)
    for name in ("scoreviz", "py.warnings"):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.addHandler(handler)
