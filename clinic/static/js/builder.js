// @ts-check
/** The programme's form keeps itself as it is written; a button waits for what is on its way, and nothing overtakes it. */
import { one } from "./dom.js";

const form = /** @type {HTMLFormElement} */ (one("#builder"));
let keeping = false;

form.addEventListener("htmx:beforeRequest", (event) => {
  if (form.dataset.sent) event.preventDefault(); // the button takes everything along
  else keeping = true;
});
for (const end of ["htmx:afterRequest", "htmx:onLoadError"]) form.addEventListener(end, () => { keeping = false; });
form.addEventListener("submit", (event) => {
  if (!keeping) return;
  event.preventDefault();
  event.stopPropagation();
  const button = /** @type {SubmitEvent} */ (event).submitter;
  form.addEventListener("htmx:afterRequest", () => form.requestSubmit(button), { once: true });
});
