"""About, and the licences."""

from __future__ import annotations

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

import scoreviz
from scoreviz import resources


def about(parent: QWidget) -> QDialog:
    """What this is, and whose work it stands on."""
    dialog = QDialog(parent)
    dialog.setObjectName("about")
    dialog.setWindowTitle(dialog.tr("About scoreviz"))
    column = QHBoxLayout()
    text = _label(
        dialog.tr(
            "scoreviz {version}: a laboratory for score-based generative models.\n\n"
            "The mathematics is that of NCSN (Song & Ermon 2019), DDPM (Ho, Jain & Abbeel 2020) and\n"
            "Score SDE (Song et al. 2021). Everything that moves on screen is computed as its label says.\n\n"
            "MIT licence. Built on Qt {qt} and PySide6 (LGPL), PyTorch, NumPy and SciPy (BSD), pyqtgraph (MIT),\n"
            "msgspec (BSD), diffusers (Apache 2.0), Pillow (MIT-CMU), PyAV (BSD) with FFmpeg (LGPL) and x264 (GPL),\n"
            "and ziamath (MIT) with the STIX Two font (OFL). The picture set emoji32 is made from Noto Color Emoji (OFL)."
        ).format(version=scoreviz.__version__, qt=qVersion()),
        "figure",
    )
    column.addWidget(text)
    finished = _finish(dialog, column)
    button = finished.findChild(QDialogButtonBox)
    assert isinstance(button, QDialogButtonBox)
    all_ = button.addButton(dialog.tr("All licences…"), QDialogButtonBox.ButtonRole.ActionRole)
    all_.setObjectName("about.licences")
    all_.setAccessibleName(all_.text())
    all_.clicked.connect(lambda: licences(dialog).open())
    return finished


def licences(parent: QWidget) -> QDialog:
    """Every package that this installation stands on, its version and its licence as it says itself, and what is bundled."""
    dialog = QDialog(parent)
    dialog.setObjectName("licences")
    dialog.setWindowTitle(dialog.tr("Licences"))
    dialog.resize(720, 560)
    text = QPlainTextEdit(licence_text())
    text.setReadOnly(True)
    text.setObjectName("licences.text")
    text.setAccessibleName(dialog.tr("Licences"))
    row = QHBoxLayout()
    row.addWidget(text)
    return _finish(dialog, row)


def licence_text() -> str:
    """One line a package, from the metadata that it was installed with; then the licences of bundled pictures and of scoreviz itself."""
    from importlib.metadata import distributions

    lines = {}
    for found in distributions():
        data = found.metadata.json  # a plain dict, in which a missing entry is missing and no warning
        classifiers = [c.rsplit(" :: ", 1)[1] for c in data.get("classifier", []) if c.startswith("License ::")]
        said = data.get("license_expression") or ", ".join(classifiers) or str(data.get("license", "")).split("\n")[0]
        if name := data.get("name"):
            lines[str(name).lower()] = f"{name} {found.version}: {said or 'see its files'}"
    bundled = resources.asset("emoji32/LICENSE").read_text(encoding="utf-8")
    return "\n".join([*(lines[name] for name in sorted(lines)), "", "emoji32 (Noto Color Emoji):", "", bundled])


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    return label


def _finish(dialog: QDialog, body: QHBoxLayout) -> QDialog:
    column = QVBoxLayout(dialog)
    column.setContentsMargins(24, 20, 24, 16)
    column.setSpacing(16)
    column.addLayout(body)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    close = buttons.button(QDialogButtonBox.StandardButton.Close)
    close.setObjectName(f"{dialog.objectName()}.close")
    close.setAccessibleName(close.text().replace("&", ""))
    close.setIcon(QIcon())
    buttons.rejected.connect(dialog.reject)
    column.addWidget(buttons)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog
