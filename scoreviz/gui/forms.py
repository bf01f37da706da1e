"""The one form builder: a row for each declared parameter of a spec, in step with the store.

SpecForm(store, ("sampler",))                  the sampler's own parameters
SpecForm(store, (), only=("sampler", "noise")) the choice of a sampler with its form, then that of the noise
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QVBoxLayout, QWhatsThis, QWidget

from scoreviz.gui import theme
from scoreviz.gui.store import Store
from scoreviz.gui.widgets import words
from scoreviz.gui.widgets.combo import Item, Menu
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.focus import follow, reached
from scoreviz.gui.widgets.labels import Elided, label
from scoreviz.gui.widgets.points import Points, written
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.toggle import Toggle
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.choice import Section, tag_of
from scoreviz.scene.errors import SceneError
from scoreviz.scene.parameters import Parameter, parameters

Path = tuple[str, ...]
Allow = Callable[[type[Any]], bool]
"""Which members of a family a form offers."""
LABEL_WIDTH = 104
SEGMENTS, SEGMENT_LETTERS = 3, 20  # more, or longer ones, become a combo
MOST_FOR_A_SLIDER = 10**6


def span_of(parameter: Parameter) -> Span:
    """The slider range that a parameter declares."""
    low = parameter.low if parameter.low is not None else 0.0
    high = parameter.high if parameter.high is not None else max(2 * abs(float(parameter.default or 1.0)), 1.0)
    return Span(low, high, log=parameter.description.scale == "log", integer=parameter.kind == "int", open_low=parameter.open_low)


def every(_member: type[Any]) -> bool:
    """All members of a family are offered."""
    return True


def _member_items(parameter: Parameter, allow: Allow) -> list[Item]:
    assert parameter.family is not None
    members = filter(allow, parameter.family.members())
    return [Item(tag_of(m), scene_text(m.LABEL), words.member_text(m), getattr(m, "RARE", False)) for m in members]


def _items(parameter: Parameter, allow: Allow) -> list[Item]:
    if parameter.kind == "choice":
        return _member_items(parameter, allow)
    labels, helps = parameter.description.labels, parameter.description.helps
    return [
        Item(value, scene_text(labels.get(value, value)), words.wrapped([scene_text(helps.get(value, ""))])) for value in parameter.values
    ]


def _is_short(items: list[Item]) -> bool:
    return len(items) <= SEGMENTS and sum(len(item.text) for item in items) <= SEGMENT_LETTERS and not any(item.rare for item in items)


class Fixed(Editor):
    """A choice of one: its name, to be read."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        line = Elided(text, "text", self)
        line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(line)

    def set_value(self, value: Any) -> None:
        """There is only the one."""

    def describe(self, name: str, help: str) -> None:
        self.setAccessibleName(name)
        self.setAccessibleDescription(help)


def editor_for(parameter: Parameter, parent: QWidget, allow: Allow = every) -> Editor | None:
    """The widget that edits a parameter, None for a kind that has a panel of its own."""
    match parameter.kind:
        case "int" | "float":
            span = span_of(parameter)
            slider = span.high - span.low <= MOST_FOR_A_SLIDER
            return Number(span, parent, optional=parameter.optional, slider=slider, dice=not slider and span.integer, judged=True)
        case "bool":
            return Toggle(parent)
        case "enum" | "choice":
            items = _items(parameter, allow)
            if parameter.kind == "choice" and len(items) == 1:
                return Fixed(items[0].text, parent)
            if _is_short(items) and parameter.kind == "enum":
                return Segmented([(item.value, item.text) for item in items], parent)
            return Menu(lambda: _items(parameter, allow), parent)
        case "points":
            return Points(parent)
        case _:
            return None


