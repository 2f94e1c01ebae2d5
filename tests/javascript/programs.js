// Reads lessons as JSON from standard input, {program, iterations}[], and writes what the page's arithmetic makes of them.
import { readFileSync } from "node:fs";
import { Run, startOf } from "./assets/model.js";

const lessons = JSON.parse(readFileSync(0, "utf8"));
const made = lessons.map(({ program, iterations }) => {
  const run = new Run(program, startOf(program), iterations);
  return Array.from({ length: iterations }, (_, number) => {
    const values = run.values(number);
    const steps = program.steps.map(({ name }) => [name, Array.from(values[name])]);
    return { loss: run.loss(number), steps: Object.fromEntries(steps) };
  });
});
process.stdout.write(JSON.stringify(made));
