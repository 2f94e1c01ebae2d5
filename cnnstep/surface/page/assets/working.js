import { Slide } from "./cursor.js";
import { make, part } from "./dom.js";
import { mathml } from "./mathml.js";
import { asFactor, read, written } from "./numbers.js";

/**
 * @typedef {import("./lesson.js").Lesson} Lesson
 * @typedef {import("./cursor.js").Cursor} Cursor
 * @typedef {import("./evaluate.js").Term} Term
 * @typedef {import("./evaluate.js").Part} Part
 * @typedef {import("./board.js").Place} Place
 */

const MOST_PRODUCTS = 12;
const MOST_EFFECTS = 12;
const KEYS = "Choose any number. On a keyboard: Tab to the next matrix, arrow keys inside one, [ and ] for the iteration.";

/** Where the number under the cursor comes from: its products and their sum; and where it goes on to. */
export class Working {
  /** @param {Lesson} lesson @param {Cursor} cursor */
  constructor(lesson, cursor) {
    this.lesson = lesson;
    this.cursor = cursor;
    this.slide = new Slide(lesson, cursor);
    this.all = false;
    this.hint = false;
    /** @type {import("./mistaken.js").Mistaken | undefined} */
    this.mistaken = undefined;
    this.element = part("working");
  }

  draw() {
    const { cursor } = this.lesson;
    if (!cursor) {
      this.element.replaceChildren(...this.welcome());
      return;
    }
    const { name } = cursor;
    const tile = this.lesson.model.data.tiles[name];
    const head = [make("h2", {}, this.title(cursor)), make("p", { class: "quiet" }, `${tile.word}: ${tile.meaning}.`)];
    if (this.mistaken && !this.lesson.changed) head.push(this.besideMistake(cursor));
    const blank = this.lesson.isHidden(name);
    const terms = blank && !this.hint ? [] : this.lesson.terms(cursor);
    const lines = tile.formula ? this.formula(name).split(/, (?=\S+ = )/) : [];
    const formula = lines.map((line) => make("p", { class: "formula" }, mathml(line)));
    const body = terms.length ? this.products(cursor, terms) : blank ? [this.offer()] : this.given(cursor);
    const more = [...this.loupe(cursor), ...this.goesOn(cursor), ...(blank ? [] : [this.play(cursor)])];
    this.element.replaceChildren(...head, ...formula, ...body, ...more, make("p", { class: "quiet small no-print" }, KEYS));
    const table = this.element.querySelector(".products");
    const room = table?.parentElement;
    if (table && room && room.scrollWidth > room.clientWidth) table.classList.add("stacked");
  }

  welcome() {
    return [
      make("h2", {}, "Choose any number"),
      make("p", {}, "It shows what it is made of, with every product and their sum, and what it goes on to."),
      make("p", { class: "quiet no-print" }, KEYS),
    ];
  }

  /** @param {Place} place */
  besideMistake(place) {
    const value = this.mistaken?.value(place);
    return make("p", {}, `With the mistake: ${value === undefined ? "none" : written(value)}`);
  }

  /** In a quiz, what a blank is made of is shown when it is asked for. */
  offer() {
    const show = () => {
      this.hint = true;
      this.draw();
      this.cursor.draw();
    };
    return make("p", {}, make("button", { type: "button", onclick: show }, "A hint: what is it made of?"));
  }

  /** @param {Place} place */
  title({ name, flat }) {
    const label = this.lesson.model.label(name, flat);
    return this.lesson.isHidden(name) ? label : `${label} = ${written(this.lesson.values[name][flat])}`;
  }

  /** The formula, with the activation that the learner has chosen. @param {string} name */
  formula(name) {
    const { data, question } = this.lesson;
    const formula = data.tiles[name].formula ?? "";
    const layer = data.activations.find(({ steps }) => steps.includes(name));
    return layer ? formula.replace(layer.name, question.activations[layer.layer]) : formula;
  }