class Row(QWidget):
    """One parameter: label, editor, and below them what was wrong with the last value."""

    def __init__(
        self, store: Store, path: Path, parameter: Parameter, parent: QWidget, allow: Allow = every, owner: type[Any] | None = None
    ) -> None:
        """owner: the spec whose parameter it is; its tooltip names that one's source."""
        super().__init__(parent)
        self.path, self.parameter, self._store, self._owner = path, parameter, store, owner
        self._chosen = ""
        self._kept: dict[str, Any] = {}  # the last spec of each tag: coming back to a method finds it as it was left
        self.setObjectName("row." + ".".join(path))
        now = theme.current()
        editor = editor_for(parameter, self, allow)
        assert editor is not None
        self.editor = editor
        self.label = Elided(scene_text(parameter.label), "dim", self)
        line = QHBoxLayout()
        line.setSpacing(now.px(6))
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.label, 1 if parameter.kind == "bool" else 0)
        line.addWidget(editor, 0 if parameter.kind == "bool" else 1)
        if parameter.kind != "bool":
            self.label.setFixedWidth(now.px(LABEL_WIDTH))
        self.error = label("", "error", self, wrap=True, name=self.objectName() + ".error")
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(now.px(2))
        column.addLayout(line)
        column.addWidget(self.error)
        self.setMinimumHeight(now.px(27))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        editor.edited.connect(self._edited)
        editor.trouble.connect(self._complain)
        if isinstance(editor, Number):
            editor.asked_dice.connect(self._throw)
        self._describe()

    def refresh(self, value: Any) -> None:
        """Show the store's value."""
        if self.parameter.kind == "choice":
            self._kept[tag_of(value)] = value
            self._chosen = f"{scene_text(value.LABEL)}: " + "\n".join(words.member_lines(value))
            value = tag_of(value)
        elif self.parameter.kind == "enum":
            self._chosen = scene_text(self.parameter.description.helps.get(value, ""))
        self.editor.set_value(value)
        self._tell()

    def reset(self) -> None:
        """Back to the declared default, as one undo step."""
        self._store_edit(self._default())

    def is_default(self) -> bool:
        return bool(self._store.value(self.path) == self._default())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def context_menu(self) -> QMenu:
        """Back to the default; what this is."""
        menu = QMenu(self)
        back = QAction(self.tr("Back to {value}").format(value=self._default_words()), menu)
        back.setObjectName("reset")
        back.setShortcut(Qt.Key.Key_Delete)
        back.setEnabled(not self.is_default())
        back.triggered.connect(self.reset)
        what = QAction(self.tr("What is this?"), menu)
        what.triggered.connect(lambda: QWhatsThis.showText(self.mapToGlobal(self.rect().bottomLeft()), self.toolTip(), self))
        menu.addActions([back, what])
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ContextMenu and isinstance(watched, QLineEdit):
            self.contextMenuEvent(event)  # type: ignore[arg-type]
            return True
        return super().eventFilter(watched, event)

    def _describe(self) -> None:
        name, help = scene_text(self.parameter.label), scene_text(self.parameter.help)
        self.editor.describe(name, help)
        self.editor.setObjectName("edit." + ".".join(self.path))
        self.label.setBuddy(self.editor)
        for field in self.editor.findChildren(QLineEdit):
            field.installEventFilter(self)
        self._tell()

    def _tell(self) -> None:
        """The tooltip: what it is, what is chosen now, its range and default, and where the rule comes from that it belongs to."""
        lines = [scene_text(self.parameter.help), *([self._chosen] if self._chosen else [])]
        if self.parameter.kind in ("int", "float") and self.parameter.high is not None:
            low, high = words.figure(self.parameter.low or 0), words.figure(self.parameter.high)
            lines.append(self.tr("{low} to {high}").format(low=low, high=high))
        lines.append(self.tr("Delete: back to {value}").format(value=self._default_words()))
        source = str(getattr(self._owner, "SOURCE", ""))
        if self._owner is not None and source and not self._chosen:
            lines.append(f"{scene_text(self._owner.LABEL)}: {scene_text(source)}")
        text = words.wrapped(lines)
        self.setToolTip(text)
        self.setWhatsThis(text)

    def _default(self) -> Any:
        return self.parameter.default

    def _default_words(self) -> str:
        value = self._default()
        if value is None:
            return self.tr("automatic")
        if isinstance(value, bool):
            return self.tr("on") if value else self.tr("off")
        if self.parameter.kind == "choice":
            return scene_text(type(value).LABEL)
        if self.parameter.kind == "enum":
            return scene_text(self.parameter.description.labels.get(value, value))
        if self.parameter.kind == "points":
            return written(value)
        return words.figure(value)

    def _edited(self, value: Any, token: str) -> None:
        if self.parameter.kind == "choice":
            family = self.parameter.family
            assert family is not None
            value = self._kept.get(value) or family.named(value)()
        self._store_edit(value, token)

    def _store_edit(self, value: Any, token: str = "") -> None:
        text = self.tr("Change {label}").format(label=scene_text(self.parameter.label))
        try:
            self._store.edit(self.path, value, text, origin="form", merge=token and f"{token}.{'.'.join(self.path)}")
        except SceneError as error:
            self._complain(words.sentence(error))
        else:
            self._complain("")

    def _complain(self, sentence: str) -> None:
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))
        if sentence and isinstance(self.editor, Number):
            self.editor.refuse()

    def _throw(self) -> None:
        self._store_edit(random.randrange(0, 10000))


