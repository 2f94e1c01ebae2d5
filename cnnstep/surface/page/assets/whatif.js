import { make, part, say } from "./dom.js";
import { ACTIVATIONS } from "./functions.js";
import { number } from "./board.js";
import { read, written } from "./numbers.js";
import { yaml } from "./yaml.js";

/**
 * @typedef {import("./lesson.js").Lesson} Lesson
 * @typedef {import("./board.js").Board} Board
 */

/** What if: numbers changed in place, the learning rate and the activation chosen; undo, reset, and the scenario as YAML. */
export class WhatIf {
  /** @param {Lesson} lesson @param {Board} board */
  constructor(lesson, board) {
    this.lesson = lesson;
    this.board = board;
    board.element.addEventListener("dblclick", (event) => this.begin(event));
    board.element.addEventListener("keydown", (event) => {
      const { key } = event;
      const typed = /^[-−0-9.]$/.test(key) && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (key === "Enter" || key === "F2" || typed) this.begin(event, typed ? key : undefined);
    });
    board.element.addEventListener("focusout", (event) => {
      if (/** @type {Element} */ (event.target).matches("td input")) this.end();
    });
  }

  /** An input in the place of the number. @param {Event} event @param {string} [typed] */
  begin(event, typed) {
    const cell = /** @type {Element} */ (event.target).closest("td");
    const place = cell && this.board.places.get(cell);
    if (!place || event.target instanceof HTMLInputElement || !this.lesson.isEditable(place.name) || this.board.isLarge(place.name)) return;
    event.preventDefault();
    const label = this.lesson.model.label(place.name, place.flat);
    const value = typed ?? written(this.lesson.values[place.name][place.flat], 15);
    const input = make("input", { type: "text", inputmode: "decimal", "aria-label": `${label}, new value`, value });
    input.addEventListener("keydown", (pressed) => {
      pressed.stopPropagation();
      if (pressed.key === "Escape") this.end(cell);
      if (pressed.key === "Enter") this.take(cell, place, input);
    });
    number(cell).replaceChildren(input);
    input.focus();
    if (typed === undefined) input.select();
    else input.setSelectionRange(value.length, value.length);
  }

  /** @param {HTMLTableCellElement} cell @param {import("./board.js").Place} place @param {HTMLInputElement} input */
  take(cell, { name, flat }, input) {
    const value = read(input.value);
    if (Number.isNaN(value)) {
      input.setAttribute("aria-invalid", "true");
      say(`${input.value} is no number`);
      return;
    }
    cell.focus();
    this.lesson.change(name, flat, value);
  }

  /** Puts the number back. @param {HTMLTableCellElement} [cell] */
  end(cell) {
    cell?.focus();
    this.lesson.tell("iteration");
  }

  /** The rate, the activation, and what became of them. */
  draw() {
    const { lesson } = this;
    const element = part("whatif");
    if (!lesson.isEditable("input")) {
      const why = lesson.data.quiz ? "" : "The numbers of this scenario can't be worked out anew in the page: what is shown is the engine's own run.";
      element.replaceChildren(...(why ? [make("p", { class: "quiet no-print" }, why)] : []));
      return;
    }
    const hint = "Change any number with a dotted line under it: type it in its place. Everything follows at once, as a run of your own from the numbers on the screen.";
    element.replaceChildren(
      make("h2", {}, "What if"),
      make("p", { class: "quiet" }, hint),
      make("div", { class: "row" }, this.rate(), ...this.activations()),
      ...this.yaml(),
    );
    this.drawBanner();
  }

  rate() {
    const { lesson } = this;
    const input = make("input", { type: "text", inputmode: "decimal", value: written(lesson.question.leaves.learning_rate[0], 12) });
    input.addEventListener("change", () => {
      const value = read(input.value);
      if (value > 0) lesson.change("learning_rate", 0, value);
      else input.setAttribute("aria-invalid", "true");
    });
    return make("label", {}, "learning rate η", input);
  }

  activations() {
    const { lesson } = this;
    if (lesson.data.activationIsFixed) return [];
    return lesson.data.activations.map(({ layer }) => {
      const chosen = lesson.question.activations[layer];
      const options = Object.keys(ACTIVATIONS).map((name) => make("option", { value: name, selected: name === chosen }, name));
      const select = make("select", {}, ...options);
      select.addEventListener("change", () => lesson.changeActivation(layer, select.value));
      return make("label", {}, layer || "activation", select);
    });
  }

  yaml() {
    const { lesson } = this;
    const text = yaml(lesson.data, lesson.question);
    const use = lesson.changed ? "Your scenario as YAML" : "This scenario as YAML";
    const copy = make("button", { type: "button", onclick: () => this.copy(text) }, "Copy");
    const words = make("p", { class: "quiet" }, "Saved as my.yaml, it runs in a terminal: ", make("code", {}, "cnnstep run my.yaml"), " ", copy);
    const pre = make("pre", { tabindex: 0, role: "region", "aria-label": use }, text);
    return [make("details", { class: "no-print" }, make("summary", {}, use), pre, words)];
  }

  /** @param {string} text */
  copy(text) {
    const told = () => say("Copied.");
    navigator.clipboard?.writeText(text).then(told, () => say("It can't be copied here; select it instead."));
  }

  drawBanner() {
    const { lesson } = this;
    const element = part("notices");
    element.replaceChildren();
    if (!lesson.changed) return;
    element.append(
      make(
        "div",
        { class: "banner" },
        make("span", {}, "Your own run: its iteration 0 is what was on the screen, with your change."),
        make("button", { type: "button", onclick: () => lesson.undo() }, "Undo"),
        make("button", { type: "button", onclick: () => lesson.reset() }, "Reset"),
      ),
    );
    say("Everything was worked out anew.");
  }
}