  /** @param {Place} place @param {Term[]} terms */
  products(place, terms) {
    const hidden = this.lesson.isHidden(place.name);
    const shown = this.all ? terms : terms.slice(0, MOST_PRODUCTS);
    const rows = shown.map((term) => this.product(term, hidden));
    const rest = terms.slice(shown.length);
    if (rest.length) rows.push(this.rest(rest, hidden));
    const table = make("table", { class: "products" }, make("tbody", {}, ...rows));
    const value = this.lesson.values[place.name][place.flat];
    const others = this.others(value, terms);
    if (others) table.tBodies[0].append(others);
    if ((terms.length > 1 || others) && !hidden) {
      const total = written(value);
      const sum = make("tr", {}, make("th", { scope: "row", colspan: 2 }, "together"), make("td", { class: "value" }, total));
      table.append(make("tfoot", {}, sum));
    }
    return [make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Products" }, table)];
  }

  /** @param {Term} term @param {boolean} hidden */
  product({ parts, value }, hidden) {
    const labels = make("td");
    const minus = parts[0]?.constant && parts[0].value === -1 && parts.length > 1;
    const written_ = minus ? parts.slice(1) : parts;
    if (minus) labels.append("−");
    written_.forEach((one, k) => labels.append(k ? " · " : "", this.label(one)));
    const hides = hidden || parts.some((one) => one.reads.some(([name]) => this.lesson.isHidden(name)));
    const numbers = hides ? "" : `${minus ? "−" : ""}${written_.map((one) => asFactor(one.value)).join(" · ")}`;
    const alone = written_.length === 1 && !minus;
    const word = hides ? "" : noteOf(parts, value);
    return make(
      "tr",
      { class: value === 0 && !hides ? "zero" : "" },
      labels,
      make("td", { class: "numbers" }, alone || hides ? "" : `= ${numbers}`),
      make("td", { class: "value" }, hides ? "" : `= ${written(value)}`),
      make("td", { class: "reason" }, word),
    );
  }

  /** Of a large batch, what the samples add that are not shown. @param {number} value @param {Term[]} terms */
  others(value, terms) {
    const { sampleOf } = this.lesson.data;
    const left = terms.reduce((rest, term) => rest - term.value, value);
    if (!sampleOf || Math.abs(left) <= 1e-9 * Math.max(1, Math.abs(value))) return null;
    const words = make("td", { colspan: 2 }, `the other ${sampleOf[1] - 1} samples`);
    return make("tr", {}, words, make("td", { class: "value" }, `= ${written(left)}`), make("td"));
  }

  /** @param {Term[]} rest @param {boolean} hidden */
  rest(rest, hidden) {
    const total = rest.reduce((sum, { value }) => sum + value, 0);
    const more = make("button", { type: "button", class: "plain", onclick: () => this.showAll() }, `${rest.length} more products`);
    const value = make("td", { class: "value" }, hidden ? "" : `= ${written(total)}`);
    return make("tr", {}, make("td", { colspan: 2 }, "… ", more), value, make("td"));
  }

  showAll() {
    this.all = true;
    this.draw();
    this.all = false;
  }

  /** A factor by its name: a number that was read leads to its place. @param {Part} factor */
  label(factor) {
    if (factor.constant) return written(factor.value);
    if (factor.padded) return "0";
    const [name, flat] = factor.reads[0] ?? [];
    if (name === undefined) return factor.call ?? "";
    const own = this.lesson.model.label(name, flat);
    const text = factor.call ? called(factor.call, own, factor.reads) : own;
    if (!this.lesson.model.data.tiles[name]) return text;
    const { word, meaning } = this.lesson.model.data.tiles[name];
    const given = { type: "button", class: "plain", title: `${word}: ${meaning}` };
    return make("button", { ...given, onclick: () => this.cursor.go({ name, flat }) }, text);
  }

  /** @param {Place} place */
  given({ name, flat }) {
    const { lesson } = this;
    const from = lesson.run.program.carried[name];
    const words =
      from && lesson.iteration
        ? `It was worked out in iteration ${lesson.iteration - 1}.`
        : lesson.model.quantities[name].kind === "memory"
          ? "It is the 0 that it begins with."
          : "It is given.";
    const made = lesson.step(name) ? "Its products can't be worked out in the page." : words;
    const told = make("p", {}, made);
    if (!lesson.isEditable(name)) return [told];
    const label = lesson.model.label(name, flat);
    const input = make("input", { type: "text", inputmode: "decimal", size: 8, value: written(lesson.values[name][flat]) });
    input.setAttribute("aria-label", `What if ${label} were`);
    const form = make(
      "form",
      { class: "row no-print", onsubmit: (event) => this.changed(event, { name, flat }, input) },
      make("span", {}, "What if it were"),
      input,
      make("button", {}, "Change"),
    );
    return [told, form];
  }

  /** @param {Event} event @param {Place} place @param {HTMLInputElement} input */
  changed(event, { name, flat }, input) {
    event.preventDefault();
    const value = read(input.value);
    if (Number.isNaN(value)) {
      input.setAttribute("aria-invalid", "true");
      input.focus();
      return;
    }
    this.lesson.change(name, flat, value);
  }

  /** Of a matrix that is drawn as shades, the numbers around the cursor. @param {Place} place */
  loupe({ name, flat }) {
    if (!this.cursor.board.isLarge(name) || this.lesson.isHidden(name)) return [];
    const cell = this.cursor.board.cells[name]?.[flat];
    const table = /** @type {HTMLTableElement | null} */ (cell?.closest("table"));
    if (!cell || !table) return [];
    const row = /** @type {HTMLTableRowElement} */ (cell.parentElement).rowIndex;
    const column = cell.cellIndex;
    const first = [around(row, table.rows.length), around(column, table.rows[0].cells.length)];
    const body = make("tbody");
    for (let r = first[0]; r < Math.min(first[0] + 5, table.rows.length); r += 1) {
      const line = make("tr");
      for (let c = first[1]; c < Math.min(first[1] + 5, table.rows[r].cells.length); c += 1) {
        const there = this.cursor.board.places.get(table.rows[r].cells[c]);
        const value = there ? written(this.lesson.values[name][there.flat], 3) : "";
        line.append(make("td", { class: r === row && c === column ? "here" : "" }, value));
      }
      body.append(line);
    }
    const caption = make("caption", { class: "unseen" }, "The numbers around it");
    return [make("div", { class: "scroll" }, make("table", { class: "loupe" }, caption, body))];
  }

  /** @param {Place} place */
  goesOn({ name, flat }) {
    const found = this.lesson.model.effects(name, flat).filter(([step]) => this.lesson.model.data.tiles[step]);
    if (!found.length) return [];
    const chips = found.slice(0, MOST_EFFECTS).map(([step, at]) => {
      const go = () => this.cursor.go({ name: step, flat: at });
      return make("button", { type: "button", onclick: go }, this.lesson.model.label(step, at));
    });
    const more = found.length > MOST_EFFECTS ? [`and ${found.length - MOST_EFFECTS} more`] : [];
    return [make("p", { class: "chips" }, "goes on to", ...chips, ...more)];
  }

  /** @param {Place} place */
  play({ name }) {
    const playing = this.slide.playing;
    const toggle = () => {
      if (playing) this.slide.stop();
      else this.slide.start();
      this.draw();
      this.element.querySelector(/** @type {string} */ ("button.slide"))?.dispatchEvent(new Event("focus"));
      /** @type {HTMLElement | null} */ (this.element.querySelector("button.slide"))?.focus();
    };
    const words = playing ? "❚❚ Stop" : `▶ Slide through ${this.lesson.model.quantities[name].symbol}`;
    return make("p", { class: "no-print" }, make("button", { type: "button", class: "slide", onclick: toggle }, words));
  }
}

/** Where five numbers around this one begin. @param {number} at @param {number} length */
function around(at, length) {
  return Math.max(0, Math.min(at - 2, length - 5));
}

/**
 * `relu′(z[0,0])`: a function's name as it is written.
 * @param {string} call
 * @param {string} of
 * @param {[string, number][]} reads
 */
export function called(call, of, reads) {
  const known = {
    power: `e^${of}`,
    inverse_power_sum: "1/Σe^z",
    wins: `won(${of})`,
    shares: `share(${of})`,
    correction: "1/(1 − β^(k+1))",
    inverse_root: `1/(√(${of}/(1 − β^(k+1))) + ε)`,
    sum: reads.length > 1 ? `Σ ${of}…` : of,
    binary_cross_entropy_weight: `1/(a(1 − a))`,
    cross_entropy_slope: `−t/${of}`,
  }[call];
  if (known) return known;
  if (call.endsWith("_weight")) return { mean_squared_error_weight: "2/n", half_mean_squared_error_weight: "1/n" }[call] ?? "2";
  if (/error_slope$|entropy_slope$/.test(call)) return `∂L/∂${of}`;
  return call.endsWith("_slope") ? `${call.slice(0, -6)}′(${of})` : `${call}(${of})`;
}

/**
 * Why a product adds nothing, where there is a reason.
 * @param {Part[]} parts
 * @param {number} value
 */
function noteOf(parts, value) {
  if (value !== 0) return "";
  if (parts.some((one) => one.padded)) return "padding";
  return parts.some((one) => one.call?.endsWith("_slope") && one.value === 0) ? "inactive: slope 0" : "";
}
