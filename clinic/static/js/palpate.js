// @ts-check
/** What every page has: search by key, dialogs, the lock. */
import { all, isTyping, one } from "./dom.js";
import { watchLock } from "./lock.js";

const search = /** @type {HTMLDialogElement | null} */ (document.getElementById("search"));

function openSearch() {
  search?.showModal();
  const field = /** @type {HTMLInputElement | null} */ (one("#search-text"));
  field?.select();
}

for (const button of all("[data-search]")) button.addEventListener("click", openSearch);
document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const asked = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !isTyping(target));
  if (asked && !document.querySelector("dialog.lock[open]")) {
    event.preventDefault();
    openSearch();
  }
});
// "?" shows the keys of the page; one that has more of its own (the exam) shows those.
document.addEventListener("keydown", (event) => {
  const keys = /** @type {HTMLDialogElement | null} */ (document.getElementById("page-keys"));
  const isFree = !document.getElementById("keys") && !document.querySelector("dialog[open]");
  if (event.key !== "?" || !isFree || isTyping(/** @type {HTMLElement} */ (event.target))) return;
  event.preventDefault();
  keys?.showModal();
});
// A page that answered a form becomes one that is simply looked at, so that "back" never asks to send the form again.
history.replaceState(history.state, "", location.href);
search?.addEventListener("keydown", (event) => {
  const links = all("#search-found a", search);
  const here = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (event.key === "ArrowDown") links[Math.min(here + 1, links.length - 1)]?.focus();
  else if (event.key === "ArrowUp") (links[here - 1] ?? one("#search-text"))?.focus();
  else if (event.key === "Enter" && here < 0) links[0]?.click();
  else return;
  event.preventDefault();
});

/** @param {string} id of a field */
async function copy(id) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById(id));
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    return; // no secure address, or not allowed: the text is selected, to be copied by hand
  }
  const said = one("[data-copied]");
  if (said) said.hidden = false;
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const opener = /** @type {HTMLElement | null} */ (target.closest("[data-open]"));
  if (opener) /** @type {HTMLDialogElement} */ (document.getElementById(opener.dataset.open || ""))?.showModal();
  if (target.closest("[data-close]") || (target instanceof HTMLDialogElement && !target.classList.contains("lock"))) {
    target.closest("dialog")?.close();
  }
  if (target.closest("[data-print]")) window.print();
  const copier = /** @type {HTMLElement | null} */ (target.closest("[data-copy]"));
  if (copier) copy(copier.dataset.copy || "");
});
// A second click on a form that is on its way would do it twice.
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method === "dialog" || "lock" in form.dataset) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
});

watchLock(Number(document.body.dataset.idleS || 900));
