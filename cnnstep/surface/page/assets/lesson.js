import { isKnown } from "./evaluate.js";
import { Model, RecordedRun, Run, startOf, withActivation } from "./model.js";

/**
 * @typedef {import("./model.js").Data} Data
 * @typedef {import("./board.js").Place} Place
 * @typedef {{leaves: Record<string, ArrayLike<number>>, activations: Record<string, string>}} Question
 * @typedef {(what: "iteration" | "cell" | "run" | "sample" | "quiz") => void} Listener
 */

/** What is looked at: the run, the iteration, the cell; and what the learner has changed. Whoever shows it listens. */
export class Lesson {
  /** @param {Data} data */
  constructor(data) {
    this.data = data;
    const { steps, loss } = data.program;
    const sums = [...loss, ...steps.flatMap((step) => [...(step.sums ?? []), ...(step.short ?? []), ...(step.cells?.[0] ?? [])])];
    this.worksOut = data.whole && isKnown(sums);
    this.model = new Model(data);
    this.original = new RecordedRun(data.program, startOf(data.program), data.run);
    /** @type {Run} */
    this.run = this.original;
    this.iteration = Math.min(data.shown, data.run.last);
    /** @type {Place | null} */
    this.cursor = null;
    this.sample = 0;
    /** @type {Question[]} */
    this.history = [];
    /** @type {Listener[]} */
    this.listeners = [];
    /** @type {Set<string>} a quiz's blanks that are not filled yet */
    this.blanks = new Set(data.quiz?.blank ?? []);
    this.hidden = this.giveAway();
  }

  /** @param {Parameters<Listener>[0]} what */
  tell(what) {
    for (const listener of this.listeners) listener(what);
  }

  get values() {
    return this.run.values(this.iteration);
  }

  /** Whether the numbers are the learner's own. */
  get changed() {
    return this.run !== this.original;
  }

  /** What the present run begins with. @returns {Question} */
  get question() {
    return this.history.at(-1) ?? { leaves: this.original.begins[0], activations: this.ownActivations };
  }

  /** @returns {Record<string, string>} */
  get ownActivations() {
    return Object.fromEntries(this.data.activations.map(({ layer, name }) => [layer, name]));
  }

  /** The iterations that can be looked at: in a quiz the first one until it is solved. */
  get last() {
    return this.blanks.size ? this.iteration : this.run.last;
  }

  /** @param {number} number */
  goTo(number) {
    const wanted = Math.max(0, Math.min(this.last, this.nearest(Math.round(number))));
    if (wanted === this.iteration || this.blanks.size) return;
    this.iteration = wanted;
    this.tell("iteration");
  }

  /** Of a run that is too large to be stored whole, and can't be worked out here, the nearest that is stored. @param {number} number */
  nearest(number) {
    const { kept } = this.data.run;
    if (this.changed || this.data.whole || !kept) return number;
    const order = [...kept].sort((one, other) => Math.abs(one - number) - Math.abs(other - number));
    return order[0];
  }

  /** One iteration on or back. @param {number} by */
  move(by) {
    const { kept } = this.data.run;
    if (this.changed || this.data.whole || !kept) return this.goTo(this.iteration + by);
    const at = kept.indexOf(this.iteration);
    this.goTo(kept[Math.max(0, Math.min(kept.length - 1, at + by))]);
  }

  /** @param {Place | null} cursor */
  point(cursor) {
    this.cursor = cursor;
    this.tell("cell");
  }

  /** @param {number} sample */
  lookAt(sample) {
    if (sample === this.sample) return;
    this.sample = sample;
    this.cursor = null;
    this.tell("sample");
  }

  /** Whether a number can be changed. @param {string} name */
  isEditable(name) {
    if (!this.worksOut || this.data.quiz) return false;
    return ["given", "parameter"].includes(this.model.quantities[name]?.kind);
  }

  /**
   * A run from the numbers that are on the screen, one of them changed.
   * @param {string} name
   * @param {number} flat
   * @param {number} value
   */
  change(name, flat, value) {
    const leaves = this.leaves();
    const list = Array.from(leaves[name]);
    list[flat] = value;
    this.begin({ ...this.question, leaves: { ...leaves, [name]: list } });
  }

  /** The leaves as they are on the screen; the optimizer begins anew. */
  leaves() {
    const leaves = { ...this.question.leaves };
    for (const [name, { kind }] of Object.entries(this.model.quantities)) {
      if (kind === "parameter") leaves[name] = this.values[name];
    }
    return leaves;
  }

  /** @param {string} layer @param {string} name */
  changeActivation(layer, name) {
    this.begin({ leaves: this.leaves(), activations: { ...this.question.activations, [layer]: name } });
  }

  /** @param {Question} question */
  begin(question) {
    this.history.push(question);
    this.restart();
  }

  restart() {
    const asked = this.history.at(-1);
    this.run = asked ? new Run(this.programOf(asked), asked.leaves, this.data.run.last) : this.original;
    this.iteration = asked ? 0 : Math.min(this.iteration, this.run.last);
    this.tell("run");
  }

  /** @param {Question} question */
  programOf({ activations }) {
    return this.data.activations.reduce((program, layer) => {
      const other = activations[layer.layer];
      return other === layer.name ? program : withActivation(program, layer, other);
    }, this.data.program);
  }

  undo() {
    this.history.pop();
    this.restart();
  }

  reset() {
    this.history = [];
    this.restart();
  }

  /** The blanks, and whatever is worked out from them. @returns {Set<string>} */
  giveAway() {
    const hidden = new Set(this.blanks);
    for (const step of this.model.program.steps) {
      if ([...this.model.readsOf(step)].some((name) => hidden.has(name))) hidden.add(step.name);
    }
    return hidden;
  }

  /** A blank is filled: what follows from it can be seen. @param {string} name */
  fill(name) {
    this.blanks.delete(name);
    this.hidden = this.giveAway();
    this.tell("run");
  }

  /** Whether a quantity is a quiz's blank, or would give one away. @param {string} name */
  isHidden(name) {
    return this.hidden.has(name);
  }

  /** The step of a quantity in the present run. @param {string} name */
  step(name) {
    return this.run.program.steps.find((step) => step.name === name);
  }

  /** What a number is made of. @param {Place} place */
  terms({ name, flat }) {
    const step = this.step(name);
    return step ? this.run.evaluator.terms(step, flat, this.values) : [];
  }
}
