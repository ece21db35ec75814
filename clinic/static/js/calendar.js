// @ts-check
/**
 * The calendar: lays the day out along its hours, and moves what is dragged (desk) or tapped twice (tablet).
 * Without it the page is lists in order of time, with links to the same.
 */
import { all, csrf, make, one } from "./dom.js";

const lanes = one("[data-lanes]");
const week = one("[data-week]");
const root = lanes || week;
const texts = JSON.parse(root?.dataset.words || "{}");
// As the style has it: half an hour is large enough for a finger where there is one.
const HOUR_PX = parseFloat(getComputedStyle(/** @type {Element} */ (document.querySelector("main"))).getPropertyValue("--hour")) || 72;

/** @param {HTMLElement} element @param {number} start minute of the day @param {number} length minutes @param {number} from hour */
function place(element, start, length, from) {
  element.style.top = `${((start - from * 60) / 60) * HOUR_PX}px`;
  element.style.height = `${(length / 60) * HOUR_PX - 2}px`;
  element.classList.toggle("short", (length / 60) * HOUR_PX < 48);
}

/** Those that are at the same time share the width. @param {HTMLElement[]} visits in order of their beginning */
function sideBySide(visits) {
  /** @type {{element: HTMLElement, until: number, lane: number}[]} */
  let group = [];
  const settle = () => {
    const lanesUsed = Math.max(...group.map((one) => one.lane)) + 1;
    for (const { element, lane } of group) {
      element.style.insetInlineStart = `calc(${(lane / lanesUsed) * 100}% + 3px)`;
      element.style.insetInlineEnd = `calc(${((lanesUsed - lane - 1) / lanesUsed) * 100}% + 3px)`;
    }
  };
  for (const element of visits) {
    const start = Number(element.dataset.start), until = start + Number(element.dataset.length);
    if (group.length && group.every((one) => one.until <= start)) {
      settle();
      group = [];
    }
    const busy = new Set(group.filter((one) => one.until > start).map((one) => one.lane));
    let lane = 0;
    while (busy.has(lane)) lane += 1;
    group.push({ element, until, lane });
  }
  if (group.length) settle();
}

/** @param {HTMLElement} board */
function layOut(board) {
  const from = Number(board.dataset.from), until = Number(board.dataset.until);
  board.classList.add("laid");
  const hours = /** @type {HTMLElement} */ (one(".hours > div", board));
  for (let hour = from; hour < until; hour++) {
    const line = make("span", {}, `${String(hour).padStart(2, "0")}:00`);
    line.style.top = `${(hour - from) * HOUR_PX}px`;
    hours.append(line);
  }
  for (const track of all(".track", board)) {
    track.style.height = `${(until - from) * HOUR_PX}px`;
    for (const block of all("[data-start]", track)) {
      place(block, Number(block.dataset.start), Number(block.dataset.length), from);
    }
    sideBySide(all(".visit", track));
  }
  nowLine(board, from);
  if (matchMedia("(max-width: 600px)").matches) toFirst(board, from);
}

/** On a phone, begin with the first appointment that is not over yet. @param {HTMLElement} board @param {number} from */
function toFirst(board, from) {
  const [today, time] = (board.dataset.now || "").split(" ");
  const [hour, minute] = time.split(":").map(Number);
  const ahead = all(".lane", board).flatMap((lane) => {
    const after = lane.dataset.day === today ? hour * 60 + minute : 0;
    return all(".visit", lane)
      .map((visit) => ({ lane, start: Number(visit.dataset.start), end: Number(visit.dataset.start) + Number(visit.dataset.length) }))
      .filter((visit) => visit.end > after);
  });
  if (!ahead.length) return;
  const first = ahead.reduce((one, other) => (other.start < one.start ? other : one));
  board.scrollTop = Math.max(0, ((first.start - from * 60) / 60) * HOUR_PX - 4);
  const hours = one(".hours", board);
  board.scrollLeft = Math.max(0, first.lane.offsetLeft - (hours ? hours.offsetWidth : 0) - 12);
}

