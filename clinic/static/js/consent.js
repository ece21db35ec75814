// @ts-check
/** The signature pad: strokes in the pad's own units, drawn as they come and sent as JSON. */
import { all, one } from "./dom.js";

const form = /** @type {HTMLFormElement | null} */ (one("[data-consent]"));
const pad = /** @type {SVGSVGElement | null} */ (one("[data-pad]"));
const ink = one("[data-ink]");
const field = /** @type {HTMLInputElement | null} */ (one("[data-signature]"));
const MOST_POINTS = 4500; // the server takes 5,000

/** @type {[number, number][][]} */
let strokes = [];
/** @type {SVGPathElement | null} */
let path = null;

/** @param {PointerEvent} event @returns {[number, number]} */
function place(event) {
  const box = /** @type {SVGSVGElement} */ (pad).getBoundingClientRect();
  const view = /** @type {SVGSVGElement} */ (pad).viewBox.baseVal;
  const x = Math.round(((event.clientX - box.left) / box.width) * view.width);
  const y = Math.round(((event.clientY - box.top) / box.height) * view.height);
  return [Math.min(Math.max(x, 0), view.width), Math.min(Math.max(y, 0), view.height)];
}

/** @param {[number, number][]} stroke */
function shape(stroke) {
  const points = stroke.length === 1 ? [stroke[0], stroke[0]] : stroke;
  return "M" + points.map(([x, y]) => `${x} ${y}`).join(" L");
}

/** @param {[number, number][]} stroke */
function draw(stroke) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "path");
  made.setAttribute("d", shape(stroke));
  ink?.append(made);
  return made;
}

function keep() {
  if (field) field.value = strokes.length ? JSON.stringify(strokes) : "";
}

/** @param {PointerEvent} event */
function begin(event) {
  if (!event.isPrimary) return;
  event.preventDefault();
  /** @type {SVGSVGElement} */ (pad).setPointerCapture(event.pointerId);
  strokes.push([place(event)]);
  path = draw(strokes[strokes.length - 1]);
  keep();
}

/** @param {PointerEvent} event */
function move(event) {
  if (!path || !event.isPrimary) return;
  const stroke = strokes[strokes.length - 1];
  const [x, y] = place(event);
  const [lastX, lastY] = stroke[stroke.length - 1];
  if (x === lastX && y === lastY) return;
  if (strokes.reduce((sum, one_) => sum + one_.length, 0) >= MOST_POINTS) return;
  stroke.push([x, y]);
  path.setAttribute("d", shape(stroke));
}

function end() {
  path = null;
  keep();
}

/** Shows what belongs to the way and the person that are chosen. */
function show() {
  if (!form) return;
  const chosen = new FormData(form);
  const how = String(chosen.get("how"));
  const who = String(chosen.get("who") ?? "guardian");
  for (const part of all("[data-way]", form)) {
    part.hidden = part.dataset.way === "signature" ? how !== "signature" : how === "signature";
  }
  for (const part of all("[data-for]", form)) part.hidden = part.dataset.for !== who;
}

if (form && pad) {
  pad.addEventListener("pointerdown", begin);
  pad.addEventListener("pointermove", move);
  pad.addEventListener("pointerup", end);
  pad.addEventListener("pointercancel", end);
  one("[data-clear]")?.addEventListener("click", () => {
    strokes = [];
    ink?.replaceChildren();
    keep();
  });
  form.addEventListener("change", show);
  try {
    strokes = JSON.parse(field?.value || "[]");
    strokes.forEach(draw);
  } catch {
    strokes = [];
  }
  show();
  document.body.dataset.ready = "";
}
