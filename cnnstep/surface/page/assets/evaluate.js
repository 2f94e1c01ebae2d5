import { FUNCTIONS } from "./functions.js";

/**
 * A lesson as a program: each cell of each step is a sum of products, written once for all cells of the step.
 * @typedef {number | number[]} Index a variable, or [c, d, v1, k1, …]: (c + k1·v1 + …)/d
 * @typedef {[string, ...Index[]]} Read
 * @typedef {{each: number[], read: Read}} Each a list, read by variables of its own
 * @typedef {{row: (Read | null)[]}} Row a list written out
 * @typedef {number | Read | number[] | Each | Row} Arg
 * @typedef {{call: string, with: Arg[]}} Call
 * @typedef {number | Read | {padded: Read} | Call} Factor
 * @typedef {{over?: number[], factors: Factor[]}} Sum
 * @typedef {{name: string, sums?: Sum[], cells?: Sum[][], short?: Sum[]}} Step
 * @typedef {{shape: number[], symbol: string, kind: string, hidden?: number[], start?: number[]}} Quantity
 * @typedef {{quantities: Record<string, Quantity>, steps: Step[], loss: Sum[], carried: Record<string, string>}} Program
 * @typedef {Record<string, ArrayLike<number>>} Values
 *
 * One factor of a product as it is shown: where it was read, if it was.
 * @typedef {{value: number, constant?: boolean, call?: string, padded?: boolean, reads: [string, number][]}} Part
 * @typedef {{parts: Part[], value: number}} Term
 */

/** @param {number[]} shape */
export const sizeOf = (shape) => shape.reduce((size, n) => size * n, 1);

/**
 * The indices of the cell at this place in C order.
 * @param {number} flat
 * @param {number[]} shape
 */
