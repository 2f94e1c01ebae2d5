import { flatOf } from "./evaluate.js";

/**
 * @typedef {import("./model.js").Data} Data
 * @typedef {import("./lesson.js").Question} Question
 */

/**
 * A scenario file with these numbers; what stands in JSON is YAML too.
 * @param {Data} data
 * @param {Question} question
 */
export function yaml(data, question) {
  /** @type {Record<string, any>} */
  const scenario = structuredClone(data.scenario);
  const { input, target, learning_rate: rate } = question.leaves;
  if (data.tiles.input.axes[0] === "sample") scenario.samples = samples(data, input, target);
  else Object.assign(scenario, { input: nested(data, "input", input), target: nested(data, "target", target) });
  scenario.learning_rate = rate[0];
  if (scenario.layers) layers(data, question, scenario.layers);
  else {
    scenario.filter = nested(data, "filter", question.leaves.filter);
    if (data.program.quantities.bias) scenario.bias = nested(data, "bias", question.leaves.bias);
    const [own] = data.activations;
    if (question.activations[own.layer] !== own.name) scenario.activation = question.activations[own.layer];
  }
  const first = ["title", "samples", "input", "filter", "target", "layers", "bias", "activation", "learning_rate"];
  const order = [...first.filter((key) => key in scenario), ...Object.keys(scenario).filter((key) => !first.includes(key))];
  return `${order.map((key) => entry(key, scenario[key])).join("\n")}\n`;
}

/** @param {Data} data @param {Question} question @param {any[]} list */
function layers(data, question, list) {
  for (const layer of list) {
    for (const [key, name] of [["weights", `${layer.name}.weights`], ["bias", `${layer.name}.bias`]]) {
      if (data.program.quantities[name]) layer[key] = nested(data, name, question.leaves[name], true);
    }
    const other = question.activations[layer.name];
    if (other && other !== layer.type) {
      delete layer.slope;
      delete layer.alpha;
      layer.type = other;
    }
  }
}

/** @param {Data} data @param {ArrayLike<number>} input @param {ArrayLike<number>} target */
function samples(data, input, target) {
  const inputs = nested(data, "input", input);
  const targets = nested(data, "target", target);
  return inputs.map((/** @type {any} */ one, /** @type {number} */ k) => ({ input: one, target: targets[k] }));
}

/**
 * An array as nested lists, with the axes that a learner sees; with `whole` all of them.
 * @param {Data} data
 * @param {string} name
 * @param {ArrayLike<number>} list
 * @param {boolean} [whole]
 * @returns {any}
 */
function nested(data, name, list, whole = false) {
  const { shape, hidden = [] } = data.program.quantities[name];
  const shown = whole ? shape : shape.filter((_, axis) => !hidden.includes(axis));
  /** @param {number[]} at @returns {any} */
  const under = (at) => {
    if (at.length === shown.length) return list[flatOf(at, shown)];
    return Array.from({ length: shown[at.length] }, (_, k) => under([...at, k]));
  };
  return under([]);
}

/** @param {string} key @param {any} value */
function entry(key, value) {
  if (key !== "layers" && key !== "samples") return `${key}: ${JSON.stringify(value)}`;
  return [`${key}:`, ...value.map((/** @type {any} */ one) => `  - ${JSON.stringify(one)}`)].join("\n");
}
