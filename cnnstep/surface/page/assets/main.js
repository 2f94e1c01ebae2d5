import { Board, number } from "./board.js";
import { Cursor } from "./cursor.js";
import { make, part } from "./dom.js";
import { drawFindings } from "./findings.js";
import { Iterations } from "./iterations.js";
import { Lesson } from "./lesson.js";
import { Mistaken } from "./mistaken.js";
import { written } from "./numbers.js";
import { Quiz } from "./quiz.js";
import { fragment, readFragment } from "./url.js";
import { WhatIf } from "./whatif.js";
import { Working } from "./working.js";

/** @typedef {import("./model.js").Data} Data */

const PAUSE = 100;

/** The page: its parts, each drawn again when something changes that it shows. */
class Page {
  /** @param {Data} data */
  constructor(data) {
    this.lesson = new Lesson(data);
    this.dressed = false;
    this.timer = 0;
    this.board = new Board(this.lesson.model);
    this.cursor = new Cursor(this.lesson, this.board);
    this.working = new Working(this.lesson, this.cursor);
    this.cursor.hint = () => this.working.hint;
    this.iterations = new Iterations(this.lesson);
    this.whatIf = new WhatIf(this.lesson, this.board);
    this.lesson.listeners.push((what) => this.draw(what));
    part("board").append(...this.samples(), legend(), this.board.element);
    this.mistaken = data.mistake && new Mistaken(this.lesson, (place) => this.cursor.go(place));
    this.working.mistaken = this.mistaken;
    if (data.quiz) this.quiz = new Quiz(this.lesson, this.board);
    if (!data.quiz) this.lesson.cursor = { name: this.lesson.model.program.steps[0].name, flat: 0 };
    this.follow();
    this.draw("run");
    window.addEventListener("hashchange", () => this.follow());
    window.addEventListener("resize", () => {
      this.board.align();
      this.cursor.draw();
    });
    window.addEventListener("pagehide", () => this.iterations.stop());
  }

  /** @param {"iteration" | "cell" | "run" | "sample" | "quiz"} what */
  draw(what) {
    if (what === "sample") {
      if (this.select) this.select.value = String(this.lesson.sample);
      this.board.sample = this.lesson.sample;
      this.board.build();
      if (this.mistaken) this.mistaken.board.sample = this.lesson.sample;
      this.mistaken?.board.build();
    }
    if (what === "run") {
      this.board.align();
      this.iterations.drawRun();
      this.whatIf.draw();
    }
    if (!this.dressed || what === "sample") this.dress();
    if (what !== "cell") {
      this.board.fill(this.lesson.values, (name) => this.lesson.isHidden(name));
      this.mark();
      this.iterations.draw();
      this.mistaken?.draw();
      drawFindings(this.lesson, this.cursor);
    }
    this.cursor.draw();
    this.mistaken?.mark();
    this.working.draw();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.remember(), PAUSE); // a browser takes its time over an address
  }

  /** Which numbers can be changed, and how wide each matrix has to be for the whole run. */
  dress() {
    this.dressed = true;
    const { lesson, board } = this;
    for (const name of Object.keys(board.cells)) {
      if (board.isLarge(name)) continue;
      for (const cell of board.cells[name]) cell?.classList.toggle("editable", lesson.isEditable(name));
      if (!lesson.original.isStored(name)) continue;
      const made = lesson.data.program.carried[name] ?? name;
      const lists = lesson.data.run.values[made] ?? [];
      const some = lists.filter((_, k) => k % Math.ceil(lists.length / 60) === 0).flatMap((list) => list || []);
      const all = some.length ? some : Array.from(lesson.values[name]);
      board.widen(name, Math.max(...all.map((value) => (typeof value === "number" ? written(value) : value).length)));
    }
    board.align();
  }

  /** The sign of cells whose slope is 0: nothing passes back. */
  mark() {
    const { lesson, board } = this;
    for (const { steps } of lesson.data.activations) {
      const [, delta] = steps;
      if (!delta || !board.cells[delta] || board.isLarge(delta)) continue;
      board.cells[delta].forEach((cell, flat) => {
        if (!cell) return;
        cell.querySelector(".mark")?.remove();
        if (lesson.isHidden(delta)) return;
        const parts = lesson.terms({ name: delta, flat }).flatMap((term) => term.parts);
        const dead = parts.some((one) => one.call?.endsWith("_slope") && one.reads.length === 1 && one.value === 0);
        if (!dead) return;
        const lost = parts.some((one) => !one.constant && !one.call && one.value !== 0);
        const words = lost ? "inactive, with an error left that it can't learn from" : "inactive: the slope is 0";
        number(cell).after(make("span", { class: lost ? "mark bad" : "mark", title: words }, lost ? "✝!" : "✝"));
      });
    }
  }

  /** Of a batch, the sample that is looked at. */
  samples() {
    const { data, model } = this.lesson;
    if (data.sampleOf) {
      const [sample, count] = data.sampleOf;
      return [make("p", { class: "quiet" }, `Sample ${sample} of a batch of ${count}. Gradients are added up over all of them.`)];
    }
    if (data.tiles.input.axes[0] !== "sample") return [];
    const options = Array.from({ length: model.quantities.input.shape[0] }, (_, k) => make("option", { value: k }, String(k)));
    const select = make("select", {}, ...options);
    select.addEventListener("change", () => this.lesson.lookAt(Number(select.value)));
    this.select = select;
    return [make("p", {}, make("label", { class: "row" }, "sample", select, "of the batch"))];
  }

  /** Shows what the address says. */
  follow() {
    const { lesson } = this;
    const shown = readFragment(window.location.hash);
    const count = lesson.model.quantities.input.shape[0];
    if (this.select && shown.sample !== undefined && shown.sample < count && shown.sample !== lesson.sample) {
      this.select.value = String(shown.sample);
      lesson.lookAt(shown.sample);
    }
    if (shown.iteration !== undefined) lesson.goTo(shown.iteration);
    if (shown.name === undefined || !lesson.model.data.tiles[shown.name]) return;
    const flat = lesson.model.flat(shown.name, shown.cell ?? []);
    if (flat >= 0 && (lesson.cursor?.name !== shown.name || lesson.cursor.flat !== flat)) lesson.point({ name: shown.name, flat });
  }

  /** The address of what is shown now. */
  remember() {
    const { lesson } = this;
    const { cursor } = lesson;
    const cell = cursor ? { name: cursor.name, cell: lesson.model.cell(cursor.name, cursor.flat) } : {};
    const address = fragment({ iteration: lesson.iteration, sample: lesson.sample, ...cell });
    try {
      if (address !== window.location.hash) window.history.replaceState(null, "", address);
    } catch {
      // a notebook's frame has no address of its own
    }
  }
}

function legend() {
  const made = make("span", {}, make("i", { class: "made" }), "what it is made of");
  const goes = make("span", {}, make("i", { class: "goes" }), "what it goes on to");
  const dead = make("span", {}, "✝ inactive: slope 0, nothing passes back");
  return make("p", { class: "legend" }, made, goes, dead);
}

/** @type {Data} */
const data = /** @type {any} */ (window).pageData;
part("about").textContent = data.about;
part("foot").textContent = `cnnstep page ${data.name}`;
const page = new Page(data);
Object.assign(window, { lesson: page.lesson }); // for whoever looks closer, in the console or in a test
document.documentElement.dataset.ready = "";
