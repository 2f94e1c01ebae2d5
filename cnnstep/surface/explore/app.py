"""The screen of `explore`: it takes keys and the mouse, and draws anew only those lines that have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.screen import Screen as Page
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from cnnstep.errors import InputError
from cnnstep.surface.explore.picture import Painter, Scene
from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen, to_ascii
from cnnstep.tutor.document import Block, Document
from cnnstep.tutor.explore.explorer import Explorer
from cnnstep.tutor.explore.keys import BY_KEY, KEYS
from cnnstep.tutor.session.commands import advance
from cnnstep.tutor.session.completion import completions

if TYPE_CHECKING:
    from cnnstep.tutor.session.state import Saving

HINT = "Enter edit  w why  : command  ? keys  q quit  Shift selects text"
OWN_KEYS = (
    ("Enter", "change the number: input, weights and target; all others follow"),
    ("w", "the whole working of the number, to scroll through"),
    ("g", "guess the matrix: it is blanked, and what you type is marked"),
    ("s", "save the scenario as it is now"),
    ("c", "copy the matrix as text"),
    (":", "any line of a session: set learning_rate 0.1, run 10, explain relu, findings"),
    ("?", "this list"),
    ("Esc", "close what is open, take back what is half typed"),
    ("Ctrl-P", "every command by its name"),
    ("q, Ctrl-C", "leave; a line that is half typed goes first"),
    ("Shift", "with the mouse selects text, as in any terminal"),
)


class BoardView(Widget):
    """The lines of the board; a line that is as it was is not drawn again."""

    can_focus = True
    picture: Scene | None = None

    def render_line(self, y: int) -> Strip:
        """One line, as wide as the screen."""
        lines = self.picture.lines if self.picture else ()
        text = lines[y] if y < len(lines) else Text()
        return Strip(text.render(self.app.console)).adjust_cell_length(self.size.width)

    def show(self, picture: Scene) -> int:
        """Another picture; how many lines of it are drawn anew."""
        before = self.picture.lines if self.picture else ()
        self.picture = picture
        changed = [y for y, line in enumerate(picture.lines) if y >= len(before) or before[y] != line]
        gone = range(len(picture.lines), len(before))
        for y in (*changed, *gone):
            self.refresh(Region(0, y, self.size.width, 1))
        return len(changed)


class Completing(Suggester):
    """The first word that a line could go on with, from the session's own registry."""

    def __init__(self, place: Callable[[], Explorer]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.place = place

    async def get_suggestion(self, value: str) -> str | None:
        """The line with its last word completed."""
        found = completions(self.place().session, value) if value else ()
        return value[: len(value) - len(value.split(" ")[-1])] + f"{found[0]} " if found else None


class ExploreApp(App[int]):
    """The board, a line to type in, and a pane for longer answers, of which one is open at most."""

    CSS = """
    Screen { background: ansi_default; color: ansi_default; }
    #board { height: 1fr; background: ansi_default; color: ansi_default; }
    #hint, #line { height: 1; border: none; padding: 0; background: ansi_default; color: ansi_default; }
    #pane { height: 1fr; display: none; background: ansi_default; color: ansi_default; }
    #line { display: none; }
    """
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, here: Explorer, screen: Screen, save: Callable[[Saving], str]) -> None:
        super().__init__(ansi_color=True)
        self.here, self.output, self.save_file = here, screen, save
        self.painter = Painter(screen)
        self.asked = ""

    def compose(self) -> ComposeResult:
        """The board above, the pane in its place when it is open, one line below."""
        yield BoardView(id="board")
        with VerticalScroll(id="pane"):
            yield Static(id="answer", markup=False)
        yield Input(id="line", suggester=Completing(lambda: self.here), select_on_focus=False)
        yield Static(self.said(HINT), id="hint", markup=False)

    def said(self, text: str) -> str:
        """The text in signs that the terminal has."""
        return to_ascii(text) if self.output.ascii else text

    def on_mount(self) -> None:
        """The keys go to the board."""
        self.query_one(BoardView).focus()

    def on_resize(self) -> None:
        """The board is laid out anew for another size."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """The board as it is now, without the lines that stay."""
        board = self.query_one(BoardView)
        if board.size.width and board.size.height:
            board.show(self.painter.picture(self.here, board.size.width, board.size.height))

    def goes_to(self, here: Explorer) -> None:
        """Another place."""
        self.here = here
        self.draw()

    async def on_event(self, event: events.Event) -> None:
        """Keys of the board come before the screen's own; while something is typed, only those that end it."""
        if isinstance(event, events.Key) and len(self.screen_stack) == 1 and self.pressed(event):
            event.stop()
            return
        await super().on_event(event)

    def pressed(self, event: events.Key) -> bool:
        """Whether the key was ours."""
        line, pane = self.query_one("#line", Input), self.query_one("#pane")
        if event.key == "ctrl+c":
            self._interrupt(line)
        elif event.key == "escape":
            self._close()
        elif line.display:
            return self._completes(event.key, line)
        elif pane.display:
            if event.key not in ("q", "w", "question_mark"):
                return False
            self._close()
        else:
            return self.on_board(event.key)
        return True

    def _completes(self, key: str, line: Input) -> bool:
        if key != "tab":
            return False
        line.action_cursor_right()  # at the end of a line it takes what is suggested
        return True

    def on_board(self, key: str) -> bool:
        """Whether it is a key of the board; and if it is, what it does."""
        own = {
            "enter": self._edit,
            "w": lambda: self.types(f"why {self.here.focus} {' '.join(map(str, self.here.cell))}"),
            "g": self._guess,
            "s": lambda: self._ask("save", "save "),
            "c": self._copy,
            "colon": lambda: self._ask("line", ""),
            "question_mark": self._help,
            "q": lambda: self.exit(0),
        }
        if key in BY_KEY:
            self.goes_to(BY_KEY[key].press(self.here))
        elif key in own:
            own[key]()
        else:
            return False
        return True

    def _interrupt(self, line: Input) -> None:
        if line.display and line.value:
            line.value = ""
        elif line.display:
            self._close()
        else:
            self.exit(130)

    def _close(self) -> None:
        session = self.here.session
        if session.guess is not None:
            self.here = replace(self.here, session=replace(session, guess=None))
        self.asked = ""
        self.query_one("#line").display = self.query_one("#pane").display = False
        self.query_one("#hint").display = self.query_one("#board").display = True
        self.query_one(BoardView).focus()
        self.goes_to(replace(self.here, message="", mistake=""))

    def _edit(self) -> None:
        if self.here.fixed:
            self.goes_to(self.here.told(self.here.fixed))
        else:
            self._ask("edit", "")

    def _ask(self, what: str, begun: str) -> None:
        line = self.query_one("#line", Input)
        matrix = self.here.matrix.quantity.symbol
        words = {"edit": f"another number for this cell of {matrix}", "guess": f"{matrix}: rows, with ; between them"}
        self.asked, line.value = what, begun
        line.placeholder = self.said(words.get(what, "a line of a session; Tab completes"))
        line.display, self.query_one("#hint").display = True, False
        line.cursor_position = len(begun)
        line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What was typed: a number, a matrix, a line."""
        asked, value = self.asked, event.value.strip()
        if not value:
            self._close()
        elif asked == "edit":
            here = self.here.edited(value)
            self._close()
            self.goes_to(here)
        else:
            guessing = asked == "guess"
            if not guessing:
                self._close()
            self.types(value)

    def types(self, line: str) -> None:
        """A line of a session; what it answers is opened in the pane."""
        focus = self.here.focus
        names = self.here.lesson.names
        position = names.index(focus) if focus in names and self.here.session.guess is None else None
        session = self.here.session if position is None else replace(self.here.session, position=position)
        try:
            session, reply = advance(session, line)
        except InputError as error:
            self.goes_to(self.here.told(error.faults[0].what))
            return
        if session.done:
            self.exit(0)
            return
        self.here = self.here.after(session)
        if session.guess is not None:
            self._ask("guess", "")
        elif self.asked == "guess":
            self._close()
        if reply.save:
            self.goes_to(self.here.told(self.save_file(reply.save)))
            return
        self.draw()
        if reply.blocks:
            self.opens(reply.blocks)

    def opens(self, blocks: tuple[Block, ...]) -> None:
        """The pane, with an answer that can be scrolled; Esc closes it."""
        width = max(self.size.width - 2, 20)
        text = render(Document(blocks, self.here.session.style), replace(self.output, width=width, colour=False))
        self.tells(text)

    def tells(self, text: str) -> None:
        """A text in the pane."""
        pane = self.query_one("#pane", VerticalScroll)
        self.query_one("#answer", Static).update(Text(text + self.said("\nEsc closes this.")))
        pane.display, self.query_one("#board").display = True, False
        pane.scroll_home(animate=False)
        if not self.query_one("#line").display:
            pane.focus()

    def _guess(self) -> None:
        here = self.here
        if here.matrix.step is None:
            self.goes_to(here.told("This matrix is given. Tab goes to one that is worked out."))
            return
        before = here.lesson.names.index(here.focus) - 1
        session, reply = advance(replace(here.session, position=before), "guess")
        if session.guess is None:
            self.opens(reply.blocks)
            return
        self.here = replace(here, session=session, message="", mistake="")
        self.draw()
        self._ask("guess", "")

    def _copy(self) -> None:
        here = self.here
        text = here.session.style.text
        shown = here.shown(here.focus)
        plane = shown[here.cell[:-2]].reshape(-1, shown.shape[-1] if shown.ndim else 1)
        self.copy_to_clipboard("\n".join(" ".join(text(float(value)) for value in row) for row in plane))
        self.goes_to(here.told(f"{here.matrix.quantity.symbol} is copied, a row on each line."))

    def _help(self) -> None:
        rows = [*((one.name, one.help) for one in KEYS), *OWN_KEYS]
        signs = "[ ] the number under the cursor   ▸ what it is made of   ▹ what it goes on to   ✝ dead: slope 0"
        self.tells(self.said("\n".join((f"{signs}\n", *(f"{name:<10} {words}" for name, words in rows)))))

    def on_click(self, event: events.Click) -> None:
        """A number is chosen with the mouse, an iteration on the loss curve."""
        picture = self.query_one(BoardView).picture
        if picture is None or not self.query_one("#board").display:
            return
        y, left, iterations = picture.curve
        if event.screen_y == y and 0 <= event.screen_x - left < len(iterations):
            self.goes_to(self.here.at(iterations[event.screen_x - left]))
        for hit in picture.hits:
            if hit.y == event.screen_y and hit.left <= event.screen_x < hit.right:
                plane = self.here.planes.get(hit.name, ())
                shape = self.here.shown(hit.name).shape
                leading = plane if len(plane) == max(len(shape) - 2, 0) else (0,) * max(len(shape) - 2, 0)
                self.goes_to(self.here.on(hit.name, (*leading, *hit.cell[2 - min(len(shape), 2) :])))
                return

    def get_system_commands(self, screen: Page[object]) -> Iterable[SystemCommand]:
        """The palette: every key of the board by what it does."""
        for one in KEYS:
            yield SystemCommand(one.help, f"key {one.name}", lambda one=one: self.goes_to(one.press(self.here)))
        yield SystemCommand("leave", "key q", lambda: self.exit(0))
