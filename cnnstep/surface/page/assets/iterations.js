import { drawn, make, part } from "./dom.js";
import { written } from "./numbers.js";

/** @typedef {import("./lesson.js").Lesson} Lesson */

const WIDTH = 1000;
const HEIGHT = 100;

/** The iterations: a slider, buttons, and the loss as a curve that can be clicked on. */
export class Iterations {
  /** @param {Lesson} lesson */
  constructor(lesson) {
    this.lesson = lesson;
    this.timer = 0;
    this.count = 0;
    this.slider = make("input", { type: "range", min: 0, step: 1, "aria-label": "Iteration" });
    this.told = make("output");
    this.play = make("button", { type: "button", onclick: () => this.toggle() }, "▶ Play");
    const back = make("button", { type: "button", "aria-label": "One iteration back", onclick: () => lesson.move(-1) }, "◀");
    const on = make("button", { type: "button", "aria-label": "One iteration on", onclick: () => lesson.move(1) }, "▶");
    this.buttons = [back, this.play, on];
    this.slider.addEventListener("input", () => lesson.goTo(Number(this.slider.value)));
    this.curve = drawn("svg", { class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" });
    this.curve.addEventListener("click", (event) => this.clicked(/** @type {MouseEvent} */ (event)));
    this.track = make("div", { class: "track" }, this.curve, this.slider);
    this.caption = make("p", { class: "caption" });
    this.events = make("div");
    const controls = make("div", { class: "controls" }, make("div", { class: "buttons" }, ...this.buttons), this.told);
    part("run").replaceChildren(
      controls,
      this.track,
      this.caption,
      this.events,
    );
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const box = this.curve.getBoundingClientRect();
    this.lesson.goTo(((event.clientX - box.left) / box.width) * this.lesson.run.last);
  }

  toggle() {
    if (this.timer) {
      this.stop();
      return;
    }
    if (this.lesson.iteration === this.lesson.last) this.lesson.goTo(0);
    const pause = Math.max(60, Math.min(600, 12000 / (this.lesson.last + 1)));
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.timer = window.setInterval(() => this.step(), still ? Math.max(1000, pause) : pause);
    this.play.textContent = "❚❚ Stop";
  }

  step() {
    const before = this.lesson.iteration;
    this.lesson.move(1);
    if (this.lesson.iteration === before) this.stop();
  }

  stop() {
    window.clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = "▶ Play";
  }

  /** What changes with the iteration. */
  draw() {
    const { lesson } = this;
    const { iteration, run } = lesson;
    const hidden = lesson.blanks.size > 0;
    this.slider.max = String(run.last);
    this.slider.value = String(iteration);
    this.slider.disabled = hidden || run.last === 0;
    for (const button of this.buttons) button.disabled = hidden || run.last === 0;
    const loss = written(run.loss(iteration));
    this.slider.setAttribute("aria-valuetext", `iteration ${iteration} of ${run.last}${hidden ? "" : `, loss ${loss}`}`);
    const count = make("span", {}, "iteration ", make("b", {}, String(iteration)), ` of ${run.last}`);
    this.told.replaceChildren(count, ...(hidden ? [" · the other iterations come once the blanks are filled"] : [" · loss ", make("b", {}, loss)]));
    this.told.append(...this.found());
    const here = this.curve.querySelector(".here");
    for (const end of ["x1", "x2"]) here?.setAttribute(end, String(this.x(iteration)));
  }

  /** The gravest of what was found here. */
  found() {
    const { lesson } = this;
    const grave = lesson.blanks.size ? [] : lesson.run.findings(lesson.iteration).filter(({ harmless }) => !harmless);
    const order = ["diverged", "all-dead", "overshoot", "dead-relu"];
    grave.sort((one, other) => (order.indexOf(one.code) + 9) % 9 - ((order.indexOf(other.code) + 9) % 9));
    if (!grave.length) return [];
    const why = () => {
      part("findings").scrollIntoView({ block: "center" });
      /** @type {HTMLElement | null} */ (part("findings").querySelector(".note"))?.focus();
    };
    return [` · ${grave[0].code.replace("-", " ")}: `, make("button", { type: "button", class: "plain", onclick: why }, "why?")];
  }

  /** @param {number} number */
  x(number) {
    return this.lesson.run.last ? (number / this.lesson.run.last) * WIDTH : 0;
  }

  /** What changes with the run: the curve, and what happened on it. */
  drawRun() {
    const { lesson } = this;
    this.count += 1;
    const hidden = lesson.blanks.size > 0;
    this.track.hidden = hidden;
    this.curve.replaceChildren();
    this.caption.replaceChildren();
    this.events.replaceChildren();
    if (hidden) return;
    const known = lesson.run.losses.filter((loss) => loss !== undefined).length;
    if (known <= lesson.run.last && lesson.changed) this.workOut(this.count, 0);
    else this.drawCurve();
    this.draw();
  }

  /** The losses of the learner's own run, a little at a time. @param {number} count @param {number} from */
  workOut(count, from) {
    const until = performance.now() + 12;
    let number = from;
    const { run } = this.lesson;
    while (number <= run.last && performance.now() < until) run.loss(number++);
    if (number <= run.last) window.setTimeout(() => count === this.count && this.workOut(count, number));
    else this.drawCurve();
  }

  drawCurve() {
    const { lesson } = this;
    const own = lesson.run.losses.map((loss) => loss ?? NaN);
    const others = lesson.changed ? [lesson.original.losses] : [];
    const wrong = lesson.data.mistake?.run.losses.map((loss) => loss ?? Infinity);
    if (wrong) others.push(wrong);
    const most = 100 * Math.max(...own.filter((loss) => Number.isFinite(loss)));
    const scale = scaleOf([own, ...others].flat().filter((loss) => loss <= most));
    this.curve.replaceChildren(drawn("line", { class: "base", x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT }));
    others.forEach((losses) => this.curve.append(line(losses, `loss ${losses === wrong ? "other" : "before"}`, scale, (k) => this.x(k))));
    this.curve.append(line(own, "loss", scale, (k) => this.x(k)));
    const at = this.x(lesson.iteration);
    this.curve.append(drawn("line", { class: "here", x1: at, x2: at, y1: 0, y2: HEIGHT }));
    const label = `The loss from iteration 0, ${written(own[0])}, to iteration ${lesson.run.last}, ${written(own[lesson.run.last])}`;
    this.curve.setAttribute("role", "img");
    this.curve.setAttribute("aria-label", label);
    const words = [scale.log ? "loss (log scale)" : "loss"];
    if (lesson.changed) words.push("dashed: before your change");
    if (wrong) words.push(`orange, dashed: with ${lesson.data.mistake?.code}`);
    const ends = `from ${written(own[0])} to ${written(own[lesson.run.last])}`;
    this.caption.replaceChildren(make("span", {}, words.join(" · ")), make("span", {}, lesson.changed ? ends : `${ends} · ${lesson.data.run.ending}`));
    if (!lesson.changed) this.drawEvents(own, scale);
  }

  /** @param {number[]} losses @param {Scale} scale */
  drawEvents(losses, scale) {
    const { events } = this.lesson.data.run;
    if (!events.length) return;
    for (const [number, words] of events) {
      const mark = drawn("path", { class: "event", d: `M${this.x(number)} ${y(losses[number], scale)}h0` });
      mark.append(drawn("title", {}, `iteration ${number}: ${words}`));
      this.curve.append(mark);
    }
    const items = events.map(([number, words]) => {
      const go = () => this.lesson.goTo(number);
      return make("li", {}, make("button", { type: "button", class: "plain", onclick: go }, `iteration ${number}`), ` ${words}`);
    });
    const count = `${events.length} ${events.length === 1 ? "thing" : "things"} happened on the way`;
    this.events.replaceChildren(make("details", { class: "no-print" }, make("summary", {}, count), make("ul", { class: "events" }, ...items)));
  }
}

/** @typedef {{low: number, high: number, log: boolean}} Scale */

/** @param {number[]} losses @returns {Scale} */
function scaleOf(losses) {
  const above = losses.filter((loss) => loss > 0);
  const high = Math.max(...above, 1e-300);
  const low = Math.min(...above, high);
  const log = high > 100 * low;
  return log ? { low: Math.log10(Math.max(low, high * 1e-12)), high: Math.log10(high), log } : { low: 0, high, log };
}

/** @param {number} loss @param {Scale} scale */
function y(loss, { low, high, log }) {
  const value = log ? Math.log10(Math.max(loss, 10 ** low)) : loss;
  const share = high > low ? (value - low) / (high - low) : 0;
  return (HEIGHT - 4) * (1 - Math.max(0, Math.min(1, share))) + 2;
}

/** @param {number[]} losses @param {string} kind @param {Scale} scale @param {(number: number) => number} x */
function line(losses, kind, scale, x) {
  const points = losses.map((loss, k) => (Number.isFinite(loss) ? `${x(k).toFixed(1)},${y(loss, scale).toFixed(1)}` : ""));
  return drawn("polyline", { class: kind, points: points.filter(Boolean).join(" ") });
}
