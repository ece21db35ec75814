// @ts-check
/** The worklist by keyboard: j and k move, e done, s snooze, b book, c call, t take. */
import { all } from "./dom.js";

const rows = () => all("[data-rows] > .item");

/** @param {number} step */
function move(step) {
  const found = rows();
  const here = found.findIndex((row) => row.contains(document.activeElement));
  const next = found[Math.min(Math.max(here + step, 0), found.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** @param {string} key */
function act(key) {
  const row = rows().find((one) => one.contains(document.activeElement));
  const target = /** @type {HTMLElement | null} */ (row?.querySelector(`[data-key="${key}"]`));
  if (!target) return false;
  if (target instanceof HTMLDetailsElement) {
    target.open = !target.open;
    if (target.open) /** @type {HTMLElement | null} */ (target.querySelector("input, button, select"))?.focus();
  } else target.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input:not([type=radio]), select, textarea, dialog")) return;
  if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  else if (!act(event.key)) return;
  event.preventDefault();
});

// After a row was dealt with, the next one stands in its place.
const asked = new URLSearchParams(location.search);
if (asked.has("row")) {
  const found = rows();
  found[Math.min(Number(asked.get("row")), found.length - 1)]?.focus();
  asked.delete("row");
  history.replaceState(null, "", `${location.pathname}?${asked}`);
}
