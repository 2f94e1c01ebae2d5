import assert from "node:assert/strict";
import { test } from "node:test";
import { Evaluator, cellOf, flatOf } from "./assets/evaluate.js";
import { FUNCTIONS, erfc } from "./assets/functions.js";

const quantities = {
  input: { shape: [3, 3], symbol: "X", kind: "given" },
  filter: { shape: [2, 2], symbol: "W", kind: "parameter" },
  forward: { shape: [2, 2], symbol: "z", kind: "result" },
};
const values = { input: [1, -1, 0, 0, 1, 0, 0, -1, 1], filter: [1, -1, 1, 1] };
const taps = [{ over: [2, 2], factors: [["input", [0, 1, 0, 1, 2, 1], [0, 1, 1, 1, 3, 1]], ["filter", 2, 3]] }];
const forward = { name: "forward", sums: taps };

test("a convolution as a sum over its window", () => {
  // 1·1 + (−1)·(−1) + 0·1 + 1·1, (−1)·1 + 0·(−1) + 1·1 + 0·1, …
  assert.deepEqual([...new Evaluator(quantities).step(forward, values)], [3, 0, -2, 1]);
});

test("a cell's products, with where each number was read", () => {
  const terms = new Evaluator(quantities).terms(forward, 1, values);
  assert.deepEqual(terms.map((term) => term.value), [-1, -0, 1, 0]);
  assert.deepEqual(terms[0].parts.map((part) => part.reads), [[["input", 1]], [["filter", 0]]]);
});

test("which places a cell reads does not depend on the numbers", () => {
  assert.deepEqual([...new Evaluator(quantities).places(forward, 3, "input")], [4, 5, 7, 8]);
});

test("outside of an array a product is left out, and under padded it is 0", () => {
  const evaluator = new Evaluator(quantities);
  const shifted = ["input", [-1, 1, 0, 1], [0, 1, 1, 1]];
  const cell = (factor) => evaluator.terms({ name: "forward", sums: [{ factors: [factor] }] }, 0, values);
  assert.equal(cell(shifted).length, 0);
  assert.deepEqual(cell({ padded: shifted })[0].parts[0], { value: 0, padded: true, reads: [] });
});

test("an index that is no whole number is no place", () => {
  const evaluator = new Evaluator(quantities);
  assert.equal(evaluator.place(["input", [0, 2, 0, 1], [0, 1, 1, 1]], [1, 0]), -1);
  assert.equal(evaluator.place(["input", [0, 2, 0, 1], [0, 1, 1, 1]], [2, 0]), 3);
  assert.equal(evaluator.place(["input", [8]], []), 8);
});

test("indices and places are each other's inverse", () => {
  for (let flat = 0; flat < 24; flat += 1) assert.equal(flatOf(cellOf(flat, [2, 3, 4]), [2, 3, 4]), flat);
});

test("erfc to the last digits that matter", () => {
  const known = { 0: 1, 0.5: 0.4795001221869535, 1: 0.15729920705028513, 2: 0.004677734981047266, 3: 2.209049699858544e-5 };
  for (const [x, value] of Object.entries(known)) {
    assert.ok(Math.abs(erfc(Number(x)) / value - 1) < 1e-11, x);
    assert.ok(Math.abs(erfc(-Number(x)) - (2 - value)) < 1e-14, x);
  }
});

test("the first of the largest wins its window; sharing, each of them gets a part", () => {
  assert.deepEqual([0, 1, 2].map((place) => FUNCTIONS.wins(place, [-2, -1, -1])), [0, 1, 0]);
  assert.deepEqual([0, 1, 2].map((place) => FUNCTIONS.shares(place, [null, 3, 3])), [0, 0.5, 0.5]);
});

test("a softmax of large numbers does not overflow", () => {
  const row = [1000, 999];
  const share = FUNCTIONS.power(1000, row) * FUNCTIONS.inverse_power_sum(row);
  assert.ok(Math.abs(share - 1 / (1 + Math.exp(-1))) < 1e-15);
});
