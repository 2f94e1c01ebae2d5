import { make } from "./dom.js";
import { sizeOf } from "./evaluate.js";
import { written } from "./numbers.js";

/**
 * @typedef {import("./model.js").Model} Model
 * @typedef {import("./evaluate.js").Values} Values
 * @typedef {{name: string, flat: number}} Place
 */

const MOST_READ = 64;
const MOST_OPEN = 800;
const WIDEST = 12;

/** The matrices of the chain, in their places; it knows which cell stands for which number. */
export class Board {
  /** @param {Model} model @param {string} [only] what is said before each name, where there is a second chain */
  constructor(model, only = "") {
    this.model = model;
    this.prefix = only;
    /** @type {Record<string, (HTMLTableCellElement | undefined)[]>} */
    this.cells = {};
    /** @type {Map<HTMLTableCellElement, Place>} */
    this.places = new Map();
    /** @type {Map<HTMLTableCellElement, string>} what each cell is painted with, so that it is painted once */
    this.colours = new Map();
    /** @type {Record<string, HTMLElement>} */
    this.tiles = {};
    this.sample = 0;
    this.element = make("div", { class: model.data.layered ? "layers" : "chain" });
    this.build();
  }

  build() {
    const { stations, layered } = this.model.data;
    this.element.replaceChildren();
    this.cells = {};
    this.places.clear();
    this.colours.clear();
    const forward = stations.map((station) => station.forward);
    const backward = stations.map((station) => station.backward);
    if (!layered) {
      this.element.append(this.lane("forward", "Forward →", forward), this.lane("backward", "Backward", backward));
      return;
    }
    const all = Object.keys(this.model.data.tiles).reduce((sum, name) => sum + sizeOf(this.shown(name)), 0);
    stations.forEach(({ title }, k) => {
      const both = make("div", { class: "both" }, this.lane("forward", "Forward ↓", [forward[k]]));
      const now = backward[k].filter((name) => !this.model.data.tiles[name].remembered);
      const later = backward[k].filter((name) => this.model.data.tiles[name].remembered);
      if (now.length) both.append(this.lane("backward", "Backward ↑", [now]));
      if (later.length) both.append(this.memory(later));
      const open = all <= MOST_OPEN || k < 2 || k === stations.length - 1;
      const size = `${stations[k].forward.map((name) => `${this.model.quantities[name].symbol} ${this.shown(name).join("×")}`).join(" · ")}`;
      const summary = make("summary", {}, make("b", {}, title), " ", make("span", { class: "quiet" }, size));
      this.element.append(make("details", { class: "layer", open }, summary, both));
    });
  }

  /** What the optimizer remembers, out of the way. @param {string[]} names */
  memory(names) {
    const lane = make("div", { class: "lane" }, ...names.map((name) => this.tile(name)));
    return make("details", { class: "memory" }, make("summary", {}, "what the optimizer remembers"), lane);
  }

  /** Opens what a cell lies in. @param {string} name */
  reveal(name) {
    let inside = this.tiles[name]?.parentElement;
    while (inside && inside !== this.element) {
      if (inside instanceof HTMLDetailsElement) inside.open = true;
      inside = inside.parentElement;
    }
  }

  /**
   * One way through the chain, stop by stop: on the way back the last one comes first.
   * @param {string} kind
   * @param {string} title
   * @param {string[][]} stops
   */
  lane(kind, title, stops) {
    const way = make(this.model.data.layered ? "p" : "h2", { class: "way" }, title);
    if (kind === "backward" && !this.model.data.layered) way.prepend(make("span", { class: "arrow" }, "← "));
    const made = stops.map((names, k) => {
      const stop = make("div", { class: "stop" }, ...names.map((name) => this.tile(name)));
      stop.style.gridColumn = String(k + 1);
      return stop;
    });
    const there = made.filter((stop) => stop.childElementCount);
    const lane = make("div", { class: "lane" }, ...(kind === "backward" ? there.reverse() : there));
    return make("div", { class: `${kind} lanes` }, way, lane);
  }

  /** The two ways stand one over the other, stop by stop, where there is room for it. */
  align() {
    if (this.model.data.layered) return;
    const room = this.element.parentElement?.clientWidth ?? 0;
    this.element.classList.add("aligned");
    if (this.element.scrollWidth > room) this.element.classList.remove("aligned");
  }

  /** @param {string} name */
  tile(name) {
    const { word, meaning } = this.model.data.tiles[name];
    const { symbol } = this.model.quantities[name];
    const caption = make("figcaption", {}, make("abbr", { title: meaning }, symbol), word);
    const tile = make("figure", { class: "tile", "data-name": name }, caption, this.planes(name));
    if (this.isLarge(name)) tile.classList.add("shades");
    this.tiles[name] = tile;
    return tile;
  }

