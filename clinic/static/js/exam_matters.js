// @ts-check
/** Which tests still matter, and how each class came about: as the server works it out after each save. */

import { all, make, one } from "./dom.js";

const box = /** @type {HTMLElement} */ (one("[data-matters]"));

/** @param {{text: string, path: string, muscle: string, side: string}} test */
function testButton({ text, path, muscle, side }) {
  const button = make("button", { type: "button", class: "card" }, text);
  button.addEventListener("click", () => {
    if (path) document.dispatchEvent(new CustomEvent("palpate:go", { detail: path }));
    else document.dispatchEvent(new CustomEvent("palpate:finding", { detail: { muscle, side } }));
  });
  return make("li", {}, button);
}

document.addEventListener("palpate:derived", (event) => {
  const { tests, traces } = /** @type {CustomEvent} */ (event).detail.matters;
  box.hidden = !tests.length;
  /** @type {HTMLElement} */ (one("[data-first-test]", box)).textContent = tests[0]?.text ?? "";
  one("[data-tests]", box)?.replaceChildren(...tests.map(testButton));
  for (const card of all("[data-finding]")) {
    const trace = /** @type {HTMLElement} */ (one("[data-trace]", card));
    const lines = traces[card.dataset.finding ?? ""] ?? [];
    trace.hidden = !lines.length;
    one("ul", trace)?.replaceChildren(...lines.map((/** @type {string} */ line) => make("li", {}, line)));
  }
});