export function cellOf(flat, shape) {
  const cell = new Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    cell[axis] = flat % shape[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return cell;
}

/**
 * The place of a cell in C order.
 * @param {number[]} cell
 * @param {number[]} shape
 */
export const flatOf = (cell, shape) => cell.reduce((flat, index, axis) => flat * shape[axis] + index, 0);

/**
 * @param {Index} index
 * @param {number[]} variables
 */
function indexAt(index, variables) {
  if (typeof index === "number") return variables[index];
  let total = index[0];
  for (let k = 2; k < index.length; k += 2) total += index[k + 1] * variables[index[k]];
  return total / (index[1] ?? 1);
}

/** @type {number[]} */
const NONE = [];

/**
 * The next values of the summed variables, the last one fastest; false where there are none.
 * @param {number[]} variables changed in place
 * @param {number[]} over
 * @param {number} first the number of the first one
 */
function next(variables, over, first) {
  for (let axis = over.length - 1; axis >= 0; axis -= 1) {
    variables[first + axis] += 1;
    if (variables[first + axis] < over[axis]) return true;
    variables[first + axis] = 0;
  }
  return false;
}

/** Carries out a program's sums on values; it holds no values itself. */
export class Evaluator {
  /** @param {Record<string, Quantity>} quantities */
  constructor(quantities) {
    this.quantities = quantities;
  }

  /**
   * The place that a read comes to, −1 where it is outside the array. Where there are fewer indices than axes, the
   * last one counts through all that remain.
   * @param {Read} read
   * @param {number[]} variables
   */
  place(read, variables) {
    const { shape } = this.quantities[read[0]];
    const given = read.length - 1;
    let flat = 0;
    for (let axis = 0; axis < given; axis += 1) {
      const index = indexAt(/** @type {Index} */ (read[axis + 1]), variables);
      const length = axis < given - 1 || given === shape.length ? shape[axis] : sizeOf(shape.slice(axis));
      if (!(index >= 0 && index < length) || !Number.isInteger(index)) return -1;
      flat = flat * length + index;
    }
    return flat;
  }

  /**
   * What a function is given, and where that was read; null where a read is outside.
   * @param {Arg} arg
   * @param {number[]} variables
   * @param {Values} values
   * @param {[string, number][]} [reads] takes in what was read
   * @returns {number | (number | null)[] | null}
   */
  argument(arg, variables, values, reads) {
    if (typeof arg === "number") return arg;
    if (!Array.isArray(arg)) return this.list(arg, variables, values, reads);
    if (typeof arg[0] !== "string") return indexAt(/** @type {number[]} */ (arg), variables);
    const at = this.place(/** @type {Read} */ (arg), variables);
    if (at < 0) return null;
    reads?.push([arg[0], at]);
    return values[arg[0]][at];
  }

  /**
   * @param {Each | Row} list
   * @param {number[]} variables
   * @param {Values} values
   * @param {[string, number][]} [reads]
   */
  list(list, variables, values, reads) {
    return this.listed(list, variables).map((one) => {
      if (!one) return null;
      reads?.push(one);
      return values[one[0]][one[1]];
    });
  }

  /**
   * Where the numbers of a list are read; null where that is outside.
   * @param {Each | Row} list
   * @param {number[]} variables
   * @returns {([string, number] | null)[]}
   */
  listed(list, variables) {
    /** @param {Read} read @param {number[]} at @returns {[string, number] | null} */
    const placed = (read, at) => {
      const place = this.place(read, at);
      return place < 0 ? null : [read[0], place];
    };
    if ("row" in list) return list.row.map((read) => read && placed(read, variables));
    const cells = Array.from({ length: sizeOf(list.each) }, (_, flat) => cellOf(flat, list.each));
    return cells.map((cell) => placed(list.read, [...variables, ...cell]));
  }

  /**
   * One factor's number; null where the whole product is left out.
   * @param {Factor} factor
   * @param {number[]} variables
   * @param {Values} values
   * @returns {number | null}
   */
  number(factor, variables, values) {
    if (typeof factor === "number") return factor;
    if (Array.isArray(factor)) {
      const at = this.place(factor, variables);
      return at < 0 ? null : values[factor[0]][at];
    }
    if ("padded" in factor) {
      const at = this.place(factor.padded, variables);
      return at < 0 ? 0 : values[factor.padded[0]][at];
    }
    const given = factor.with.map((arg) => this.argument(arg, variables, values));
    return given.includes(null) ? null : FUNCTIONS[factor.call](...given);
  }

  /**
   * One cell: the sum of its products.
   * @param {Sum[]} sums
   * @param {number[]} cell
   * @param {Values} values
   */
  cell(sums, cell, values) {
    let total = 0;
    for (const { over = NONE, factors } of sums) {
      const variables = over.length ? cell.concat(over.map(() => 0)) : cell;
      do {
        let product = 1;
        let there = true;
        for (let k = 0; k < factors.length && there; k += 1) {
          const value = this.number(factors[k], variables, values);
          there = value !== null;
          product *= value ?? 1;
        }
        if (there) total += product;
      } while (next(variables, over, cell.length));
    }
    return total;
  }

  /**
   * A step's whole array.
   * @param {Step} step
   * @param {Values} values
   */
  step(step, values) {
    const { shape } = this.quantities[step.name];
    const result = new Float64Array(sizeOf(shape));
    for (let flat = 0; flat < result.length; flat += 1) {
      result[flat] = this.cell(step.short ?? sumsOf(step, flat), cellOf(flat, shape), values);
    }
    return result;
  }

  /**
   * The products of one cell, each factor with its number and where it was read.
   * @param {Step} step
   * @param {number} flat
   * @param {Values} values
   * @returns {Term[]} none where the step calls a function that is not known here
   */
  terms(step, flat, values) {
    if (!isKnown(sumsOf(step, flat))) return [];
    const cell = cellOf(flat, this.quantities[step.name].shape);
    /** @type {Term[]} */
    const terms = [];
    for (const { over = [], factors } of sumsOf(step, flat)) {
      for (let k = 0; k < sizeOf(over); k += 1) {
        const variables = cell.concat(cellOf(k, over));
        const parts = factors.map((factor) => this.part(factor, variables, values));
        if (parts.includes(null)) continue;
        const there = /** @type {Part[]} */ (parts);
        terms.push({ parts: there, value: there.reduce((product, part) => product * part.value, 1) });
      }
    }
    return terms;
  }

  /**
   * The places of one quantity that a cell of a step reads, whatever their numbers are.
   * @param {Step} step
   * @param {number} flat
   * @param {string} name
   */
  places(step, flat, name) {
    const cell = cellOf(flat, this.quantities[step.name].shape);
    /** @type {Set<number>} */
    const found = new Set();
    for (const { over = [], factors } of sumsOf(step, flat)) {
      for (let k = 0; k < sizeOf(over); k += 1) {
        const variables = cell.concat(cellOf(k, over));
        const places = factors.map((factor) => this.placesOf(factor, variables));
        if (places.includes(null)) continue;
        for (const [read, at] of places.flatMap((one) => one ?? [])) if (read === name) found.add(at);
      }
    }
    return found;
  }

  /**
   * Where a factor is read; null where its product is left out.
   * @param {Factor} factor
   * @param {number[]} variables
   * @returns {[string, number][] | null}
   */
  placesOf(factor, variables) {
    if (typeof factor === "number") return [];
    /** @param {Read} read @returns {[string, number]} */
    const at = (read) => [read[0], this.place(read, variables)];
    if (Array.isArray(factor)) return at(factor)[1] < 0 ? null : [at(factor)];
    if ("padded" in factor) return at(factor.padded)[1] < 0 ? [] : [at(factor.padded)];
    return factor.with.flatMap((arg) => {
      if (typeof arg === "number" || (Array.isArray(arg) && typeof arg[0] !== "string")) return [];
      if (Array.isArray(arg)) return [at(/** @type {Read} */ (arg))];
      return this.listed(arg, variables).filter((one) => one !== null);
    });
  }

  /**
   * @param {Factor} factor
   * @param {number[]} variables
   * @param {Values} values
   * @returns {Part | null}
   */
  part(factor, variables, values) {
    if (typeof factor === "number") return { value: factor, constant: true, reads: [] };
    if (!Array.isArray(factor) && "call" in factor) return this.called(factor, variables, values);
    const read = Array.isArray(factor) ? factor : factor.padded;
    const at = this.place(read, variables);
    if (at >= 0) return { value: values[read[0]][at], reads: [[read[0], at]] };
    return Array.isArray(factor) ? null : { value: 0, padded: true, reads: [] };
  }

  /**
   * @param {Call} call
   * @param {number[]} variables
   * @param {Values} values
   * @returns {Part | null}
   */
  called(call, variables, values) {
    /** @type {[string, number][]} */
    const reads = [];
    const given = call.with.map((arg) => this.argument(arg, variables, values, reads));
    return given.includes(null) ? null : { value: FUNCTIONS[call.call](...given), call: call.call, reads };
  }
}

/**
 * Whether every function that is called is known here.
 * @param {Sum[]} sums
 */
export function isKnown(sums) {
  const factors = sums.flatMap((sum) => sum.factors);
  return factors.every((one) => typeof one === "number" || !("call" in one) || one.call in FUNCTIONS);
}

/**
 * @param {Step} step
 * @param {number} flat
 * @returns {Sum[]}
 */
function sumsOf(step, flat) {
  return step.sums ?? step.cells?.[flat] ?? [];
}
