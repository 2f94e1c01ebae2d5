/**
 * How a number is written: at most `precision` decimals, no trailing zeros, never −0; as everywhere in the program.
 * @param {number} value
 * @param {number} [precision]
 * @returns {string}
 */
export function written(value, precision = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (size >= 1e7 || (size > 0 && size < 0.5 * 10 ** -precision)) return scientific(value, Math.min(precision, 3));
  const text = fixed(value, precision);
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return short === "-0" ? "0" : short;
}

/**
 * The decimals; a number that is exactly half-way goes to the even one, as in Python (toFixed rounds it up).
 * @param {number} value
 * @param {number} precision
 */
function fixed(value, precision) {
  const odd = Math.abs(value) * 2 ** (precision + 1);
  if (!Number.isInteger(odd) || odd % 2 === 0) return value.toFixed(precision);
  const below = (odd * 5 ** precision - 1) / 2;
  const even = below % 2 ? below + 1 : below;
  return (value < 0 ? "-" : "") + (even / 10 ** precision).toFixed(precision);
}

/**
 * @param {number} value
 * @param {number} digits
 */
function scientific(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits).split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return `${short}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/**
 * The number as it stands in a product: a negative one in brackets.
 * @param {number} value
 */
export function asFactor(value) {
  const text = written(value);
  return text.startsWith("-") ? `(${text})` : text;
}

/**
 * A number that was typed: `-2`, `0.5`, `1/3`, with a comma for the point, with − for -; NaN where it is none.
 * @param {string} text
 */
export function read(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  const found = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:\s*\/\s*(\d+\.?\d*))?$/.exec(plain);
  if (!found) return NaN;
  return Number(found[1]) / (found[2] === undefined ? 1 : Number(found[2]));
}

/**
 * How far a typed number may be from the right one: half of its last digit.
 * @param {string} text
 */
export function allowance(text) {
  const decimals = /[.,](\d*)/.exec(text);
  const exact = text.includes("/") || !decimals;
  return exact ? 1e-9 : 0.5 * 10 ** -decimals[1].length + 1e-12;
}
