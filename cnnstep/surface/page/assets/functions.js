/** @typedef {number | (number | null)[]} Argument */

/** @param {number} z */
function sigmoid(z) {
  const small = Math.exp(-Math.abs(z));
  return (z >= 0 ? 1 : small) / (1 + small);
}

/**
 * erfc(x) = 1 − erf(x): the series of erf near 0, Lentz's continued fraction further out.
 * @param {number} x
 * @returns {number}
 */
export function erfc(x) {
  if (Math.abs(x) < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n += 1) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  if (x < 0) return 2 - erfc(-x);
  let fraction = 0;
  for (let k = 120; k > 0; k -= 1) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** The normal distribution function. @param {number} z */
const normal = (z) => 0.5 * erfc(-z / Math.SQRT2);

/** 0·ln 0 = 0. @param {number} factor @param {number} value */
const timesLog = (factor, value) => (factor === 0 ? 0 : factor * Math.log(value));

/** @param {(number | null)[]} list @returns {number[]} */
const there = (list) => /** @type {number[]} */ (list.filter((one) => one !== null));

/** What is taken off every exponent, so that no power overflows. @param {(number | null)[]} row */
function shift(row) {
  const numbers = there(row);
  return numbers.some((z) => Math.abs(z) > 100) ? Math.max(...numbers) : 0;
}

/** @param {(number | null)[]} list */
function largest(list) {
  return list.reduce((/** @type {number} */ best, one) => (one !== null && one > best ? one : best), -Infinity);
}

/**
 * Each activation's value and slope at z, then its own constants.
 * @type {Record<string, [(z: number, ...own: number[]) => number, (z: number, ...own: number[]) => number]>}
 */
export const ACTIVATIONS = {
  linear: [(z) => z, () => 1],
  relu: [(z) => (z > 0 ? z : 0), (z, atZero) => (z > 0 ? 1 : z === 0 ? atZero : 0)],
  leaky_relu: [(z, slope) => (z > 0 ? z : slope * z), (z, slope) => (z > 0 ? 1 : slope)],
  elu: [(z, alpha) => (z > 0 ? z : alpha * Math.expm1(z)), (z, alpha) => (z > 0 ? 1 : alpha * Math.exp(z))],
  softplus: [(z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), sigmoid],
  sigmoid: [sigmoid, (z) => sigmoid(z) * sigmoid(-z)],
  tanh: [Math.tanh, (z) => 4 * sigmoid(2 * z) * sigmoid(-2 * z)],
  gelu: [(z) => z * normal(z), (z) => normal(z) + (z * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)],
  silu: [(z) => z * sigmoid(z), (z) => sigmoid(z) * (1 + z * sigmoid(-z))],
};

/**
 * A cell's part of L, ∂L/∂a, and the weight before e, of n cells with output a and target t.
 * @type {Record<string, [(a: number, t: number, n: number) => number, (a: number, t: number, n: number) => number,
 *   (n: number, a: number, t?: number) => number]>}
 */
const LOSSES = {
  half_squared_error: squares(() => 0.5),
  squared_error: squares(() => 1),
  mean_squared_error: squares((n) => 1 / n),
  half_mean_squared_error: squares((n) => 0.5 / n),
  binary_cross_entropy: [
    (a, t) => -(timesLog(t, a) + timesLog(1 - t, 1 - a)),
    (a, t) => (a === t ? 0 : (a - t) / (a * (1 - a))),
    (_, a) => 1 / (a * (1 - a)),
  ],
  cross_entropy: [
    (a, t) => -timesLog(t, a),
    (a, t) => (t === 0 ? 0 : -t / a),
    (_, a, t = 1) => (t === 0 ? 0 : 1 / a),
  ],
};

/**
 * Σe² times `scale`: its slope is 2·scale·e.
 * @param {(n: number) => number} scale
 * @returns {[(a: number, t: number, n: number) => number, (a: number, t: number, n: number) => number,
 *   (n: number) => number]}
 */
function squares(scale) {
  return [
    (a, t, n) => scale(n) * (a - t) * (a - t),
    (a, t, n) => (a === t ? 0 : 2 * scale(n) * (a - t)),
    (n) => 2 * scale(n),
  ];
}

/**
 * The functions that a program calls, by their names.
 * @type {Record<string, (...given: any[]) => number>}
 */
export const FUNCTIONS = {
  power: (z, row) => Math.exp(z - shift(row)),
  inverse_power_sum: (row) => 1 / there(row).reduce((sum, z) => sum + Math.exp(z - shift(row)), 0),
  wins: (place, window) => (window.indexOf(largest(window)) === place ? 1 : 0),
  shares: (place, window) => {
    const best = largest(window);
    return window[place] === best ? 1 / window.filter((/** @type {number | null} */ one) => one === best).length : 0;
  },
  product: (...factors) => factors.reduce((product, one) => product * one, 1),
  difference: (one, other) => one - other,
  sum: (list) => there(list).reduce((sum, one) => sum + one, 0),
  correction: (beta, k) => 1 / (1 - beta ** (k + 1)),
  inverse_root: (s, beta, k, epsilon) => 1 / (Math.sqrt(s / (1 - beta ** (k + 1))) + epsilon),
};
for (const [name, [value, slope]] of Object.entries(ACTIVATIONS)) {
  FUNCTIONS[name] = value;
  FUNCTIONS[`${name}_slope`] = slope;
}
for (const [name, [cell, slope, weight]] of Object.entries(LOSSES)) {
  FUNCTIONS[name] = cell;
  FUNCTIONS[`${name}_slope`] = slope;
  FUNCTIONS[`${name}_weight`] = weight;
}