/** @param {HTMLElement} board @param {number} from */
function nowLine(board, from) {
  const [day, time] = (board.dataset.now || "").split(" ");
  const [hour, minute] = time.split(":").map(Number);
  const begun = Date.now() - (hour * 60 + minute) * 60_000;
  const lines = all(`.lane[data-day="${day}"] .track`, board).map((track) => {
    const line = make("i", { class: "now" });
    track.append(line);
    return line;
  });
  const move = () => {
    const passed = (Date.now() - begun) / 60_000;
    for (const line of lines) line.style.top = `${((passed - from * 60) / 60) * HOUR_PX}px`;
  };
  move();
  setInterval(move, 30_000);
  if (lines.length) board.scrollTop = Math.max(0, ((hour - from) - 1) * HOUR_PX);
}

/** The time under the finger. @param {HTMLElement} track @param {number} y */
function minuteAt(track, y) {
  const board = /** @type {HTMLElement} */ (lanes);
  const step = Number(board.dataset.step || 15);
  const minute = Number(board.dataset.from) * 60 + ((y - track.getBoundingClientRect().top) / HOUR_PX) * 60;
  return Math.max(0, Math.round(minute / step) * step);
}

/** @param {string} day @param {number} minute */
const wall = (day, minute) =>
  `${day}T${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** Which state of an appointment this page shows, so that nobody's change is overwritten unseen. @param {string} id */
const revisionOf = (id) => one(`[data-id="${id}"]`)?.dataset.revision || one(`[data-moving="${id}"]`)?.dataset.revision || "";

/** @param {string} path @param {Record<string, string>} values */
async function send(path, values) {
  const body = new URLSearchParams({ ...values, csrfmiddlewaretoken: csrf() });
  const answer = await fetch(path, { method: "POST", headers: { Accept: "application/json" }, body });
  const said = await answer.json().catch(() => ({}));
  return { ok: answer.ok, said };
}

/** This page, with nothing to be moved any more. */
function settled() {
  const address = new URL(location.href);
  address.searchParams.delete("moving");
  return address.href;
}

/**
 * @param {string} id @param {{starts_at: string, therapist?: string, room?: string}} to
 * @param {{undo?: boolean, sure?: boolean, revision?: string}} options
 */
async function moveTo(id, to, { undo = false, sure = false, revision = "" } = {}) {
  const seen = revision || revisionOf(id);
  const values = Object.fromEntries(Object.entries({ ...to, revision: seen, ...(sure ? { outside_hours: "1" } : {}) }).filter(([, v]) => v));
  const { ok, said } = await send(`/appointments/${id}/move/`, values).catch(() => ({ ok: false, said: {} }));
  if (ok) {
    const back = { id, revision: String(said.revision), starts_at: said.before, therapist: said.therapist, room: said.room };
    history.replaceState({ ...(undo ? {} : { back }), sameDay: said.same_day }, "", settled());
    location.reload();
    return;
  }
  const codes = (said.errors || []).map((/** @type {any} */ e) => e.code);
  if (codes.includes("outside_hours") && !sure && confirm(texts.outside)) {
    await moveTo(id, to, { undo, sure: true, revision });
    return;
  }
  const free = (said.next_free || []).map((/** @type {any} */ slot) => moment(slot.starts_at)).join(", ");
  tell(`${texts.failed} ${(said.errors || [])[0]?.detail || said.detail || ""}${free ? ` ${texts.next} ${free}` : ""}`);
}

/** @param {string} at */
const moment = (at) => new Date(at).toLocaleString(document.documentElement.lang, {
  weekday: "short", hour: "2-digit", minute: "2-digit", timeZone: root?.dataset.zone,
});

/** @param {string} text @param {(() => void)=} undo */
function tell(text, undo) {
  const box = make("div", { class: "toast" }, text);
  if (undo) {
    const button = make("button", { type: "button", class: "button plain" }, texts.undo);
    button.addEventListener("click", undo);
    box.append(" ", button);
  }
  one("[data-toasts]")?.append(box);
  setTimeout(() => box.remove(), 15_000);
}

// What was just moved can be put back.
const { back, swapped, sameDay } = history.state || {};
if (back) {
  const moved = one(`[data-id="${back.id}"] time`);
  tell(`${texts.moved} ${moved?.textContent || ""}`, () => {
    moveTo(back.id, { starts_at: back.starts_at, therapist: back.therapist, room: back.room }, { undo: true, sure: true, revision: back.revision });
  });
}
if (swapped) {
  tell(texts.swapped, () => swap(swapped.id, swapped.other, { undo: true, revisions: swapped.revisions }));
}
if (sameDay) tell(texts.same_day);
if (back || swapped || sameDay) history.replaceState({}, "");

/** @param {HTMLElement} target */
function whereOf(target) {
  const lane = /** @type {HTMLElement} */ (target.closest("[data-day]"));
  const row = /** @type {HTMLElement} */ (target.closest("[data-therapist], [data-room]:not(.visit)"));
  return { day: lane?.dataset.day || "", therapist: row?.dataset.therapist || "", room: row?.dataset.room || "" };
}

function dragging() {
  /** @type {HTMLElement | null} */
  let held = null;
  let offset = 0;
  const board = /** @type {HTMLElement} */ (root);
  board.addEventListener("dragstart", (event) => {
    held = /** @type {HTMLElement} */ (event.target).closest(".visit");
    if (!held) return;
    offset = event.clientY - held.getBoundingClientRect().top;
    event.dataTransfer?.setData("text/plain", held.dataset.id || "");
    held.classList.add("held");
  });
  board.addEventListener("dragend", () => held?.classList.remove("held"));
  board.addEventListener("dragover", (event) => {
    if (held && /** @type {HTMLElement} */ (event.target).closest("[data-day]")) event.preventDefault();
  });
  board.addEventListener("drop", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!held || !target.closest("[data-day]")) return;
    event.preventDefault();
    const other = /** @type {HTMLElement | null} */ (target.closest(".visit"));
    if (texts.swap && other && other !== held && other.draggable && confirm(texts.swap)) {
      swap(held.dataset.id || "", other.dataset.id || "");
      return;
    }
    const track = /** @type {HTMLElement | null} */ (target.closest(".lane")?.querySelector(".track"));
    const minute = track ? minuteAt(track, event.clientY - offset) : Number(held.dataset.start);
    const { day, therapist, room } = whereOf(target);
    moveTo(held.dataset.id || "", { starts_at: wall(day, minute), therapist, room });
  });
}

/** @param {string} id @param {string} other @param {{undo?: boolean, revisions?: string[]}} options */
async function swap(id, other, { undo = false, revisions = [revisionOf(id), revisionOf(other)] } = {}) {
  const { ok, said } = await send(`/appointments/${id}/swap/`, { with: other, revision: revisions[0], with_revision: revisions[1] }).catch(() => ({ ok: false, said: {} }));
  if (!ok) {
    tell(`${texts.failed} ${said.detail || ""}`);
    return;
  }
  const swapped = { id, other, revisions: said.revisions };
  history.replaceState({ ...(undo ? {} : { swapped }), sameDay: said.same_day }, "", settled());
  location.reload();
}

/** The second tap: on free time, the new place, on a visit, its place; with nothing to move, a new appointment. */
function tapping() {
  const moving = one("[data-moving]");
  const board = /** @type {HTMLElement} */ (lanes);
  board.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const track = /** @type {HTMLElement | null} */ (target.closest(".track"));
    const other = /** @type {HTMLElement | null} */ (target.closest(".visit"));
    if (moving && other?.draggable && other.dataset.id !== moving.dataset.moving) {
      event.preventDefault();
      if (confirm(texts.swap)) swap(moving.dataset.moving || "", other.dataset.id || "");
      return;
    }
    if (!track || other) return;
    const { day, therapist, room } = whereOf(target);
    const at = wall(day, minuteAt(track, event.clientY - HOUR_PX / 8));
    if (moving) moveTo(moving.dataset.moving || "", { starts_at: at, therapist, room });
    else location.href = `${board.dataset.new}?${new URLSearchParams({ at, therapist, room })}`;
  });
}

if (lanes) layOut(lanes);
if (root && "mayBook" in root.dataset && !("readsOnly" in document.body.dataset)) {
  dragging();
  if (lanes) tapping();
}
for (const select of all("[data-filters] select")) {
  select.addEventListener("change", () => /** @type {HTMLSelectElement} */ (select).form?.requestSubmit());
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /** @type {HTMLElement} */ (event.target).closest("input, select, textarea, dialog")) return;
  /** @type {HTMLElement | null} */ (one(`[data-key="${event.key}"]`))?.click();
});
