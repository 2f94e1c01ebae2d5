import { Evaluator, cellOf, flatOf, sizeOf } from "./evaluate.js";
import { ACTIVATIONS } from "./functions.js";

/**
 * What the page is filled with.
 * @typedef {import("./evaluate.js").Program} Program
 * @typedef {import("./evaluate.js").Values} Values
 * @typedef {import("./evaluate.js").Term} Term
 * @typedef {import("./evaluate.js").Step} Step
 * @typedef {{before: string, after: string, word: string, meaning: string, formula?: string, axes: string[],
 *   remembered?: boolean}} Tile
 * @typedef {{title: string, forward: string[], backward: string[]}} Station
 * @typedef {{code: string, step: string, message: string, harmless: boolean, cells: number[][]}} Finding
 * @typedef {[string, string, number, number, number[][]]} PackedFinding code, step, place of the message, 1 if harmless
 * @typedef {{last: number, kept?: number[], values: Record<string, ((number | string)[] | 0)[]>, losses: (number | null)[],
 *   findings: PackedFinding[][], messages: string[], events: [number, string][], ending: string}} Recorded
 * @typedef {{layer: string, name: string, steps: string[], constants: Record<string, number[]>}} Activation
 * @typedef {{code: string, title: string, does: string, hurts: string, fix: string}} Said a mistake in its own words
 * @typedef {{name: string, title: string, about: string, layered: boolean, stations: Station[], tiles: Record<string, Tile>,
 *   program: Program, whole: boolean, run: Recorded, shown: number, activations: Activation[],
 *   activationIsFixed: boolean, scenario: Record<string, any>, sampleOf?: [number, number],
 *   topics: Record<string, {title: string, summary: string}>,
 *   mistake?: Said & {program: Program, run: Recorded},
 *   quiz?: {blank: string[], wrong: Record<string, (Said & {values: (number | null)[]})[]>}}} Data
 */

/** A run: the values, loss and findings of iteration 0, 1, …, as they are asked for. */
export class Run {
  /**
   * @param {Program} program
   * @param {Record<string, ArrayLike<number>>} start the leaves' values in iteration 0
   * @param {number} last the number of the last iteration
   */
  constructor(program, start, last) {
    this.program = program;
    this.evaluator = new Evaluator(program.quantities);
    this.last = last;
    /** @type {Record<string, ArrayLike<number>>[]} */
    this.begins = [start];
    /** @type {Map<number, Values>} */
    this.ready = new Map();
    /** @type {(number | undefined)[]} */
    this.losses = [];
  }

  /** @param {number} number @returns {Values} */
  values(number) {
    const ready = this.ready.get(number);
    if (ready) return ready;
    for (let k = this.begins.length; k <= number; k += 1) this.begins[k] = this.next(this.values(k - 1));
    const values = { ...this.begins[number] };
    for (const step of this.program.steps) values[step.name] = this.evaluator.step(step, values);
    this.remember(number, values);
    return values;
  }

  /** @param {Values} values */
  next(values) {
    const begin = { ...this.begins[0] };
    for (const [leaf, step] of Object.entries(this.program.carried)) begin[leaf] = values[step];
    if (begin.iteration) begin.iteration = [values.iteration[0] + 1];
    return begin;
  }

  /** @param {number} number @param {Values} values */
  remember(number, values) {
    if (this.ready.size > 600) this.ready.delete(/** @type {number} */ (this.ready.keys().next().value));
    this.ready.set(number, values);
  }

  /** @param {number} number @returns {number} */
  loss(number) {
    this.losses[number] ??= this.evaluator.cell(this.program.loss, [], this.values(number));
    return /** @type {number} */ (this.losses[number]);
  }

  /** @param {number} number @returns {Finding[]} */
  findings(number) {
    void number;
    return [];
  }
}

/** The run that the engine made: its numbers are stored, and worked out only where there was no room for them. */
export class RecordedRun extends Run {
  /** @param {Program} program @param {Record<string, ArrayLike<number>>} start @param {Recorded} recorded */
  constructor(program, start, recorded) {
    super(program, start, recorded.last);
    this.recorded = recorded;
    this.losses = recorded.losses.map((loss) => loss ?? Infinity);
    this.places = new Map((recorded.kept ?? recorded.losses.map((_, k) => k)).map((number, place) => [number, place]));
  }

  /** @param {number} number @returns {Values} */
  values(number) {
    const ready = this.ready.get(number);
    if (ready) return ready;
    const place = this.places.get(number);
    if (place === undefined) return super.values(number);
    /** @type {Record<string, ArrayLike<number>>} */
    const values = { ...this.begins[0], iteration: [number] };
    for (const name of Object.keys(this.recorded.values)) values[name] = this.stored(name, place);
    for (const [leaf, step] of Object.entries(this.program.carried)) {
      if (place && !(leaf in this.recorded.values)) values[leaf] = this.stored(step, place - 1);
    }
    for (const step of this.program.steps) {
      if (!(step.name in this.recorded.values)) values[step.name] = this.evaluator.step(step, values);
    }
    this.remember(number, values);
    return values;
  }

  /** Whether all numbers of a quantity are at hand: they were stored, or never change. @param {string} name */
  isStored(name) {
    return name in this.recorded.values || !this.program.steps.some((step) => step.name === name);
  }

  /** The numbers of a quantity; what stayed as it was is stored once. @param {string} name @param {number} place */
  stored(name, place) {
    const list = this.recorded.values[name];
    while (list[place] === 0) place -= 1;
    return numbers(/** @type {(number | string)[]} */ (list[place]));
  }

