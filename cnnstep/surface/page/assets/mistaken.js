import { Board } from "./board.js";
import { moveIn } from "./cursor.js";
import { make, part } from "./dom.js";
import { RecordedRun, startOf } from "./model.js";
import { written } from "./numbers.js";

/**
 * @typedef {import("./lesson.js").Lesson} Lesson
 * @typedef {import("./board.js").Place} Place
 */

const SAME = 1e-9;

/** A second chain, in which a mistake is made, under the right one: where the two part is marked. */
export class Mistaken {
  /** @param {Lesson} lesson @param {(place: Place) => void} go */
  constructor(lesson, go) {
    this.lesson = lesson;
    this.go = go;
    const { mistake } = lesson.data;
    if (!mistake) throw new Error("no mistake to show");
    this.mistake = mistake;
    this.run = new RecordedRun(mistake.program, startOf(mistake.program), mistake.run);
    this.board = new Board(lesson.model, "with the mistake: ");
    this.told = make("p");
    this.board.element.addEventListener("click", (event) => this.chosen(event));
    this.board.element.addEventListener("focusin", (event) => this.chosen(event));
    this.board.element.addEventListener("keydown", (event) => {
      const cell = /** @type {Element} */ (event.target).closest("td");
      if (cell) moveIn(cell, event);
    });
    this.element = make(
      "section",
      { class: "mistaken", "aria-label": "With the mistake" },
      make("h2", {}, `With the mistake: ${mistake.title}`, " ", make("code", {}, mistake.code)),
      make("p", {}, mistake.does),
      make("p", { class: "quiet" }, `${mistake.hurts} Instead: ${mistake.fix}`),
      this.told,
      this.board.element,
    );
    part("board").append(this.element);
  }

  /** @param {Event} event */
  chosen(event) {
    const cell = /** @type {Element} */ (event.target).closest("td");
    const place = cell && this.board.places.get(cell);
    const { cursor } = this.lesson;
    if (place && (cursor?.name !== place.name || cursor.flat !== place.flat)) this.lesson.point(place);
  }

  get values() {
    return this.run.values(Math.min(this.lesson.iteration, this.run.last));
  }

  /** What the mistake makes of a number. @param {Place} place */
  value({ name, flat }) {
    return this.values[name]?.[flat];
  }

  /** The cells where the two chains part, step by step. */
  apart() {
    const { values: right } = this.lesson;
    const { values: wrong } = this;
    return this.lesson.model.program.steps.flatMap(({ name }) => {
      const places = Array.from(right[name], (_, flat) => ({ name, flat }));
      return places.filter(({ flat }) => !(Math.abs(right[name][flat] - wrong[name][flat]) <= SAME));
    });
  }

  draw() {
    this.element.hidden = this.lesson.changed;
    if (this.lesson.changed) return;
    this.board.sample = this.lesson.sample;
    this.board.fill(this.values, () => false);
    const apart = this.apart();
    for (const [name, cells] of Object.entries(this.board.cells)) {
      const here = new Set(apart.filter((one) => one.name === name).map((one) => one.flat));
      cells.forEach((cell, flat) => {
        cell?.classList.toggle("parts", here.has(flat));
        cell?.classList.toggle("first-parts", apart[0]?.name === name && apart[0].flat === flat);
      });
    }
    this.told.replaceChildren(...this.words(apart));
  }

  /** @param {Place[]} apart */
  words(apart) {
    const [first] = apart;
    if (!first) return ["In this iteration both chains have the same numbers."];
    const label = this.lesson.model.label(first.name, first.flat);
    const right = written(this.lesson.values[first.name][first.flat]);
    const wrong = written(/** @type {number} */ (this.value(first)));
    const go = make("button", { type: "button", class: "plain", onclick: () => this.go(first) }, label);
    return ["The two part at ", go, `: right is ${right}, with the mistake it is ${wrong}. What differs is underlined.`];
  }

  /** Marks the cell that is looked at. */
  mark() {
    const { cursor } = this.lesson;
    this.here?.classList.remove("here");
    this.here = cursor ? this.board.cells[cursor.name]?.[cursor.flat] : undefined;
    this.here?.classList.add("here");
  }
}