  /** Whether a quantity's numbers are drawn as shades. @param {string} name */
  isLarge(name) {
    const shown = this.shown(name);
    return sizeOf(shown) > MOST_READ || (shown.at(-1) ?? 1) > WIDEST;
  }

  /** The sizes that are on the board: of a batch one sample's. @param {string} name */
  shown(name) {
    const shown = this.model.shown(name);
    return this.isBatch(name) ? shown.slice(1) : shown;
  }

  /** @param {string} name */
  isBatch(name) {
    return this.model.data.tiles[name].axes[0] === "sample";
  }

  /** @param {string} name */
  planes(name) {
    const { axes } = this.model.data.tiles[name];
    const batch = this.isBatch(name);
    const shown = this.shown(name);
    const [rows, columns] = [1, 1, ...shown].slice(-2);
    const leading = shown.slice(0, -2);
    const names = (batch ? axes.slice(1) : axes).slice(0, leading.length);
    const size = rows * columns;
    const begin = batch ? this.sample * sizeOf(shown) : 0;
    this.cells[name] = [];
    const planes = make("div", { class: "planes" });
    for (let plane = 0; plane < sizeOf(leading); plane += 1) {
      const where = names.map((axis, k) => `${axis} ${indexOf(plane, leading, k)}`).join(", ");
      planes.append(this.plane(name, where, begin + plane * size, rows, columns));
    }
    return planes;
  }

  /** @param {string} name @param {string} where @param {number} begin @param {number} rows @param {number} columns */
  plane(name, where, begin, rows, columns) {
    const { word } = this.model.data.tiles[name];
    const { symbol } = this.model.quantities[name];
    const label = `${this.prefix}${symbol} ${word}${where ? `, ${where}` : ""}`;
    const body = make("tbody");
    for (let row = 0; row < rows; row += 1) {
      const line = make("tr");
      for (let column = 0; column < columns; column += 1) {
        const flat = begin + row * columns + column;
        const cell = make("td", { tabindex: row || column ? -1 : 0, role: "gridcell" });
        this.cells[name][flat] = cell;
        this.places.set(cell, { name, flat });
        line.append(cell);
      }
      body.append(line);
    }
    const table = make("table", { role: "grid", "aria-label": label }, body);
    const grid = make("div", { class: "grid" }, table);
    return make("div", { class: "plane" }, ...(where ? [make("small", {}, where)] : []), grid);
  }

  /** Writes the numbers. @param {Values} values @param {(name: string) => boolean} hidden */
  fill(values, hidden) {
    for (const name of Object.keys(this.cells)) {
      const large = this.isLarge(name);
      const most = furthest(values[name]);
      this.cells[name].forEach((cell, flat) => {
        if (!cell) return;
        const blank = hidden(name);
        const value = values[name][flat];
        const colour = blank ? "" : tint(value, most, large);
        if (this.colours.get(cell) !== colour) cell.style.backgroundColor = colour;
        this.colours.set(cell, colour);
        if (!large && !(blank && cell.querySelector("input"))) number(cell).textContent = blank ? "" : written(value);
      });
    }
  }

  /** Room for the longest number of a run, so that nothing moves. @param {string} name @param {number} characters */
  widen(name, characters) {
    for (const cell of this.cells[name]) if (cell) cell.style.minWidth = `${Math.max(3, characters) * 0.53 + 0.85}rem`;
  }
}

/** @param {number} plane @param {number[]} leading @param {number} axis */
function indexOf(plane, leading, axis) {
  return Math.floor(plane / sizeOf(leading.slice(axis + 1))) % leading[axis];
}

/** The place in a cell where its number stands. @param {HTMLTableCellElement} cell @returns {HTMLElement} */
export function number(cell) {
  const there = cell.querySelector(".number");
  if (there) return /** @type {HTMLElement} */ (there);
  const made = make("span", { class: "number" });
  cell.prepend(made);
  return made;
}

/** @param {ArrayLike<number>} list */
function furthest(list) {
  let most = 0;
  for (let k = 0; k < list.length; k += 1) if (Math.abs(list[k]) > most) most = Math.abs(list[k]);
  return most;
}

/**
 * A number's colour: blue above 0, orange below, the stronger the further from it.
 * @param {number} value
 * @param {number} most
 * @param {boolean} strong
 */
function tint(value, most, strong) {
  if (!value || !Number.isFinite(value) || !most) return strong ? "rgba(128, 128, 128, 0.08)" : "";
  const share = Math.min(1, Math.abs(value) / most);
  const colour = value > 0 ? "--positive" : "--negative";
  return `rgba(var(${colour}), ${strong ? (0.1 + 0.9 * share).toFixed(3) : `calc(var(--tint) * ${share.toFixed(3)})`})`;
}
