"""Signing in, unlocking, setting a password with a reset code, and on the first run creating the first Admin."""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from qv_desktop.domain.accounts import Environment
from qv_desktop.ui import theme

type Tone = Literal["info", "error"]

WIDTH = 380  # px


class Page(QWidget):
    """Fields under each other with one button at the end."""

    def __init__(self, heading: str, sentence: str, action: str) -> None:
        super().__init__()
        self.heading, self.sentence = theme.label(heading, "title"), theme.label(sentence, "label")
        self.sentence.setWordWrap(True)
        self.sentence.setVisible(bool(sentence))
        self.action: QPushButton = theme.button(action, "primary")
        self.action.setFixedHeight(32)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self.column.addWidget(self.heading)
        self.column.addWidget(self.sentence)
        self.column.addSpacing(6)

    def field(self, title: str, secret: bool = False) -> QLineEdit:
        """A captioned field at the end of the page."""
        field = QLineEdit()
        field.setFont(theme.body())
        field.setAccessibleName(title)
        if secret:
            field.setEchoMode(QLineEdit.EchoMode.Password)
        self.column.addWidget(theme.caption(title))
        self.column.addWidget(field)
        self.column.addSpacing(4)
        return field

    def finish(self, *extra: QWidget) -> None:
        """Close the page with ``extra`` widgets and the button."""
        for widget in extra:
            self.column.addWidget(widget)
        self.column.addSpacing(8)
        self.column.addWidget(self.action)
        self.column.addStretch(1)


