import { make, part } from "./dom.js";

/**
 * @typedef {import("./lesson.js").Lesson} Lesson
 * @typedef {import("./cursor.js").Cursor} Cursor
 */

/** What is worth knowing of the shown iteration, with a sentence on what it is. @param {Lesson} lesson @param {Cursor} cursor */
export function drawFindings(lesson, cursor) {
  const { model, data } = lesson;
  const found = lesson.blanks.size ? [] : lesson.run.findings(lesson.iteration);
  const notes = found.map(({ code, step, message, harmless, cells }) => {
    const tone = code === "converged" ? "good" : harmless ? "" : "warn";
    const note = make("div", { class: `note ${tone}`, tabindex: -1 }, make("p", {}, make("b", {}, code), ` ${message}`));
    const topic = data.topics[code];
    if (topic) note.append(make("p", { class: "more" }, `${topic.title}: ${topic.summary}.`));
    const flat = cells.length ? model.flat(step, cells[0]) : -1;
    if (flat >= 0) {
      const go = () => cursor.go({ name: step, flat });
      const label = `Show ${model.label(step, flat)}`;
      note.append(make("p", { class: "no-print" }, make("button", { type: "button", class: "plain", onclick: go }, label)));
    }
    return note;
  });
  if (lesson.changed) {
    const words = "What is worth knowing of your own run, the program tells: save it as YAML, below, and type ";
    part("findings").replaceChildren(make("p", { class: "quiet no-print" }, words, make("code", {}, "cnnstep run my.yaml"), "."));
    return;
  }
  part("findings").replaceChildren(...(notes.length ? [make("h2", {}, "Worth knowing here"), ...notes] : []));
}
