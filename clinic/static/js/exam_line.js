// @ts-check
/**
 * One line of text as a finding: the server reads it, the screen adds it unreviewed. What it does not know is underlined
 * in the line as it was typed, and nothing is added.
 */

import { isTyping, make, one, send } from "./dom.js";

const form = /** @type {HTMLFormElement} */ (one("[data-line-form]"));
const input = /** @type {HTMLInputElement} */ (one("#line"));
const said = /** @type {HTMLElement} */ (one("[data-line-said]"));

/** @param {string} line @param {{start: number, end: number, text: string}[]} problems */
function showProblems(line, problems) {
  /** @type {(string | Node)[]} */
  const parts = [];
  const reasons = [];
  let place = 0;
  for (const { start, end, text } of problems) {
    if (start === end) { reasons.push(text); continue; }
    const words = line.slice(start, end);
    parts.push(line.slice(place, start), make("mark", { class: "unread", title: text }, words));
    reasons.push(`“${words}”: ${text}`);
    place = end;
  }
  said.replaceChildren(...parts, line.slice(place), make("br"), reasons.join(" · "));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const line = input.value;
  if (!line.trim()) return;
  const answer = await send(form.dataset.url ?? "", { line }).catch(() => null);
  if (!answer?.ok) { said.textContent = form.dataset.failed ?? ""; return; }
  const { fields, written, problems } = await answer.json();
  if (!fields) { showProblems(line, problems); return; }
  said.textContent = written;
  input.value = "";
  document.dispatchEvent(new CustomEvent("palpate:finding", { detail: { ...fields, unreviewed: true } }));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "l" || event.ctrlKey || event.metaKey || event.altKey || isTyping(/** @type {HTMLElement} */ (event.target))) return;
  if (one("dialog[open]")) return;
  event.preventDefault();
  input.focus();
});
