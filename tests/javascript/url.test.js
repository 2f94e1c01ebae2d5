import assert from "node:assert/strict";
import { test } from "node:test";
import { fragment, readFragment } from "./assets/url.js";

test("what is shown stands in the address, and comes back from it", () => {
  const shown = { iteration: 34, name: "gradient", cell: [0, 1] };
  assert.equal(fragment(shown), "#i=34&cell=gradient,0,1");
  assert.deepEqual(readFragment("#i=34&cell=gradient,0,1"), shown);
  assert.deepEqual(readFragment("#i=0&sample=2&cell=conv1.forward,0,1,2"), {
    iteration: 0,
    sample: 2,
    name: "conv1.forward",
    cell: [0, 1, 2],
  });
});

test("what is no address of this page is passed over", () => {
  for (const wrong of ["", "#", "#i=-1", "#i=x&cell=", "#cell=gradient,one", "#i=99999999999"]) {
    assert.deepEqual(readFragment(wrong), {});
  }
});
