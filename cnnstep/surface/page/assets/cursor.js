import { number } from "./board.js";
import { make, say } from "./dom.js";
import { written } from "./numbers.js";

/**
 * @typedef {import("./board.js").Board} Board
 * @typedef {import("./board.js").Place} Place
 * @typedef {import("./lesson.js").Lesson} Lesson
 * @typedef {import("./evaluate.js").Term} Term
 */

const MOST_PARTNERS = 16;
const LONGEST_PARTNER = 6;
const MARKED = ["made", "goes", "here", "times-here"];

/** Marks what the number under the cursor is made of, what it goes on to, and the window that it was seen through. */
export class Cursor {
  /** @param {Lesson} lesson @param {Board} board */
  constructor(lesson, board) {
    this.lesson = lesson;
    this.board = board;
    /** @type {HTMLTableCellElement[]} */
    this.marked = [];
    /** @type {Map<Element, HTMLElement>} */
    this.windows = new Map();
    this.hint = () => false;
    board.element.addEventListener("click", (event) => this.clicked(event));
    board.element.addEventListener("keydown", (event) => this.pressed(event));
    board.element.addEventListener("focusin", (event) => this.focused(event));
  }

  /** @param {Event} event @returns {HTMLTableCellElement | null} */
  cellOf(event) {
    const target = /** @type {Element} */ (event.target);
    return /** @type {HTMLTableCellElement | null} */ (target.closest("td"));
  }

  /** @param {Event} event */
  clicked(event) {
    const cell = this.cellOf(event);
    if (cell && !(/** @type {Element} */ (event.target).closest("input"))) cell.focus();
  }

