// @ts-check
/** The worklist by keyboard: j and k move, e done, s snooze, b book, c call, t take or give back, Escape closes. */
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

/** @param {Element | undefined} row */
function close(row) {
  row?.querySelectorAll("details[open]").forEach((one) => one.removeAttribute("open"));
}

/** @param {string} key */
function act(key) {
  const row = rows().find((one) => one.contains(document.activeElement));
  const target = /** @type {HTMLElement | null} */ (row?.querySelector(`[data-key="${key}"]`));
  if (!target) return false;
  if (target instanceof HTMLDetailsElement) {
    const opens = !target.open;
    close(row);
    target.open = opens;
    if (opens) /** @type {HTMLElement | null} */ (target.querySelector("input:not([type=hidden]), button, select"))?.focus();
  } else target.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const types = target.closest("input:not([type=radio]), select, textarea, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey || (types && event.key !== "Escape")) return;
  if (event.key === "Escape") {
    const row = rows().find((one) => one.contains(document.activeElement) && one.querySelector("details[open]"));
    if (!row) return;
    close(row);
    row.focus();
  } else if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
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
