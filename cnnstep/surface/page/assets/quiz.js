import { number } from "./board.js";
import { make, part, say } from "./dom.js";
import { allowance, read } from "./numbers.js";

/**
 * @typedef {import("./lesson.js").Lesson} Lesson
 * @typedef {import("./board.js").Board} Board
 * @typedef {{code: string, title: string, does: string, hurts: string, fix: string, values: (number | null)[]}} Wrong
 */

/** The blanks: each number that is typed is marked, and a matrix that a known mistake gives is named. */
export class Quiz {
  /** @param {Lesson} lesson @param {Board} board */
  constructor(lesson, board) {
    this.lesson = lesson;
    this.board = board;
    /** @type {Record<string, HTMLElement>} */
    this.told = {};
    /** @type {Record<string, Map<number, HTMLInputElement>>} */
    this.inputs = {};
    const blanks = lesson.data.quiz?.blank ?? [];
    for (const name of blanks) this.blank(name);
    board.align();
    const symbols = blanks.map((name) => lesson.model.quantities[name].symbol).join(", ");
    const told = `Fill in the blanks of ${symbols}. Every number is marked as you leave it; decimals or fractions will do.`;
    part("notices").append(make("p", { class: "banner" }, told));
  }

  /** @param {string} name */
  blank(name) {
    this.inputs[name] = new Map();
    this.told[name] = make("div", { class: "verdict", role: "status" });
    this.board.cells[name].forEach((cell, flat) => {
      if (!cell) return;
      const label = this.lesson.model.label(name, flat);
      const input = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": label });
      input.addEventListener("change", () => this.typed(name, flat, input));
      input.addEventListener("focus", () => this.lesson.point({ name, flat }));
      input.addEventListener("keydown", (event) => this.pressed(event, name, flat));
      cell.tabIndex = -1;
      cell.replaceChildren(make("span", { class: "number" }), input);
      this.inputs[name].set(flat, input);
    });
    this.board.tiles[name].append(this.told[name]);
  }

  /** Enter goes on to the next blank. @param {KeyboardEvent} event @param {string} name @param {number} flat */
  pressed(event, name, flat) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const input = this.inputs[name].get(flat);
    if (input) this.typed(name, flat, input);
    if (!this.inputs[name]) return;
    const order = [...this.inputs[name].entries()].filter(([at, one]) => at !== flat && !one.value);
    (order.find(([at]) => at > flat) ?? order[0])?.[1].focus();
  }

  /** Whether what was typed for a number is this one. @param {HTMLInputElement} input @param {number | null} value */
  fits(input, value) {
    return value !== null && Math.abs(read(input.value) - value) <= allowance(input.value) * Math.max(1, Math.abs(value) * 1e-3);
  }

  /** @param {string} name @param {number} flat @param {HTMLInputElement} input */
  typed(name, flat, input) {
    if (!this.inputs[name]) return; // it is filled, and its inputs are gone
    const empty = input.value.trim() === "";
    const right = this.fits(input, this.lesson.values[name][flat]);
    const cell = input.parentElement;
    cell?.classList.toggle("is-right", !empty && right);
    cell?.classList.toggle("is-wrong", !empty && !right);
    cell?.querySelector(".mark")?.remove();
    if (!empty) cell?.append(make("span", { class: right ? "mark right" : "mark bad" }, right ? "✓" : "✗"));
    input.setAttribute("aria-invalid", String(!empty && !right));
    if (!empty) say(`${this.lesson.model.label(name, flat)}: ${right ? "right" : "not right"}`);
    this.judge(name);
    this.board.align();
  }

  /** @param {string} name */
  judge(name) {
    const inputs = [...this.inputs[name].entries()];
    const done = inputs.filter(([, input]) => input.value.trim() !== "");
    const right = done.filter(([flat, input]) => this.fits(input, this.lesson.values[name][flat]));
    if (right.length === inputs.length) {
      this.solve(name, "Right, every number.");
      return;
    }
    if (done.length < inputs.length) {
      this.told[name].replaceChildren();
      return;
    }
    const known = this.mistakesOf(name);
    const turned = inputs.every(([flat, input]) => this.fits(input, -this.lesson.values[name][flat]));
    const here = this.lesson.data.tiles.error.formula;
    const other = `Every number has the other sign: with an error of the other sign they would be right, and here ${here}.`;
    const count = turned ? other : `${right.length} of ${inputs.length} are right.`;
    const show = make("button", { type: "button", class: "plain", onclick: () => this.solve(name, "Shown.") }, "Show the right numbers");
    this.told[name].replaceChildren(make("p", {}, known.length ? "" : count), ...known.map(words), make("p", {}, show));
  }

  /** The mistakes that give exactly what was typed, each once. @param {string} name @returns {Wrong[]} */
  mistakesOf(name) {
    /** @type {Wrong[]} */
    const wrong = this.lesson.data.quiz?.wrong[name] ?? [];
    const inputs = [...this.inputs[name].entries()];
    const found = wrong.filter(({ values }) => inputs.every(([flat, input]) => this.fits(input, values[flat])));
    return found.filter(({ code }, k) => found.findIndex((one) => one.code === code) === k);
  }

  /** @param {string} name @param {string} told */
  solve(name, told) {
    for (const [flat] of this.inputs[name]) {
      const cell = this.board.cells[name][flat];
      if (!cell) continue;
      cell.classList.remove("is-right", "is-wrong");
      cell.replaceChildren();
      number(cell);
    }
    this.told[name].replaceChildren(make("p", { class: "right" }, `✓ ${told}`));
    delete this.inputs[name];
    this.lesson.fill(name);
    say(told);
    const next = Object.values(this.inputs)[0];
    (next ? next.values().next().value : this.board.cells[name].find((cell) => cell))?.focus();
  }
}

/** @param {Wrong} wrong */
function words({ title, code, does, hurts, fix }) {
  const name = make("b", { class: "wrong" }, `${title.charAt(0).toUpperCase()}${title.slice(1)}.`);
  return make("p", {}, name, " ", make("code", {}, code), ` ${does} ${hurts} Instead: ${fix}`);
}
