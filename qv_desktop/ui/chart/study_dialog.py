"""Choosing a study, and changing the settings and colours of one."""

from collections.abc import Callable

from PySide6.QtCore import QDateTime, QEvent, QObject, Qt, QTimeZone, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QDateTimeEdit,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qv_desktop.analytics.studies import KINDS, Kind, Setting, checked
from qv_desktop.domain.errors import BadInput
from qv_desktop.ui import theme
from qv_desktop.ui.chart.study import Study


class StudyPicker(QDialog):
    """Every kind by group, found by typing. ``chosen`` says the kind's id; it stays open for more."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Indicators")
        self.resize(340, 460)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search indicators…")
        self.search.setAccessibleName("Search indicators")
        self.list = QListWidget()
        self.list.setAccessibleName("Indicators")
        hint = theme.label("Enter or double click adds one; several of a kind are fine.", "hint")
        column = QVBoxLayout(self)
        for widget in (self.search, self.list, hint):
            column.addWidget(widget)
        self.search.textChanged.connect(self._find)
        self.search.installEventFilter(self)
        self.list.itemActivated.connect(self._choose)
        self._find("")

    def _find(self, text: str) -> None:
        self.list.clear()
        wanted = text.strip().casefold()
        group = ""
        for kind in sorted(KINDS.values(), key=lambda one: (one.group, one.title)):
            if wanted not in f"{kind.title} {kind.group} {kind.id}".casefold():
                continue
            if kind.group != group:
                group = kind.group
                self._head(group)
            item = QListWidgetItem(f"   {kind.title}")
            item.setData(Qt.ItemDataRole.UserRole, kind.id)
            self.list.addItem(item)
        first = next(
            (row for row in range(self.list.count()) if self.list.item(row).data(Qt.ItemDataRole.UserRole)), -1
        )
        self.list.setCurrentRow(first)

    def _head(self, group: str) -> None:
        head = QListWidgetItem(group.upper())
        head.setFlags(Qt.ItemFlag.NoItemFlags)
        head.setFont(theme.tiny())
        self.list.addItem(head)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(Qt.ItemDataRole.UserRole):
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys and Enter typed in the search field work the list."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self.list.keyPressEvent(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)


class StudySettings(QDialog):
    """The settings and colours of one study. ``changed`` gives the study as it is to be, at every usable change."""

    changed = Signal(object)  # Study

    def __init__(self, study: Study, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(study.kind.title)
        self._kind, self._hidden = study.kind, study.hidden
        self._tokens = list(study.tokens)
        self._read: dict[str, Callable[[], float]] = {}  # setting -> its value as it stands
        form = QFormLayout(self)
        form.setContentsMargins(16, 16, 16, 16)
        for setting in study.kind.settings:
            form.addRow(setting.title, self._field(setting, study.settings.get(setting.name, setting.default)))
        for place, output in enumerate(study.kind.outputs):
            form.addRow(output.title, self._swatch(place))
        self._said = theme.label("", "hint")
        self._said.setWordWrap(True)
        theme.wear(self._said, lambda: f"color:{theme.WARN};")
        form.addRow(self._said)
        row = QHBoxLayout()
        defaults, done = theme.button("Defaults", "ghost"), theme.button("Done", "primary")
        defaults.setAutoDefault(False)
        defaults.clicked.connect(lambda: self._reset(study.kind))
        done.clicked.connect(self.accept)
        row.addWidget(defaults)
        row.addStretch(1)
        row.addWidget(done)
        form.addRow(row)

    def _field(self, setting: Setting, value: float) -> QWidget:
        if setting.choices:
            return self._choice(setting, value)
        if setting.name == "anchor":
            return self._moment(setting, value)
        field = QDoubleSpinBox()
        field.setRange(setting.least, setting.most)
        field.setDecimals(0 if float(setting.step).is_integer() and float(setting.default).is_integer() else 2)
        field.setSingleStep(setting.step)
        field.setValue(value)
        field.setKeyboardTracking(False)
        field.setAccessibleName(setting.title)
        field.valueChanged.connect(lambda _: self._tell())
        self._read[setting.name] = field.value
        return field

    def _choice(self, setting: Setting, value: float) -> QWidget:
        field = QComboBox()
        field.addItems(list(setting.choices))
        field.setCurrentIndex(int(value))
        field.setAccessibleName(setting.title)
        field.currentIndexChanged.connect(lambda _: self._tell())
        self._read[setting.name] = lambda: float(field.currentIndex())
        return field

    def _moment(self, setting: Setting, value: float) -> QWidget:
        field = QDateTimeEdit()
        field.setDisplayFormat("yyyy-MM-dd HH:mm")
        field.setTimeZone(QTimeZone(b"America/New_York"))
        field.setDateTime(QDateTime.fromSecsSinceEpoch(int(value), QTimeZone(b"America/New_York")))
        field.setAccessibleName(f"{setting.title}, New York time")
        field.dateTimeChanged.connect(lambda _: self._tell())
        self._read[setting.name] = lambda: float(field.dateTime().toSecsSinceEpoch())
        return field

    def _swatch(self, place: int) -> QPushButton:
        button = theme.button("", "plain")
        button.setFixedWidth(56)
        button.setAutoDefault(False)
        button.setAccessibleName("Colour")
        button.setIcon(_filled(theme.color(self._tokens[place])))
        button.clicked.connect(lambda: self._recolour(place, button))
        return button

    def _recolour(self, place: int, button: QPushButton) -> None:
        dialog = QColorDialog(theme.color(self._tokens[place]), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda ink: self._coloured(place, button, ink))
        dialog.open()

    def _coloured(self, place: int, button: QPushButton, ink: QColor) -> None:
        self._tokens[place] = ink.name()
        button.setIcon(_filled(ink))
        self._tell()

    def _reset(self, kind: Kind) -> None:
        self.changed.emit(Study(kind, checked(kind.id, {}), hidden=self._hidden))
        self.accept()

    def _tell(self) -> None:
        try:
            settings = checked(self._kind.id, {name: read() for name, read in self._read.items()})
        except BadInput as error:
            self._said.setText(str(error))
            return
        self._said.setText("")
        self.changed.emit(Study(self._kind, settings, self._tokens, hidden=self._hidden))


def _filled(ink: QColor) -> QIcon:
    picture = QPixmap(28, 12)
    picture.fill(ink)
    return QIcon(picture)