class SpecForm(QWidget):
    """Rows for the spec at `path`, rebuilt when its class changes. Advanced rows only with `set_more(True)`.

    rebuilt() after the rows changed: whether there is anything under More may have changed with them.
    """

    rebuilt = Signal()

    def __init__(
        self, store: Store, path: Path, *, only: tuple[str, ...] | None = None, more: bool = False, allow: Allow = every,
        parent: QWidget | None = None, _root: SpecForm | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._store, self._path, self._only, self._more, self._allow = store, path, only, more, allow
        self._root = _root or self
        self._resolved: dict[Path, float | None] = {} if _root is None else _root._resolved
        self._parts: dict[str, list[QWidget]] = {}
        self._built: type[Any] | None = None
        self.setObjectName("form." + ".".join(path or only or ()))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.current().px(2))
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.refresh()
        if _root is None:
            store.changed.connect(self.refresh)

    @property
    def rows(self) -> list[Row]:
        """All rows, those of nested forms too."""
        found: list[Row] = []
        for part in (part for parts in self._parts.values() for part in parts):
            found += [part] if isinstance(part, Row) else part.rows if isinstance(part, SpecForm) else []
        return found

    def row(self, *path: str) -> Row:
        """The row of a parameter, by its path in the scene."""
        return next(row for row in self.rows if row.path == path)

    @property
    def has_more(self) -> bool:
        """Is anything hidden until More is open?"""
        nested = (part for parts in self._parts.values() for part in parts if isinstance(part, SpecForm))
        return any(parameter.description.advanced for parameter in self._declared()) or any(form.has_more for form in nested)

    def set_more(self, more: bool) -> None:
        """Show the advanced rows too; they are made when they are first shown."""
        self._fill(more, None)

    def set_resolved(self, path: Path, value: float | None) -> None:
        """What the automatic value at `path` comes to."""
        self._resolved[path] = value
        for row in self.rows:
            if row.path == path and isinstance(row.editor, Number):
                row.editor.show_resolved(value)

    def refresh(self, *_args: object) -> None:
        """Follow the store."""
        spec = self._store.value(self._path)
        if type(spec) is not self._built:
            self._rebuild(type(spec))
        for name, parts in self._parts.items():
            for part in parts:
                if isinstance(part, Row):
                    part.refresh(getattr(spec, name))
                elif isinstance(part, SpecForm):
                    part.refresh()

    def _declared(self) -> list[Parameter]:
        spec: type[msgspec.Struct] = type(self._store.value(self._path))
        declared = {parameter.name: parameter for parameter in parameters(spec)}
        return [declared[name] for name in (self._only or declared)]

    def _is_shown(self, parameter: Parameter, part: QWidget) -> bool:
        if isinstance(part, SpecForm) and not part._parts:
            return False
        return self._more or not parameter.description.advanced

    def _rebuild(self, spec: type[Any]) -> None:
        for part in (part for parts in self._parts.values() for part in parts):
            self._column.removeWidget(part)
            part.hide()
            part.setParent(None)
            part.deleteLater()
        self._built, self._parts = spec, {}
        self._fill(self._more, None)
        self._root.rebuilt.emit()

    def _fill(self, more: bool, before: QWidget | None) -> None:
        """Make what is to be seen and is not there yet, and show what is to be seen. Tab reaches what is made late after `before`."""
        self._more = more
        made, self._parts = self._parts, {}
        at, new = 0, False
        for parameter in self._declared():
            parts, late = made.get(parameter.name), False
            if parts is None:
                if parameter.description.advanced and not more:
                    continue
                parts, late = self._make(type(self._store.value(self._path)), parameter), bool(made)
                new = True
            self._parts[parameter.name] = parts
            for part in parts:
                if self._column.indexOf(part) < 0:
                    self._insert(at, part, before if late else None)
                elif isinstance(part, SpecForm):
                    part._fill(more, before)
                part.setVisible(self._is_shown(parameter, part))
                at, before = at + 1, part if reached(part) else before
        if new:
            for path, value in self._resolved.items():
                self.set_resolved(path, value)

    def _insert(self, at: int, part: QWidget, before: QWidget | None) -> None:
        """At that place in the column and, where Tab must be told, after `before`."""
        self._column.insertWidget(at, part)
        after = self._column.itemAt(at + 1)
        if after is not None and (widget := after.widget()) is not None:
            part.stackUnder(widget)  # the order of children is that of Tab: `follow`
        if before is not None:
            follow(before, part)

    def _make(self, spec: type[Any], parameter: Parameter) -> list[QWidget]:
        path = (*self._path, parameter.name)
        nested = isinstance(self._store.value(path), Section)
        parts: list[QWidget] = []
        if parameter.kind in ("int", "float", "bool", "enum", "choice", "points"):
            parts.append(Row(self._store, path, parameter, self, self._allow, spec))
        if nested:
            parts.append(SpecForm(self._store, path, more=self._more, allow=self._allow, parent=self, _root=self._root))
        return parts
