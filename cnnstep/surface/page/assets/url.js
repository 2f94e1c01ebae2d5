/**
 * What of a page stands in its address, so that a link shows exactly this: `#i=34&cell=gradient,0,1`.
 * @typedef {{iteration?: number, name?: string, cell?: number[], sample?: number}} Shown
 */

/** @param {string} text @returns {Shown} */
export function readFragment(text) {
  const given = new URLSearchParams(text.replace(/^#/, ""));
  /** @type {Shown} */
  const shown = {};
  for (const [key, name] of /** @type {["iteration" | "sample", string][]} */ ([["iteration", "i"], ["sample", "sample"]])) {
    const number = given.get(name);
    if (number && /^\d{1,9}$/.test(number)) shown[key] = Number(number);
  }
  const [name, ...cell] = (given.get("cell") ?? "").split(",");
  if (name && cell.every((index) => /^\d{1,9}$/.test(index))) {
    shown.name = name;
    shown.cell = cell.map(Number);
  }
  return shown;
}

/** @param {Shown} shown */
export function fragment({ iteration, name, cell, sample }) {
  const parts = [`i=${iteration ?? 0}`];
  if (sample) parts.push(`sample=${sample}`);
  if (name !== undefined) parts.push(`cell=${[name, ...(cell ?? [])].join(",")}`);
  return `#${parts.join("&")}`;
}
