const MATHML = "http://www.w3.org/1998/Math/MathML";
const TOKEN =
  /((?:\b[a-z]{2,}\b(?![(′²_])[ ,]*)+)|∂L\/∂([A-Za-z])(\d*)|([a-z])\u0302|([A-Za-zα-ωΣΦ][a-z_]*)(\d*)(′?)|(\d+(?:\.\d+)?°?)|\^\(([^()]*)\)|\^([a-zα-ω]\d*|\d+)|(²|ᵀ)|(½)|(\s+)|(.)/gu;

/** @param {string} tag @param {...(string | Node)} children */
function element(tag, ...children) {
  const made = document.createElementNS(MATHML, tag);
  made.append(...children);
  return made;
}

/** A letter, with its number below. @param {string} sign @param {string} below */
function letter(sign, below) {
  const name = element("mi", sign);
  return below ? element("msub", name, element("mn", below)) : name;
}

/** What is raised to a power: a fraction stands in brackets. @param {Element} base */
function whole(base) {
  return base.localName === "mfrac" ? element("mrow", element("mo", "("), base, element("mo", ")")) : base;
}

/**
 * The parts of a line of mathematics, each as an element; a word between is text.
 * @param {string} text
 * @returns {Element[]}
 */
function parts(text) {
  /** @type {Element[]} */
  const row = [];
  for (const found of text.normalize("NFD").matchAll(TOKEN)) {
    const [, words, over, number, hat, word, below, prime, digits, powers, power, mark, half, , sign] = found;
    const raised = powers ?? power ?? (mark === "²" ? "2" : mark === "ᵀ" ? "T" : undefined);
    if (words !== undefined) row.push(element("mtext", `\u00a0${words.trim()}\u00a0`));
    else if (over !== undefined) {
      const bottom = element("mrow", element("mo", "∂"), letter(over, number));
      row.push(element("mfrac", element("mrow", element("mo", "∂"), element("mi", "L")), bottom));
    } else if (hat !== undefined) row.push(element("mover", element("mi", hat), element("mo", "^")));
    else if (word !== undefined) {
      row.push(letter(word, below));
      if (prime) row.push(element("mo", "′"));
    } else if (digits !== undefined) row.push(element("mn", digits));
    else if (raised !== undefined && row.length) {
      row.push(element("msup", whole(/** @type {Element} */ (row.pop())), element("mrow", ...parts(raised))));
    } else if (half !== undefined) row.push(element("mfrac", element("mn", "1"), element("mn", "2")));
    else if (sign !== undefined) row.push(element("mo", sign));
  }
  return row;
}

/**
 * A formula as MathML; words after a comma stay words.
 * @param {string} formula
 */
export function mathml(formula) {
  const math = element("math", ...parts(formula));
  math.setAttribute("aria-label", formula);
  return math;
}
