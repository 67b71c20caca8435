"""What a person does with the studies of a chart: add, change, hide and remove them, and keep sets of them as templates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QDialog, QMenu

from qv_desktop.analytics.studies import KINDS
from qv_desktop.domain.errors import BadInput
from qv_desktop.ui.chart.comparison import Comparison
from qv_desktop.ui.chart.explorer import Explorer
from qv_desktop.ui.chart.menus import add_templates, entry, new_menu
from qv_desktop.ui.chart.prompt import Prompt
from qv_desktop.ui.chart.study import Study, fresh, study_from
from qv_desktop.ui.chart.study_dialog import StudyPicker, StudySettings

MOST, LONGEST = 30, 40  # studies on a chart, characters of a template's name


class Studying(QObject):
    """Signals: ``changed`` (the studies are others), ``templates_changed`` (all of them), ``compare_removed`` (a symbol)."""

    changed = Signal()
    templates_changed = Signal(object)
    compare_removed = Signal(str)

    def __init__(self, canvas: Explorer, prompt: Prompt) -> None:
        super().__init__(canvas)
        self._canvas, self._prompt = canvas, prompt
        self.templates: dict[str, list[object]] = {}  # name -> studies as JSON values
        canvas.entry_chosen.connect(self._entry_menu)

    @property
    def studies(self) -> list[Study]:
        """The studies in their order."""
        return self._canvas.scenery.studies

    def show(self, studies: Sequence[Study]) -> None:
        """Have these studies from now on."""
        self._canvas.study(studies)
        self.changed.emit()

    # one study

    def add(self, kind_id: str) -> None:
        """One more of a kind; one that begins at a moment begins at the first bar in view."""
        if len(self.studies) >= MOST:
            raise BadInput(f"A chart shows {MOST} indicators at most; remove one first.")
        settings: dict[str, float] = {}
        stage = self._canvas.stage()
        if stage is not None and any(setting.name == "anchor" for setting in KINDS[kind_id].settings):
            first, _ = stage.view.window(len(stage.series))
            settings["anchor"] = float(int(stage.series.starts[first]) // 10**9)
        self.show([*self.studies, fresh(kind_id, self.studies, settings)])

    def remove(self, study: Study) -> None:
        """Take a study away."""
        self.show([one for one in self.studies if one is not study])

    def turn(self, study: Study) -> None:
        """Hide a study, or show it again."""
        study.hidden = not study.hidden
        self.show(self.studies)

    def edit(self, study: Study) -> QDialog:
        """Open a study's settings; each change is seen at once."""
        dialog = StudySettings(study, self._canvas.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        held = [study]

        def take(changed: Study) -> None:
            if held[0] in self.studies:
                self._canvas.shares[changed.number] = self._canvas.shares.pop(held[0].number, 0.0)
                self.show([changed if one is held[0] else one for one in self.studies])
                held[0] = changed

        dialog.changed.connect(take)
        dialog.open()
        return dialog

    # menus

    def menu(self) -> QMenu:
        """Add one; what is there, as check marks; templates."""
        menu = new_menu(self._canvas)
        entry(menu, "Add an indicator…\t/", self.pick)
        menu.addSeparator()
        look = self._canvas.look
        for study in self.studies:
            entry(menu, study.title, partial(self.turn, study), checked=not study.hidden)
        if self.studies:
            removing = menu.addMenu("Remove")
            for study in self.studies:
                entry(removing, study.title, partial(self.remove, study))
            entry(removing, "All", lambda: self.show([]))
        menu.addSeparator()
        entry(menu, "Volume", lambda: self._turn_volume(not look.volume), checked=look.volume)
        add_templates(menu, sorted(self.templates), self.use, self._ask_name, self.forget)
        return menu

    def _turn_volume(self, on: bool) -> None:
        self._canvas.dress(replace(self._canvas.look, volume=on))
        self.changed.emit()

    def pick(self) -> StudyPicker:
        """Open the list of all kinds."""
        picker = StudyPicker(self._canvas.window())
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picker.chosen.connect(self._add_picked)
        picker.open()
        return picker

    def _add_picked(self, kind_id: str) -> None:
        try:
            self.add(kind_id)
        except BadInput as error:
            self._canvas.told.emit(str(error))

    def _entry_menu(self, one: object, at: QPoint) -> None:
        menu = new_menu(self._canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if isinstance(one, Comparison):
            entry(menu, f"Remove {one.symbol}", lambda: self.compare_removed.emit(one.symbol))
        elif isinstance(one, Study):
            entry(menu, "Settings…", lambda: self.edit(one))
            entry(menu, "Hide", lambda: self.turn(one))
            entry(menu, "Remove", lambda: self.remove(one))
        menu.popup(at)

    # templates

    def use(self, name: str) -> None:
        """Have a template's studies in place of these."""
        found = [study_from(words) for words in self.templates.get(name, [])]
        self.show([study for study in found if study is not None])

    def _ask_name(self) -> None:
        self._prompt.ask("Name", "Name this set of indicators; a name that exists is replaced.", self.save)

    def save(self, name: str) -> None:
        """Keep these studies as a template. Raises BadInput for a name that cannot be used."""
        tidy = name.strip()
        if not 0 < len(tidy) <= LONGEST or not tidy.isprintable():
            raise BadInput(f"Give the template a name of up to {LONGEST} characters.")
        self.templates = {**self.templates, tidy: [study.words() for study in self.studies]}
        self.templates_changed.emit(self.templates)

    def forget(self, name: str) -> None:
        """Delete a template."""
        self.templates = {other: held for other, held in self.templates.items() if other != name}
        self.templates_changed.emit(self.templates)

    def show_templates(self, templates: Mapping[str, object]) -> None:
        """The person's templates as kept."""
        self.templates = {name: list(held) for name, held in templates.items() if isinstance(held, list)}
