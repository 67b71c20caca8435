"""The form of one connection: its name, which account it opens and how, and which prices come with it."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from qv_desktop.domain.connections import Connection, Kind, Prices, Traded
from qv_desktop.ui import theme

KINDS: dict[str, Kind] = {"API keys": "keys", "OAuth in the browser": "oauth"}
PRICES: dict[str, Prices] = {"Polygon, else Alpaca": "auto", "Alpaca only": "alpaca", "Polygon only": "polygon"}
HINTS: dict[Kind, str] = {
    "keys": "Alpaca shows the secret once, when the keys are made. Paper keys begin with PK, live keys with AK.",
    "oauth": "Alpaca's price sockets take no OAuth: give a key pair for prices too, or a Polygon key in the settings.",
}
STORED, NONE = "stored; type a new one to replace it", ""


@dataclass(frozen=True, slots=True)
class ConnectionDraft:
    """A connection as it stands in the form (a new one has no id), with the secrets that were typed anew."""

    connection: Connection
    secrets: dict[str, str] = field(default_factory=dict, repr=False)  # key, secret
    client: dict[str, str] = field(default_factory=dict, repr=False)  # id, secret of the OAuth app


class ConnectionForm(QWidget):
    """Shows one connection and gives it back; ``connect_asked`` is the browser, asked for or given up."""

    connect_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shown = Connection("", "")
        self.name = QLineEdit()
        self.environment = theme.Segmented(("PAPER", "LIVE"), grounds={"LIVE": "sell"})
        self.kind, self.prices = theme.Segmented(list(KINDS)), theme.Segmented(list(PRICES))
        self.key, self.secret, self.client_id, self.client_secret = (_hidden(title) for title in
                                                                     ("Key id", "Secret", "Client id", "Client secret"))  # fmt: skip
        self.redirect, self._hint = theme.label("", "hint"), theme.label("", "hint")
        self.connect_ = theme.button("")
        self._labels: dict[str, QLabel] = {}
        self._rows: dict[str, QWidget] = {}
        self._lay_out()
        self.kind.chosen.connect(self._turn)
        self.connect_.clicked.connect(self.connect_asked)

    def show_redirect(self, address: str) -> None:
        """The address that the OAuth app must have registered."""
        self.redirect.setText(f"Register this redirect address in your OAuth app:\n{address}")

    def show_connection(self, connection: Connection, stored: Collection[str] = ()) -> None:
        """Show a connection, new without an id; ``stored`` names the secrets that are kept (key, secret, client_id, client_secret)."""
        self._shown, fresh = connection, not connection.id
        self.name.setText(connection.name)
        self.environment.choose(connection.environment)
        self.kind.choose(next(words for words, kind in KINDS.items() if kind == connection.kind))
        self.prices.choose(next(words for words, prices in PRICES.items() if prices == connection.prices))
        for option in ("PAPER", "LIVE"):
            self.environment.segment(option).setEnabled(fresh)
        for option in KINDS:
            self.kind.segment(option).setEnabled(fresh)
        fields = {
            "key": self.key,
            "secret": self.secret,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        for part, line in fields.items():
            line.clear()
            line.setPlaceholderText(STORED if part in stored else NONE)
        self._turn()

    def show_connecting(self, on: bool) -> None:
        """While the browser is waited for, its button gives up and nothing else can be changed."""
        for widget in (self.name, self.client_id, self.client_secret, self.key, self.secret, self.prices):
            widget.setEnabled(not on)
        fresh = not self._shown.id
        for segmented, options in ((self.environment, ("PAPER", "LIVE")), (self.kind, tuple(KINDS))):
            for option in options:
                segmented.segment(option).setEnabled(fresh and not on)
        self.connect_.setText(
            "Give up waiting for the browser" if on else f"Connect {'' if fresh else 'again '}in the browser…"
        )

    def draft(self) -> ConnectionDraft:
        """The connection as it stands."""
        changed = replace(self._shown, name=self.name.text(), environment=cast(Traded, self.environment.choice()),
                          kind=KINDS[self.kind.choice()], prices=PRICES[self.prices.choice()])  # fmt: skip
        secrets = {"key": self.key.text().strip(), "secret": self.secret.text().strip()}
        client = {"id": self.client_id.text().strip(), "secret": self.client_secret.text().strip()}
        return ConnectionDraft(changed, {k: v for k, v in secrets.items() if v}, {k: v for k, v in client.items() if v})

    def _turn(self, *_: object) -> None:
        """Show what the kind needs."""
        kind = KINDS[self.kind.choice()]
        for name in ("Client id", "Client secret", "redirect", "connect"):
            for widget in (self._rows[name], self._labels.get(name)):
                if widget is not None:
                    widget.setVisible(kind == "oauth")
        self._labels["Key id"].setText("Price key id" if kind == "oauth" else "Key id")
        self._labels["Secret"].setText("Price secret" if kind == "oauth" else "Secret")
        self._hint.setText(HINTS[kind])
        self.show_connecting(False)

    def _lay_out(self) -> None:
        self.name.setAccessibleName("Name")
        self.name.setPlaceholderText("such as Alpaca paper")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(7)
        grid.setHorizontalSpacing(10)
        grid.setColumnMinimumWidth(0, 84)
        grid.setColumnStretch(1, 1)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("Name", self.name), ("Environment", self.environment), ("Opened by", self.kind), ("Client id", self.client_id),
            ("Client secret", self.client_secret), ("redirect", self.redirect), ("connect", self.connect_), ("Key id", self.key),
            ("Secret", self.secret), ("hint", self._hint), ("Prices", self.prices),
        )  # fmt: skip
        for place, (name, widget) in enumerate(rows):
            self._rows[name] = widget
            grid.addWidget(widget, place, 1)
            if name[0].isupper():
                self._labels[name] = theme.label(name)
                grid.addWidget(self._labels[name], place, 0)
        for line in (self.redirect, self._hint):
            line.setWordWrap(True)
        self.redirect.setTextInteractionFlags(self.redirect.textInteractionFlags().TextSelectableByMouse)
        self.environment.setAccessibleName("Environment")
        self.kind.setAccessibleName("How the account is opened")
        self.prices.setAccessibleName("Where prices come from")


def _hidden(title: str) -> QLineEdit:
    line = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
    line.setAccessibleName(title)
    return line
