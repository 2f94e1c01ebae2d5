import assert from "node:assert/strict";
import { test } from "node:test";
import { allowance, asFactor, read, written } from "./assets/numbers.js";

test("at most four decimals, no zeros at the end, never −0", () => {
  assert.equal(written(2), "2");
  assert.equal(written(-1 / 6), "-0.1667");
  assert.equal(written(-0), "0");
  assert.equal(written(-0.00001), "-1e-05");
  assert.equal(written(0.00005), "0.0001");
  assert.equal(written(12345678.5), "1.235e+07");
  assert.equal(written(NaN), "nan");
  assert.equal(written(-Infinity), "-inf");
});

test("what is exactly half-way goes to the even digit, as in Python", () => {
  assert.equal(written(1 / 32), "0.0312");
  assert.equal(written(3 / 32), "0.0938");
  assert.equal(written(-1 / 32), "-0.0312");
  assert.equal(written(1234.03125), "1234.0312");
});

test("a negative factor stands in brackets", () => {
  assert.equal(asFactor(-2), "(-2)");
  assert.equal(asFactor(2), "2");
});

test("numbers are read as learners type them", () => {
  assert.equal(read(" -0,5 "), -0.5);
  assert.equal(read("−2"), -2);
  assert.equal(read("1/3"), 1 / 3);
  assert.equal(read(".25"), 0.25);
  assert.equal(read("1e-3"), 0.001);
  for (const none of ["", "two", "1 2", "--1", "1/"]) assert.ok(Number.isNaN(read(none)), none);
});

test("what is typed with few decimals is right to half of the last one", () => {
  assert.ok(allowance("0.33") >= 0.005);
  assert.ok(allowance("3") < 1e-6);
  assert.ok(allowance("1/3") < 1e-6);
});