  /** @param {Event} event */
  focused(event) {
    const cell = this.cellOf(event);
    const place = cell && this.board.places.get(cell);
    if (!place || event.target !== cell) return;
    const { cursor } = this.lesson;
    if (cursor?.name !== place.name || cursor.flat !== place.flat) this.lesson.point(place);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const cell = this.cellOf(event);
    if (!cell || event.target !== cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    moveIn(cell, event);
    if (key === "[" || key === "]") this.lesson.move(key === "]" ? 1 : -1);
    if (key === "Escape") this.lesson.point(null);
  }

  /** Brings the cursor to a place, and the keyboard with it. @param {Place} place */
  go(place) {
    const { lesson, board } = this;
    if (board.isBatch(place.name)) lesson.lookAt(lesson.model.cell(place.name, place.flat)[0]);
    board.reveal(place.name);
    this.board.cells[place.name]?.[place.flat]?.focus();
  }

  draw() {
    for (const cell of this.marked) {
      cell.classList.remove(...MARKED);
      cell.querySelector(".times")?.remove();
    }
    this.marked = [];
    const { cursor } = this.lesson;
    const shown = cursor && (this.hint() || !this.lesson.isHidden(cursor.name));
    const terms = shown ? this.lesson.terms(cursor) : [];
    if (cursor) this.mark(cursor, terms);
    this.drawWindows(terms);
  }

  /** @param {Place} cursor @param {Term[]} terms */
  mark(cursor, terms) {
    const { board, lesson } = this;
    board.reveal(cursor.name);
    for (const [name, flat] of readsOf(terms)) {
      board.reveal(name);
      this.add(board.cells[name]?.[flat], "made");
    }
    if (!lesson.isHidden(cursor.name)) this.partners(terms);
    for (const [name, flat] of lesson.model.effects(cursor.name, cursor.flat)) this.add(board.cells[name]?.[flat], "goes");
    const here = board.cells[cursor.name]?.[cursor.flat];
    if (!here) return;
    this.add(here, "here");
    for (const cell of here.closest("table")?.querySelectorAll("td") ?? []) cell.tabIndex = cell === here ? 0 : -1;
    const words = `${lesson.model.label(cursor.name, cursor.flat)} = ${written(lesson.values[cursor.name][cursor.flat])}`;
    here.setAttribute("aria-label", lesson.isHidden(cursor.name) ? words.split(" = ")[0] : words);
  }

  /** @param {HTMLTableCellElement | undefined} cell @param {string} mark */
  add(cell, mark) {
    if (!cell) return;
    cell.classList.add(mark);
    this.marked.push(cell);
  }

  /** Beside each number of the larger matrix, what it is multiplied by. @param {Term[]} terms */
  partners(terms) {
    const pairs = terms.map(({ parts }) => parts.filter((part) => part.reads.length === 1 && !part.call));
    if (terms.length < 2 || !pairs.every((pair) => pair.length === 2)) return;
    const sizes = [0, 1].map((k) => this.board.cells[pairs[0][k].reads[0][0]]?.length ?? 0);
    const [big, small] = sizes[0] >= sizes[1] ? [0, 1] : [1, 0];
    const words = pairs.map((pair) => `×${written(pair[small].value, 2)}`);
    if (pairs.length > MOST_PARTNERS || words.some((word) => word.length > LONGEST_PARTNER)) return;
    pairs.forEach((pair, k) => {
      const [name, flat] = pair[big].reads[0];
      const cell = this.board.cells[name]?.[flat];
      if (!cell || this.board.isLarge(name)) return;
      number(cell);
      cell.append(make("span", { class: "times", "aria-hidden": "true" }, words[k]));
      this.add(cell, "times-here");
    });
  }

  /** A frame round the numbers that were read, where they lie in a window; it slides. @param {Term[]} terms */
  drawWindows(terms) {
    /** @type {Map<Element, HTMLTableCellElement[]>} */
    const grids = new Map();
    for (const [name, flat] of terms.length > 1 ? readsOf(terms) : []) {
      const cell = this.board.cells[name]?.[flat];
      const grid = cell?.closest(".grid");
      if (cell && grid) grids.set(grid, [...(grids.get(grid) ?? []), cell]);
    }
    for (const [grid, frame] of this.windows) if ((grids.get(grid)?.length ?? 0) < 2) this.dropWindow(grid, frame);
    for (const [grid, cells] of grids) if (cells.length > 1) this.frame(grid, cells);
  }

  /** @param {Element} grid @param {HTMLElement} frame */
  dropWindow(grid, frame) {
    frame.remove();
    this.windows.delete(grid);
  }

  /** @param {Element} grid @param {HTMLTableCellElement[]} cells */
  frame(grid, cells) {
    const frame = this.windows.get(grid) ?? make("div", { class: "window" });
    const origin = grid.getBoundingClientRect();
    const boxes = cells.map((cell) => cell.getBoundingClientRect());
    const left = Math.min(...boxes.map((box) => box.left)) - origin.left;
    const top = Math.min(...boxes.map((box) => box.top)) - origin.top;
    frame.style.left = `${left - 4}px`;
    frame.style.top = `${top - 2}px`;
    frame.style.width = `${Math.max(...boxes.map((box) => box.right)) - origin.left - left + 4}px`;
    frame.style.height = `${Math.max(...boxes.map((box) => box.bottom)) - origin.top - top + 4}px`;
    grid.append(frame);
    this.windows.set(grid, frame);
  }
}

/**
 * Arrow keys go from cell to cell in a matrix, Home and End to the ends of a row.
 * @param {HTMLTableCellElement} cell
 * @param {KeyboardEvent} event
 */
export function moveIn(cell, event) {
  const { key } = event;
  const row = /** @type {HTMLTableRowElement} */ (cell.parentElement);
  const rows = /** @type {HTMLTableElement} */ (row.closest("table")).rows;
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
  let other = steps && rows[row.rowIndex + steps[0]]?.cells[cell.cellIndex + steps[1]];
  if (key === "Home") other = row.cells[0];
  if (key === "End") other = row.cells[row.cells.length - 1];
  if (steps || key === "Home" || key === "End") event.preventDefault();
  other?.focus();
}

/** @param {Term[]} terms @returns {[string, number][]} */
export function readsOf(terms) {
  const seen = new Set();
  return terms
    .flatMap(({ parts }) => parts.flatMap((part) => part.reads))
    .filter(([name, flat]) => !seen.has(`${name} ${flat}`) && seen.add(`${name} ${flat}`));
}

/** Slides over a matrix by itself. */
export class Slide {
  /** @param {Lesson} lesson @param {Cursor} cursor */
  constructor(lesson, cursor) {
    this.lesson = lesson;
    this.cursor = cursor;
    this.timer = 0;
  }

  get playing() {
    return this.timer !== 0;
  }

  start() {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.timer = window.setInterval(() => this.step(), still ? 2000 : 900);
  }

  stop() {
    window.clearInterval(this.timer);
    this.timer = 0;
  }

  step() {
    const { cursor } = this.lesson;
    const cells = cursor ? this.cursor.board.cells[cursor.name] : [];
    const after = cursor ? cursor.flat : 0;
    const next = cells.findIndex((cell, flat) => cell && flat > after);
    if (!cursor || next < 0) {
      this.stop();
      say("Every number of this matrix was shown.");
      this.lesson.tell("cell");
      return;
    }
    this.lesson.point({ name: cursor.name, flat: next });
  }
}
