// @ts-check
/** The patient's pain drawing: the chart ticks the places of the list, which works without this script too. */
import { BodyChart } from "./chart.js";
import { all, fill, json, make, one } from "./dom.js";

const box = /** @type {HTMLElement} */ (one("[data-pain-drawing]"));
const chart = /** @type {BodyChart} */ (one("body-chart", box));
const list = /** @type {HTMLElement} */ (one("[data-drawn]", box));
const ticks = /** @type {HTMLInputElement[]} */ (all("[data-list] input", box));
const views = ["back", "front", "neck", "neck_front", "head_left", "head_right"];
/** The number that belongs to a place, kept while the place is taken away and drawn again. @type {Map<string, string>} */
const numbers = new Map();

/** @param {HTMLInputElement} tick */
function row(tick) {
  const name = tick.nextElementSibling?.textContent ?? tick.value;
  const words = box.dataset;
  const choices = ["–", ..."0123456789", "10"].map((text) => make("option", { value: text === "–" ? "" : text }, text));
  const select = /** @type {HTMLSelectElement} */ (make("select", { name: `intensity:${tick.value}`, "aria-label": `${name}: ${words.wordsPain}` }, ...choices));
  select.value = numbers.get(tick.value) ?? "";
  select.addEventListener("change", () => numbers.set(tick.value, select.value));
  const remove = make("button", { type: "button", class: "button bare icon", "aria-label": fill(words.wordsRemove ?? "", { what: name }) }, "×");
  remove.addEventListener("click", () => { tick.checked = false; show(); });
  return make("li", { "data-place": tick.value }, make("span", {}, name), make("span", { class: "number" }, select, remove));
}

/** The list and the chart as the places are ticked; rows that stay are not touched, so a menu in use stays open. */
function show() {
  const drawn = ticks.filter((tick) => tick.checked);
  const keys = new Set(drawn.map((tick) => tick.value));
  for (const old of all("[data-place]", list)) if (!keys.has(old.dataset.place ?? "")) old.remove();
  for (const tick of drawn) if (!one(`[data-place="${tick.value}"]`, list)) list.append(row(tick));
  /** @type {HTMLElement} */ (one("[data-none]", box)).hidden = drawn.length > 0;
  chart.setZones({ on: keys, usual: new Set(), less: new Set() });
}

function start() {
  for (const [key, number] of Object.entries(json("drawn-before") ?? {})) if (number !== null) numbers.set(key, String(number));
  const first = views.find((name) => chart.catalogue?.views[name]);
  if (first) chart.show(first);
  show();
}

/** @type {HTMLElement} */ (one("[data-with-script]", box)).hidden = false;
for (const tick of ticks) tick.addEventListener("change", show);
chart.addEventListener("zone", (event) => {
  const { zone, side } = /** @type {CustomEvent} */ (event).detail;
  const tick = ticks.find((one_) => one_.value === `${zone}/${side}`);
  if (tick) { tick.checked = !tick.checked; show(); }
});
if (chart.catalogue) start(); else chart.addEventListener("ready", start, { once: true });