class LoginDialog(QDialog):
    """Shows one page at a time; says what was typed and waits to be told what became of it."""

    submitted = Signal(str, str, bool)  # name, password, stay signed in
    admin_created = Signal(str, str)  # name, password
    redeemed = Signal(str, str, str)  # name, reset code, the password from now on
    settings_asked = Signal()
    closed = Signal()  # without signing in

    def __init__(self, environment: Environment = "PAPER", version: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.environment, self._version, self._busy = environment, version, False
        self.setProperty("env", environment)  # LIVE has its red frame here too
        self.setWindowTitle("QuantVision · Log in")
        self.setFixedWidth(WIDTH)
        self._waited_for = ""  # what the message says while input is held back
        self.name, self.password, self.stay = QLineEdit(), QLineEdit(), QCheckBox("Stay signed in on this computer")
        self._pages = QStackedWidget()
        self._has_code = theme.button("I have a reset code", "ghost")
        self._login, self._first, self._coded = self._login_page(), self._first_page(), self._code_page()
        self._asks: dict[QWidget, Callable[[], None]] = {
            self._login: self._submit,
            self._first: self._create,
            self._coded: self._redeem,
        }
        self._settings = theme.button("Connection settings…", "ghost")
        self._left, self._countdown = 0, QTimer(self)
        self._countdown.timeout.connect(self._tell_left)
        self._message, self._progress = theme.label("", "label"), QProgressBar()
        self._build()

    def prefill(self, name: str, password: str) -> None:
        """Fill name and password, as the demo does; nothing is sent until the button is pressed."""
        self.name.setText(name)
        self.password.setText(password)
        self._login.action.setFocus()

    def show_first_run(self) -> None:
        """Show the page that creates the first Admin."""
        self.setWindowTitle("QuantVision · First start")
        self._pages.setCurrentWidget(self._first)
        self.admin.setFocus()
        self._shrink()

    def show_code(self) -> None:
        """Show the page that takes a reset code and the password from now on."""
        self.setWindowTitle("QuantVision · Set a password")
        self.show_message("", "info")
        self._pages.setCurrentWidget(self._coded)
        self.code_name.setText(self.code_name.text() or self.name.text())
        (self.code if self.code_name.text() else self.code_name).setFocus()
        self._shrink()

    def show_login(self) -> None:
        """Show the page for signing in."""
        self.setWindowTitle("QuantVision · Log in")
        self._pages.setCurrentWidget(self._login)
        (self.password if self.name.text() else self.name).setFocus()
        self._shrink()

    def show_locked(self, name: str) -> None:
        """Ask ``name``, and nobody else, for the password again."""
        self.name.setText(name)
        self.name.setReadOnly(True)
        self.password.clear()
        for widget in (self.stay, self._has_code, self._settings):
            widget.hide()
        self._login.heading.setText("Locked")
        self._login.sentence.setText("Prices and orders go on behind this window. Trading keys are off.")
        self._login.sentence.show()
        self._login.action.setText("Unlock")
        self.show_login()
        self.setWindowTitle("QuantVision · Locked")

    def show_message(self, text: str, tone: Tone = "error") -> None:
        """Show one sentence under the fields; an error ends the wait and leaves the password to be typed again."""
        self._countdown.stop()
        self._say(text, tone)
        if tone == "error" and text and self._page is self._login:
            self.password.selectAll()
            self.password.setFocus()

    def _say(self, text: str, tone: Tone) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))
        theme.wear(self._message, lambda: f"color: {theme.color('BAD' if tone == 'error' else 'TX1').name()}")
        if tone == "error" and text:
            self.show_busy("")
            self._message.show()
        self._shrink()

    def show_locked_out(self, seconds: int) -> None:
        """Count down until the name may be tried again; another one may be typed meanwhile."""
        self._left = seconds
        self._tell_left()
        self._countdown.start(1000)

    def _tell_left(self) -> None:
        if self._left <= 0:
            self.show_message("You can try again now.", "info")
            return
        minutes, rest = divmod(self._left, 60)
        self._say(f"Too many wrong passwords; this name is locked for {minutes}:{rest:02d} more.", "error")
        self._left -= 1

    def show_busy(self, text: str) -> None:
        """Show what is being waited for, and take no input meanwhile; an empty text ends the wait."""
        self._busy, over = bool(text), self._waited_for
        self._waited_for = text
        self._pages.setEnabled(not self._busy)
        self._progress.setVisible(self._busy)
        if text:
            self.show_message(text, "info")
        elif over and self.message() == over:  # it is waited for no longer
            self._say("", "info")
        self._shrink()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()

    def grant(self) -> None:
        """Close: the person is in, and what they typed is not kept."""
        for field in (self.password, self.secret, self.again, self.code, self.chosen, self.chosen_again):
            field.clear()
        self.accept()

    def _build(self) -> None:
        brand = QLabel()
        theme.follow(brand, lambda: brand.setText(f'<span style="color:{theme.ACCENT}">Quant</span>Vision'))
        font = theme.strong()
        font.setPixelSize(22)
        brand.setFont(font)
        where = theme.label(f"US equities · {self.environment}", "hint")
        self._message.setWordWrap(True)
        self._message.hide()
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.hide()
        for foot, asked in ((self._settings, self.settings_asked), (self._has_code, self.show_code)):
            foot.setFont(theme.small())
            foot.clicked.connect(asked)
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 26, 28, 16)
        column.setSpacing(4)
        column.addWidget(brand)
        column.addWidget(where)
        column.addSpacing(14)
        column.addWidget(self._pages)
        column.addSpacing(4)
        column.addWidget(self._progress)
        column.addWidget(self._message)
        column.addSpacing(6)
        column.addWidget(self._settings, 0, Qt.AlignmentFlag.AlignHCenter)
        if self._version:
            column.addWidget(theme.label(f"Version {self._version}", "hint"), 0, Qt.AlignmentFlag.AlignHCenter)

    def _login_page(self) -> Page:
        page = Page("Log in", "", "Log in")
        self.name, self.password = page.field("Name"), page.field("Password", secret=True)
        page.finish(self.stay)
        page.column.insertWidget(page.column.count() - 1, self._has_code, 0, Qt.AlignmentFlag.AlignHCenter)
        page.action.setDefault(True)
        page.action.clicked.connect(self._submit)
        self._pages.addWidget(page)
        return page

    def _first_page(self) -> Page:
        page = Page("Create the first Admin", "Nobody has an account here yet. The Admin adds everyone else later; "
                    "there is no default password and no way round this one.", "Create and log in")  # fmt: skip
        self.admin = page.field("Name")
        self.secret, self.again = page.field("Password", secret=True), page.field("Password again", secret=True)
        page.finish()
        page.action.clicked.connect(self._create)
        self._pages.addWidget(page)
        return page

    def _code_page(self) -> Page:
        page = Page("Set your password", "Your Admin gave you a code. It is good once and for a day; the password is yours alone.",
                    "Set password and log in")  # fmt: skip
        self.code_name, self.code = page.field("Name"), page.field("Reset code")
        self.code.setPlaceholderText("XXXXX-XXXXX-XXXXX-XXXXX")
        self.chosen, self.chosen_again = (
            page.field("New password", secret=True),
            page.field("New password again", secret=True),
        )
        back = theme.button("Back to log-in", "ghost")
        back.setFont(theme.small())
        back.clicked.connect(self._back)
        page.finish()
        page.column.insertWidget(page.column.count() - 1, back, 0, Qt.AlignmentFlag.AlignHCenter)
        page.action.clicked.connect(self._redeem)
        self._pages.addWidget(page)
        return page

    def _back(self) -> None:
        for field in (self.code, self.chosen, self.chosen_again):
            field.clear()
        self.show_message("", "info")
        self.show_login()

    def _redeem(self) -> None:
        name, code, password = self.code_name.text().strip(), self.code.text().strip(), self.chosen.text()
        if not name or not code or not password:
            self.show_message("Type your name, the code and a new password.")
        elif password != self.chosen_again.text():
            self.show_message("The two passwords differ; type the same one twice.")
        else:
            self.redeemed.emit(name, code, password)

    def _submit(self) -> None:
        name, password = self.name.text().strip(), self.password.text()
        if not name or not password:
            self.show_message("Type your name and your password.")
            return
        self.submitted.emit(name, password, self.stay.isChecked())

    def _create(self) -> None:
        name, password = self.admin.text().strip(), self.secret.text()
        if not name or not password:
            self.show_message("Type a name and a password.")
        elif password != self.again.text():
            self.show_message("The two passwords differ; type the same one twice.")
        else:
            self.show_message("", "info")
            self.admin_created.emit(name, password)

    @property
    def _page(self) -> QWidget:
        return next(page for page in self._asks if self._pages.currentWidget() is page)

    def _shrink(self) -> None:
        """Fit the height to the page shown."""
        page = self._page
        wanted = page.heightForWidth(WIDTH - 56)
        self._pages.setFixedHeight(page.sizeHint().height() if wanted < 0 else wanted)
        self.adjustSize()

    def setWindowTitle(self, title: str) -> None:
        super().setWindowTitle(f"LIVE · {title}" if self.environment == "LIVE" else title)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self._busy:
            self._asks[self._page]()
        else:
            super().keyPressEvent(event)

    def reject(self) -> None:
        super().reject()
        self.closed.emit()