  /** @param {number} number @returns {Finding[]} */
  findings(number) {
    const place = this.places.get(number);
    if (place === undefined) return [];
    return this.recorded.findings[place].map(([code, step, message, harmless, cells]) => {
      return { code, step, message: this.recorded.messages[message], harmless: Boolean(harmless), cells };
    });
  }
}

const NAMED = new Map([["inf", Infinity], ["-inf", -Infinity]]);

/** JSON has no infinite numbers: they are stored by their names. @param {(number | string)[]} list */
function numbers(list) {
  return list.map((one) => (typeof one === "number" ? one : (NAMED.get(one) ?? NaN)));
}

/** @param {Program} program @returns {Record<string, ArrayLike<number>>} */
export function startOf(program) {
  /** @type {Record<string, ArrayLike<number>>} */
  const start = {};
  for (const [name, quantity] of Object.entries(program.quantities)) {
    if (quantity.kind !== "result") start[name] = quantity.start ?? new Array(sizeOf(quantity.shape)).fill(0);
  }
  return start;
}

/**
 * The program with another activation in a layer.
 * @param {Program} program
 * @param {Activation} layer
 * @param {string} other
 * @returns {Program}
 */
export function withActivation(program, layer, other) {
  const constants = layer.constants[other] ?? [];
  const own = Object.keys(ACTIVATIONS).flatMap((name) => [name, `${name}_slope`]);
  /** @param {any} factor */
  const changed = (factor) => {
    if (!factor.call || !own.includes(factor.call)) return factor;
    const slope = factor.call.endsWith("_slope");
    const atZero = slope && other === "relu" ? layer.constants.relu_slope : [];
    const given = other === "relu" ? (atZero ?? []) : constants;
    return { call: slope ? `${other}_slope` : other, with: [factor.with[0], ...given] };
  };
  const steps = program.steps.map((step) => {
    if (!layer.steps.includes(step.name)) return step;
    return { ...step, sums: step.sums?.map((sum) => ({ ...sum, factors: sum.factors.map(changed) })) };
  });
  return { ...program, steps };
}

/** What a page knows of its scenario, whatever the run: labels, shapes, links. */
export class Model {
  /** @param {Data} data */
  constructor(data) {
    this.data = data;
    this.program = data.program;
    this.quantities = data.program.quantities;
    /** @type {Map<string, Step>} */
    this.steps = new Map(data.program.steps.map((step) => [step.name, step]));
    /** @type {Map<string, Map<number, number[]>>} */
    this.inverses = new Map();
    /** @type {Map<string, Set<string>>} */
    this.read = new Map();
    this.evaluator = new Evaluator(this.quantities);
    this.order = [
      ...data.stations.flatMap((station) => station.forward),
      ...[...data.stations].reverse().flatMap((station) => station.backward),
    ];
  }

  /** The sizes of the axes that a learner sees. @param {string} name */
  shown(name) {
    const { shape, hidden = [] } = this.quantities[name];
    return shape.filter((_, axis) => !hidden.includes(axis));
  }

  /** The indices that a learner sees. @param {string} name @param {number} flat */
  cell(name, flat) {
    const { shape, hidden = [] } = this.quantities[name];
    return cellOf(flat, shape).filter((_, axis) => !hidden.includes(axis));
  }

  /** The place of a cell as a learner counts it; −1 where there is none. @param {string} name @param {number[]} cell */
  flat(name, cell) {
    const shown = this.shown(name);
    const there = cell.length === shown.length && cell.every((at, axis) => at >= 0 && at < shown[axis]);
    return there ? flatOf(cell, shown) : -1;
  }

  /** `W[0,1]`. @param {string} name @param {number} flat */
  label(name, flat) {
    const tile = this.data.tiles[name];
    const cell = this.cell(name, flat);
    const [before, after] = tile ? [tile.before, tile.after] : [this.quantities[name].symbol, ""];
    return `${before}${cell.length ? `[${cell.join(",")}]` : ""}${after}`;
  }

  /**
   * Where a number goes on to: the cells that read it, step by step.
   * @param {string} name
   * @param {number} flat
   * @returns {[string, number][]}
   */
  effects(name, flat) {
    return this.program.steps
      .filter((step) => this.readsOf(step).has(name))
      .flatMap((step) => {
        const cells = this.inverse(step, name).get(flat) ?? [];
        return cells.map((at) => /** @type {[string, number]} */ ([step.name, at]));
      });
  }

  /** The quantities that a step reads. @param {Step} step @returns {Set<string>} */
  readsOf(step) {
    const known = this.read.get(step.name);
    if (known) return known;
    const text = JSON.stringify(step.sums ?? step.cells ?? []);
    const found = new Set(Object.keys(this.quantities).filter((name) => text.includes(`[${JSON.stringify(name)}`)));
    this.read.set(step.name, found);
    return found;
  }

  /**
   * For each cell of a quantity, the cells of a step that read it: worked out once, as values don't matter to it.
   * @param {Step} step
   * @param {string} name
   * @returns {Map<number, number[]>}
   */
  inverse(step, name) {
    const key = `${step.name} ${name}`;
    const known = this.inverses.get(key);
    if (known) return known;
    /** @type {Map<number, number[]>} */
    const inverse = new Map();
    const size = sizeOf(this.quantities[step.name].shape);
    for (let cell = 0; cell < size; cell += 1) {
      for (const flat of this.evaluator.places(step, cell, name)) {
        const list = inverse.get(flat);
        if (list) list.push(cell);
        else inverse.set(flat, [cell]);
      }
    }
    this.inverses.set(key, inverse);
    return inverse;
  }
}
