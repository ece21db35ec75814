// @ts-check
/** The exam screen: chart, finding cards, red flags, range, drawing. Saving is `draft.js`, inputs are `form.js`. */
import { BodyChart } from "./chart.js";
import { all, fill, isTyping, json, make, one, stamp, toast } from "./dom.js";
import { Draft } from "./draft.js";
import { bindForm, reflect, round } from "./form.js";
import { classify } from "./kleene.js";

const screen_ = json("screen");
const { texts, signs, classes } = screen_;
const chart = /** @type {BodyChart} */ (one("body-chart"));
const draft = new Draft(screen_);
const list = /** @type {HTMLElement} */ (one("[data-findings]"));
const find = /** @type {HTMLInputElement} */ (one("#find"));
const found = /** @type {HTMLElement} */ (one("#found"));
const mode = /** @type {HTMLElement} */ (one("[data-mode]"));
/** Said once, to the server: which known point a finding is. What came of it is in what the server derives. */
const POINT_CHOICES = ["trigger_point", "new_point"];
const UNREVIEWED_KEEPS = new Set(["unreviewed", "ordinal"]);
/** The finding whose zones are being touched, "drawing", or none. @type {string} */
let touching = "";
/** @type {{view: string, x: number, y: number} | null} */
let touchedAt = null;
let lastSide = "right";
/** Where the finger was before it went to the zones. */
let viewBefore = "";

// --- Cards ------------------------------------------------------------------------------------------------------

/** @param {string} id */
const field = (id) => (/** @type {string} */ name) => draft.get(`findings/${id}/${name}`);

/** @param {string} muscle @param {string} side @param {string} [place] */
function called(muscle, side, place) {
  const { muscles, sides } = /** @type {import("./chart.js").Catalogue} */ (chart.catalogue);
  return `${muscles[muscle]?.n ?? muscle} · ${sides[side]}${place ? ` · ${place}` : ""}`;
}

/** @param {string} id */
function card(id) { return one(`[data-finding="${id}"]`, list); }

function showCards() {
  const ids = draft.rows("findings");
  for (const old of all("[data-finding]", list)) if (!ids.includes(old.dataset.finding || "")) old.remove();
  ids.forEach((id) => {
    const get = field(id);
    const name = called(get("muscle"), get("side"), get("place"));
    let element = card(id);
    if (!element) {
      element = stamp("finding", { id, name: escapeText(name), latin: escapeText(chart.catalogue?.muscles[get("muscle")]?.l ?? "") });
      list.append(element);
      reflect(draft, element);
    }
    element.dataset.called = name;
    text("[data-name]", element, name);
    text(".n", element, numberOf(id));
    showKnown(element, id);
    element.classList.toggle("unreviewed", Boolean(get("unreviewed")));
    /** @type {HTMLElement} */ (one("[data-unreviewed]", element)).hidden = !get("unreviewed");
    showClass(element, id);
    const about = chart.catalogue?.muscles[get("muscle")];
    sentence("[data-set-off]", element, about?.a ? fill(texts.set_off_by, { what: about.a }) : "");
    sentence("[data-felt]", element, about?.f ? fill(texts.may_come_with, { what: about.f }) : "");
    showReferral(element, id);
    showThreshold(element, id);
  });
  /** @type {HTMLElement} */ (one("[data-empty]")).hidden = ids.length > 0;
  showPoints(ids);
  showCounts();
}

/** The number that its point has for life; a dash until the server has given it one. @param {string} id */
function numberOf(id) { return String(draft.derived.findings[id]?.number ?? "–"); }

/** Which known point this is, and which others it could be. @param {HTMLElement} element @param {string} id */
function showKnown(element, id) {
  const box = /** @type {HTMLElement} */ (one("[data-known]", element));
  const own = draft.derived.findings[id];
  const get = field(id);
  const taken = new Set(draft.rows("findings").map((other) => draft.derived.findings[other]?.trigger_point));
  const others = draft.derived.points.filter((/** @type {any} */ p) => p.muscle === get("muscle") && p.side === get("side") && !taken.has(p.id));
  box.hidden = !own || (!own.known && !others.length);
  if (box.hidden) return;
  const key = JSON.stringify([own.number, own.known, others.map((/** @type {any} */ p) => p.id)]);
  if (box.dataset.shown === key) return;
  box.dataset.shown = key;
  const buttons = others.map((/** @type {any} */ point) => knownButton(fill(texts.same_as_point, { number: point.number, place: point.place }), () => draft.set(`findings/${id}/trigger_point`, point.id)));
  if (own.known) buttons.push(knownButton(texts.another_point, () => draft.set(`findings/${id}/new_point`, true)));
  box.replaceChildren(make("span", {}, fill(own.known ? texts.known_point : texts.new_point, { number: own.number })), ...buttons);
}

/** A choice that the server has taken is no field of the draft, so that it can be made again. */
function forgetChoices() {
  if (draft.waiting()) return;
  for (const map of [draft.flat, draft.base]) for (const path of Object.keys(map)) if (POINT_CHOICES.includes(path.split("/")[2])) delete map[path];
}

/** @param {string} word @param {() => void} act */
function knownButton(word, act) {
  const button = make("button", { type: "button", class: "button plain" }, word);
  button.addEventListener("click", act);
  return button;
}

/** @param {string} id */
function judged(id) {
  const signs_ = draft.below(`findings/${id}`);
  return classify(screen_.rules, signs_, signs_.recognised, draft.get("current_symptom"));
}

/** @param {HTMLElement} element @param {string} id */
function showClass(element, id) {
  const chip = /** @type {HTMLElement} */ (one("[data-class]", element));
  if (!screen_.rules) { chip.hidden = true; return; } // documentation-only mode
  const result = judged(id);
  const word = result.class === "indeterminate" && result.missing.length ? fill(texts.test, { sign: signs[result.missing[0]].toLowerCase() }) : classes[result.class];
  if (chip.textContent !== word) chip.textContent = word;
  chip.className = `chip ${result.class}`;
  const why = result.present.length
    ? fill(texts.why, { signs: result.present.map((sign) => signs[sign].toLowerCase()).join(", ") })
    : texts.why_none;
  text("[data-why]", element, `${why} ${screen_.rules.label}.`);
}

/** @param {HTMLElement} element @param {string} id */
function showReferral(element, id) {
  const get = field(id);
  const present = get("referred_pain") === "present";
  const box = /** @type {HTMLElement} */ (one("[data-referral]", element));
  box.hidden = !present;
  /** @type {HTMLElement} */ (one("[data-qualities]", element)).hidden = !present;
  if (!present) { if (touching === id) stopTouching(); return; }
  const { on, usual, less } = zonesOf(id);
  const muscle = /** @type {import("./chart.js").Catalogue} */ (chart.catalogue).muscles[get("muscle")];
  /** @type {HTMLElement} */ (one("[data-pattern-not-checked]", element)).hidden = !muscle?.u;
  const zones = /** @type {HTMLElement} */ (one("[data-zones]", element));
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.zoneKey;
  zones.replaceChildren(...[...new Set([...usual, ...on, ...less])].map((key) => {
    const button = make("button", { type: "button", class: "chip pick", "aria-pressed": String(on.has(key)), "data-zone-key": key }, zoneName(key));
    button.addEventListener("click", () => toggleZone(id, key));
    return button;
  }));
  if (focused) one(`[data-zone-key="${focused}"]`, zones)?.focus();
  if (touching === id) chart.setZones({ on, usual, less });
  one("[data-where]", element)?.setAttribute("aria-pressed", String(touching === id));
}

/** @param {string} key */
function zoneName(key) {
  const [zone, side] = key.split("/");
  const { zones, sides } = /** @type {import("./chart.js").Catalogue} */ (chart.catalogue);
  return `${zones[zone]?.n ?? zone}${side === "midline" ? "" : ` · ${sides[side]}`}`;
}

/** @param {string} id */
function zonesOf(id) {
  const get = field(id);
  const { muscles, zones } = /** @type {import("./chart.js").Catalogue} */ (chart.catalogue);
  const keys = (/** @type {string[]} */ list_) => new Set(list_.map((zone) => `${zone}/${zones[zone]?.sided ? get("side") : "midline"}`));
  const muscle = muscles[get("muscle")];
  return { on: new Set(Object.keys(draft.below(`findings/${id}/referred_to`))), usual: keys(muscle?.p ?? []), less: keys(muscle?.s ?? []) };
}

/** @param {string} id @param {string} key */
function toggleZone(id, key) {
  const path = `findings/${id}/referred_to/${key}`;
  draft.set(path, draft.get(path) ? null : true);
}

/** @param {HTMLElement} element @param {string} id */
function showThreshold(element, id) {
  const trials = field(id)("ppt_kpa") || [];
  const mean = trials.length ? trials.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0) / trials.length : null;
  text("[data-mean]", element, mean === null ? "" : fill(texts.mean, { value: round(mean / screen_.factor), unit: screen_.unit }));
  const unusual = trials.some((/** @type {number} */ kpa) => kpa < screen_.ppt_soft_kpa[0] || kpa > screen_.ppt_soft_kpa[1]);
  /** @type {HTMLElement} */ (one("[data-reason]", element)).hidden = !unusual && !field(id)("limit_reasons/ppt_kpa");
}

/** @param {string[]} ids */
function showPoints(ids) {
  const points = ids.flatMap((id) => {
    const get = field(id);
    const at = get("point") || chart.placeOf(get("muscle"), get("side"));
    const kind = screen_.rules ? judged(id).class : "recorded";
    const words = { number: numberOf(id), name: called(get("muscle"), get("side"), get("place")), class: classes[kind] };
    const name = fill(screen_.rules ? texts.point : texts.point_without_class, words);
    const current = card(id)?.hasAttribute("open");
    return at ? [{ id, label: numberOf(id), name, ...at, kind, current }] : [];
  });
  const waiting = waitingPoints().flatMap((/** @type {any} */ point) => {
    const at = point.fields.point || chart.placeOf(point.fields.muscle, point.fields.side);
    const name = fill(texts.last_point, { name: called(point.fields.muscle, point.fields.side, point.fields.place) });
    return at ? [{ id: `last:${point.id}`, label: String(point.number), name, ...at, kind: "last" }] : [];
  });
  chart.setPoints([...waiting, ...points]);
}

function showCounts() {
  const flags = screen_.red_flags.filter((/** @type {string} */ code) => ["yes", "no", "declined"].includes(draft.get(`red_flags/${code}/answer`)));
  text('[data-count="red_flags"]', document, `${flags.length}/${screen_.red_flags.length}`);
  const measured = new Set(Object.keys(draft.below("range_of_motion")).map((path) => path.split("/").slice(0, 2).join("/")));
  text('[data-count="range"]', document, measured.size ? String(measured.size) : "");
  const drawn = Object.keys(draft.below("pain_drawing")).length;
  text('[data-count="drawing"]', document, drawn ? String(drawn) : "");
  const now = draft.get("pain_now");
  text('[data-count="pain"]', document, now === undefined ? "" : String(now));
  const last = one("[data-last]");
  if (last) last.hidden = !waitingPoints().length;
}

/** @param {string} selector @param {ParentNode} root @param {string} value */
function text(selector, root, value) {
  const element = one(selector, root);
  if (element && element.textContent !== value) element.textContent = value;
}

/** @param {string} value */
function escapeText(value) { return value.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`); }

// --- Where to palpate first -----------------------------------------------------------------------------------------

/** @typedef {{zone: string, side: string}} Zone */
/** @typedef {{muscle: string, side: string, covers: Zone[], usually_also: Zone[], pattern_checked: boolean, often_together: string[]}} Suggestion */

/** @param {Zone[]} zones */
const zoneNames = (zones) => zones.map(({ zone, side }) => zoneName(`${zone}/${side}`)).join("; ");

/** @param {string} muscle @param {string} side */
function findingIn(muscle, side) {
  return draft.rows("findings").find((id) => field(id)("muscle") === muscle && field(id)("side") === side);
}

/** What the drawing suggests, and how much of it the findings explain; the server computes both. */
function showSuggestions() {
  const box = /** @type {HTMLElement} */ (one("[data-suggested]"));
  const drawing = draft.derived.drawing;
  if (drawing && box.hidden) box.setAttribute("open", ""); // a new drawing shows what it says; closing it is up to the reader
  box.hidden = !drawing;
  if (!drawing) return;
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.suggestion;
  const rows = drawing.suggestions.map((/** @type {Suggestion} */ suggestion) => make("li", {}, suggestionButton(suggestion, drawing.drawn.length)));
  one("[data-suggestions]", box)?.replaceChildren(...rows);
  if (focused) one(`[data-suggestion="${focused}"]`, box)?.focus();
  showTogether(box, drawing.suggestions[0]);
  const tested = (/** @type {string} */ id) => ["hypersensitive_spot", "referred_pain"].some((sign) => ["present", "absent"].includes(field(id)(sign)));
  const anything = draft.rows("findings").some(tested);
  const counted = fill(texts.explained, { count: drawing.explained.length, all: drawing.drawn.length });
  const rest = drawing.unexplained.length ? ` ${fill(texts.unexplained, { zones: zoneNames(drawing.unexplained) })}` : "";
  sentence("[data-explained]", box, anything ? counted + rest : "");
  const still = drawing.still_to_test.map((/** @type {Suggestion} */ { muscle, side }) => called(muscle, side)).join("; ");
  sentence("[data-still]", box, anything && still ? fill(texts.still_to_test, { muscles: still }) : "");
}

/** @param {Suggestion} suggestion @param {number} drawn */
function suggestionButton({ muscle, side, covers, usually_also, pattern_checked }, drawn) {
  const has = findingIn(muscle, side);
  const reasons = [fill(texts.covers, { count: covers.length, all: drawn })];
  if (usually_also.length) reasons.push(fill(texts.usually_also, { zones: zoneNames(usually_also) }));
  if (!pattern_checked) reasons.push(texts.pattern_not_checked);
  const name = make("strong", {}, called(muscle, side));
  const button = make("button", { type: "button", class: "card", "data-suggestion": `${muscle}/${side}` }, make("span", {}, name, make("br", {}), make("span", { class: "quiet small" }, reasons.join(" · "))));
  if (has) button.append(make("span", { class: "chip", "aria-label": texts.has_point }, "✓"));
  button.addEventListener("click", () => { const id = findingIn(muscle, side); if (id) open(id); else { if (touching) stopTouching(); addPoint(muscle, side); } });
  return button;
}

/** @param {HTMLElement} box @param {Suggestion | undefined} first */
function showTogether(box, first) {
  const others = first ? first.often_together.filter((muscle) => !findingIn(muscle, first.side)) : [];
  const { muscles } = /** @type {import("./chart.js").Catalogue} */ (chart.catalogue);
  const names = others.map((muscle) => muscles[muscle]?.n ?? muscle).join(", ");
  sentence("[data-together]", box, first && names ? fill(texts.often_together, { muscle: muscles[first.muscle]?.n ?? first.muscle, muscles: names }) : "");
}

/** @param {string} selector @param {ParentNode} root @param {string} value */
function sentence(selector, root, value) {
  text(selector, root, value);
  /** @type {HTMLElement} */ (one(selector, root)).hidden = !value;
}

// --- New points --------------------------------------------------------------------------------------------------

/** @param {string} muscle @param {string} side @param {Record<string, any>} [more] */
function addPoint(muscle, side, more = {}) {
  const same = draft.rows("findings").filter((id) => field(id)("muscle") === muscle && field(id)("side") === side);
  const point = touchedAt || chart.placeOf(muscle, side);
  const fields = { muscle, side, ...(point ? { point } : {}), ...(same.length ? { place: String(same.length + 1) } : {}), ...more };
  lastSide = side;
  hideFound();
  const id = draft.add("findings", fields);
  if (same.length && !more.place) toast(fill(texts.already_there, { name: called(muscle, side), number: same.length + 1 }));
  open(id);
  return id;
}

/** @param {string} id @param {boolean} [focus] */
function open(id, focus = true) {
  for (const other of all("[data-finding][open]", list)) if (other.dataset.finding !== id) other.removeAttribute("open");
  const element = card(id);
  if (!element) return;
  element.setAttribute("open", "");
  element.scrollIntoView({ block: "nearest" });
  if (focus) (one("input[type=radio]:checked", element) || one("input[type=radio]", element))?.focus({ preventScroll: true });
}

/** Muscles to choose from. @param {{muscle: string, side: string}[]} options @param {string} heading */
function offer(options, heading) {
  const picks = options.map(({ muscle, side }) => {
    const info = /** @type {import("./chart.js").Catalogue} */ (chart.catalogue).muscles[muscle];
    const button = make("button", { type: "button", class: "card", role: "option", "aria-selected": "false" }, make("strong", {}, called(muscle, side)), make("span", { class: "quiet small" }, info?.l ?? ""));
    button.addEventListener("click", () => addPoint(muscle, side));
    return button;
  });
  found.replaceChildren(...(heading ? [make("p", { class: "quiet small", role: "presentation" }, heading)] : []), ...(picks.length ? picks : [make("p", { class: "quiet" }, texts.nothing_found)]));
  found.hidden = false;
  find.setAttribute("aria-expanded", "true");
}

function hideFound() {
  found.hidden = true;
  find.value = "";
  find.setAttribute("aria-expanded", "false");
  for (const near of all(".near", chart)) near.classList.remove("near");
  touchedAt = null;
}

const TIERS = ["big_four", "core", "extended"];
find.addEventListener("input", () => {
  touchedAt = null;
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.join("").length < 2) { found.hidden = true; find.setAttribute("aria-expanded", "false"); return; }
  const { muscles, sides } = /** @type {import("./chart.js").Catalogue} */ (chart.catalogue);
  const other = lastSide === "right" ? "left" : "right";
  const options = Object.entries(muscles).flatMap(([muscle, info]) => [lastSide, other].map((side) => ({ muscle, side, info, keys: `${info.k} ${sides[side].toLowerCase()}` })))
    .filter(({ keys }) => words.every((word) => keys.split(/[^\p{L}\p{N}]+/u).some((key) => key.startsWith(word))))
    .sort((a, b) => Number(!a.info.n.toLowerCase().startsWith(words[0])) - Number(!b.info.n.toLowerCase().startsWith(words[0])) || TIERS.indexOf(a.info.t) - TIERS.indexOf(b.info.t));
  offer(options.slice(0, 8), "");
});
find.addEventListener("keydown", (event) => {
  if (event.key === "Enter") { event.preventDefault(); one("button", found)?.click(); }
  else if (event.key === "ArrowDown") { event.preventDefault(); one("button", found)?.focus(); }
  else if (event.key === "Escape") hideFound();
});
found.addEventListener("keydown", (event) => {
  const picks = all("button", found);
  const here = picks.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (event.key === "ArrowDown") picks[Math.min(here + 1, picks.length - 1)]?.focus();
  else if (event.key === "ArrowUp") (picks[here - 1] ?? find).focus();
  else if (event.key === "Escape") { hideFound(); find.focus(); }
  else return;
  event.preventDefault();
});

/** Points of the last exam that this one has not, by their point where the server has said it, else by their place. */
function waitingPoints() {
  const rows = draft.rows("findings");
  const points = new Set(rows.map((id) => draft.derived.findings[id]?.trigger_point ?? field(id)("trigger_point")));
  const unsaid = rows.filter((id) => !draft.derived.findings[id]);
  const places = new Set(unsaid.map((id) => [field(id)("muscle"), field(id)("side"), field(id)("place") ?? ""].join("/")));
  return screen_.last.filter((/** @type {any} */ { fields }) => !points.has(fields.trigger_point) && !places.has([fields.muscle, fields.side, fields.place ?? ""].join("/")));
}

/** @param {any} point */
function bring(point) { return draft.add("findings", { ...point.fields, unreviewed: true }); }

// What a line said (`exam_line.js`): to be looked at, like a point of the last exam.
document.addEventListener("palpate:finding", (event) => {
  const { muscle, side, ...more } = /** @type {CustomEvent} */ (event).detail;
  addPoint(muscle, side, more);
});

one("[data-same]")?.addEventListener("click", () => {
  const first = waitingPoints().map(bring)[0];
  if (first) open(first);
});

// --- Chart -------------------------------------------------------------------------------------------------------

/** @param {string} what a finding's id, or "drawing" */
function startTouching(what) {
  if (!touching) viewBefore = chart.view;
  touching = what;
  chart.setLayer("zones");
  if (what === "drawing") showDrawing();
  else {
    const zones = zonesOf(what);
    chart.setZones(zones);
    const best = chart.bestView(zones.usual);
    if (best !== chart.view) chart.show(best);
    mode.textContent = texts.where_to;
    mode.hidden = false;
    showReferral(/** @type {HTMLElement} */ (card(what)), what);
  }
  one("[data-drawing]")?.setAttribute("aria-pressed", String(what === "drawing"));
}

function stopTouching() {
  const was = touching;
  touching = "";
  mode.hidden = true;
  chart.setZones({ on: new Set(), usual: new Set(), less: new Set() });
  chart.setLayer("muscles");
  if (was && viewBefore && viewBefore !== chart.view) chart.show(viewBefore);
  one("[data-drawing]")?.setAttribute("aria-pressed", "false");
  const element = was && card(was);
  if (element) one("[data-where]", element)?.setAttribute("aria-pressed", "false");
}

function showDrawing() {
  const on = new Set(Object.keys(draft.below("pain_drawing")));
  chart.setZones({ on, usual: new Set(), less: new Set() });
  mode.replaceChildren(make("strong", {}, `${one("[data-drawing]")?.firstChild?.textContent?.trim()}: `), ...[...on].map((key) => {
    const path = `pain_drawing/${key}`;
    const select = /** @type {HTMLSelectElement} */ (make("select", { "aria-label": `${zoneName(key)}: ${texts.intensity}` }, ...["–", ..."0123456789".split(""), "10"].map((text_) => make("option", {}, text_))));
    select.value = typeof draft.get(path) === "number" ? String(draft.get(path)) : "–";
    select.addEventListener("change", () => draft.set(path, select.value === "–" ? "marked" : Number(select.value)));
    const remove = make("button", { type: "button", class: "button bare icon", "aria-label": fill(texts.remove, { what: zoneName(key) }) }, "×");
    remove.addEventListener("click", () => draft.set(path, null));
    return make("span", { class: "mark" }, zoneName(key), select, remove);
  }), drawingSearch());
  mode.hidden = false;
}

/** The zones as a list to type in, beside the drawing. */
function drawingSearch() {
  const input = /** @type {HTMLInputElement} */ (make("input", { type: "search", list: "zones-list", autocomplete: "off", placeholder: texts.another_zone, "aria-label": texts.another_zone }));
  input.addEventListener("change", () => {
    const key = zoneKeys.get(input.value);
    if (key) draft.set(`pain_drawing/${key}`, "marked");
  });
  return input;
}

chart.addEventListener("spot", (event) => {
  const { muscles, ...at } = /** @type {CustomEvent} */ (event).detail;
  offer(muscles, texts.under_finger);
  touchedAt = at;
});
chart.addEventListener("muscle", (event) => {
  const { muscle, side } = /** @type {CustomEvent} */ (event).detail;
  addPoint(muscle, side);
});
chart.addEventListener("point", (event) => {
  const id = /** @type {CustomEvent} */ (event).detail;
  if (id.startsWith("last:")) open(bring(screen_.last.find((/** @type {any} */ point) => `last:${point.id}` === id)));
  else open(id);
});
chart.addEventListener("zone", (event) => {
  const { zone, side } = /** @type {CustomEvent} */ (event).detail;
  const key = `${zone}/${side}`;
  if (touching === "drawing") draft.set(`pain_drawing/${key}`, draft.get(`pain_drawing/${key}`) === undefined ? "marked" : null);
  else if (touching) toggleZone(touching, key);
  else {
    const { muscles } = /** @type {import("./chart.js").Catalogue} */ (chart.catalogue);
    const refers = Object.entries(muscles).filter(([, m]) => m.p.includes(zone) || m.s.includes(zone)).sort((a, b) => Number(b[1].p.includes(zone)) - Number(a[1].p.includes(zone)));
    offer(refers.slice(0, 8).map(([muscle]) => ({ muscle, side: side === "midline" ? lastSide : side })), fill(texts.refers_here, { zone: zoneName(key) }));
  }
});
chart.addEventListener("layer", () => { if (touching && chart.layer === "muscles") stopTouching(); });
one("[data-drawing]")?.addEventListener("click", () => (touching === "drawing" ? stopTouching() : startTouching("drawing")));

// --- What a touch on a card does -----------------------------------------------------------------------------------

list.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const element = /** @type {HTMLElement | null} */ (target.closest("[data-finding]"));
  const id = element?.dataset.finding;
  if (!element || !id) return;
  if (target.closest("[data-remove]")) {
    const undo = draft.remove(`findings/${id}`);
    toast(fill(texts.removed, { what: element.dataset.called }), { label: texts.undo, act: undo });
  } else if (target.closest("[data-duplicate]")) duplicate(id);
  else if (target.closest("[data-confirm]")) draft.set(`findings/${id}/unreviewed`, null);
  else if (target.closest("[data-where]")) { if (touching === id) stopTouching(); else startTouching(id); }
});
list.addEventListener("toggle", (event) => {
  const element = /** @type {HTMLElement} */ (event.target);
  if (!element.matches("[data-finding]")) return;
  if (!element.hasAttribute("open") && touching === element.dataset.finding) stopTouching();
  if (element.hasAttribute("open")) for (const other of all("[data-finding][open]", list)) if (other !== element) other.removeAttribute("open");
  showPoints(draft.rows("findings"));
}, true);
list.addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const id = /** @type {HTMLElement | null} */ (input.closest("[data-finding]"))?.dataset.finding;
  if (!id) return;
  if (input.matches("[data-zone-search]")) {
    const key = zoneKeys.get(input.value);
    if (key) { toggleZone(id, key); input.value = ""; }
    return;
  }
  const name = (input.dataset.path || "").split("/")[2];
  setTimeout(() => followSign(name, id, input.value)); // once the draft knows
});

/** "Referred pain: present" turns the chart to "where to?"; the next sign ends it. @param {string} name @param {string} id @param {string} value */
function followSign(name, id, value) {
  if (name === "referred_pain") { if (value === "present") startTouching(id); else if (touching === id) stopTouching(); }
  else if (touching === id && ["taut_band", "hypersensitive_spot", "recognised"].includes(name)) stopTouching();
}
// Whatever is changed about a point from the last exam has been looked at.
draft.addEventListener("change", (event) => {
  for (const path of /** @type {CustomEvent} */ (event).detail) {
    const [name, id, what] = path.split("/");
    if (name === "findings" && what && !UNREVIEWED_KEEPS.has(what) && field(id)("unreviewed")) draft.set(`findings/${id}/unreviewed`, null);
  }
});

// Somebody found the same place at the same moment: ours becomes the next point in that muscle.
draft.addEventListener("lost", (event) => {
  const { path, fields } = /** @type {CustomEvent} */ (event).detail;
  if (!path.startsWith("findings/") || !fields.muscle || Number(fields.place) > 9) return;
  const { ordinal: _ordinal, trigger_point: _point, ...kept } = fields;
  draft.add("findings", { ...kept, place: String((Number(fields.place) || 1) + 1) });
});

/** @param {string} id */
function duplicate(id) {
  const get = field(id);
  const side = get("side") === "left" ? "right" : "left";
  const fields = draft.below(`findings/${id}`);
  /** @type {Record<string, any>} */
  const kept = {};
  for (const [name, value] of Object.entries(fields)) {
    if (["ordinal", "side", "muscle", "point", "ppt_kpa", "notes", "place", ...POINT_CHOICES].includes(name) || name.startsWith("limit_reasons")) continue;
    kept[name.startsWith("referred_to/") && !name.endsWith("/midline") ? name.replace(/(left|right)$/, (s) => (s === "left" ? "right" : "left")) : name] = value;
  }
  touchedAt = get("point") && mirrored(get("point"));
  addPoint(get("muscle"), side, kept);
}

/** @param {{view: string, x: number, y: number}} point */
function mirrored(point) {
  const view = /** @type {Record<string, string>} */ ({ head_left: "head_right", head_right: "head_left" })[point.view] || point.view;
  return { view, x: Math.round((1 - point.x) * 10000) / 10000, y: point.y };
}

// --- Keys --------------------------------------------------------------------------------------------------------

/** @param {string} id */
const dialog = (id) => /** @type {HTMLDialogElement} */ (document.getElementById(id));

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const row = /** @type {HTMLElement | null} */ (target.closest("fieldset.toggle"));
  const holder = row?.closest("[data-finding], dialog");
  if (row && holder && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    const rows = all("fieldset.toggle", holder).filter((one_) => one_.checkVisibility());
    const next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
    event.preventDefault();
    (next && (one("input:checked", next) || one("input", next)))?.focus();
    return;
  }
  if (row && /^[0-9]$/.test(event.key)) {
    const choices = all("input[type=radio]", row);
    const chosen = row.classList.contains("scale") ? choices[Number(event.key)] : choices[Number(event.key) - 1];
    if (chosen) { event.preventDefault(); chosen.focus(); chosen.click(); }
    return;
  }
  if (isTyping(target) || document.querySelector("dialog[open]")) return;
  const id = /** @type {HTMLElement | null} */ (target.closest("[data-finding]") || one("[data-finding][open]", list))?.dataset.finding;
  const act = {
    n: () => { find.focus(); find.select(); },
    r: () => { if (id) { draft.set(`findings/${id}/referred_pain`, "present"); one("[data-zone-key]", card(id) || list)?.focus(); } },
    d: () => id && duplicate(id),
    g: () => dialog("red-flags").showModal(),
    p: () => dialog("pain").showModal(),
    s: () => one("[data-review]")?.click(),
    "?": () => dialog("keys").showModal(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});

// --- The rest of the page ----------------------------------------------------------------------------------------

const flagSheet = /** @type {HTMLDialogElement} */ (document.getElementById("red-flags"));
const flagRows = all("[data-flag]");
const allNo = /** @type {HTMLButtonElement | null} */ (one("[data-all-no]"));
/** How much of the list was on the screen: "no to all others" is offered when all of it was. */
let seenFrom = Infinity;
let seenTo = 0;
function noteSeen() {
  if (!flagSheet.open || !allNo?.disabled) return;
  seenFrom = Math.min(seenFrom, flagSheet.scrollTop);
  seenTo = Math.max(seenTo, flagSheet.scrollTop + flagSheet.clientHeight);
  const last = flagRows[flagRows.length - 1];
  allNo.disabled = seenFrom > flagRows[0].offsetTop || seenTo < last.offsetTop + last.offsetHeight;
}
flagSheet.addEventListener("scroll", noteSeen);
new ResizeObserver(noteSeen).observe(flagSheet); // it opens
allNo?.addEventListener("click", () => {
  for (const code of screen_.red_flags_asked) {
    const path = `red_flags/${code}/answer`;
    if (![undefined, "not_asked"].includes(draft.get(path))) continue;
    draft.set(path, "no");
    draft.set(`red_flags/${code}/source`, "no_to_all_others");
  }
});

/** What an answer asks for: a yes its place and what to do, a refusal its reason. */
function showFlags() {
  for (const row of flagRows) {
    const code = row.dataset.flag || "";
    const answer = draft.get(`red_flags/${code}/answer`);
    if (answer !== "no" && draft.get(`red_flags/${code}/source`)) draft.set(`red_flags/${code}/source`, null);
    /** @type {HTMLElement} */ (one("[data-yes]", row)).hidden = answer !== "yes";
    const note = /** @type {HTMLElement} */ (one("[data-note]", row));
    note.hidden = !["yes", "declined"].includes(answer);
    for (const label of all("[data-of]", note)) label.hidden = label.dataset.of !== answer;
  }
}
/** @type {HTMLSelectElement | null} */ (one("#more-movements"))?.addEventListener("change", (event) => {
  const select = /** @type {HTMLSelectElement} */ (event.target);
  const option = select.selectedOptions[0];
  if (!select.value) return;
  if (!document.getElementById(select.value)) {
    const element = stamp("movement", { path: select.value, label: escapeText(option.textContent || ""), low: option.dataset.low || "0", high: option.dataset.high || "360" });
    one("[data-movements]")?.append(element);
    reflect(draft, element);
  }
  document.getElementById(select.value)?.focus();
  select.value = "";
});
one("[data-review]")?.addEventListener("click", async (event) => {
  if (!draft.waiting()) return;
  event.preventDefault();
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  draft.soon(0);
  draft.addEventListener("status", (said) => { if (/** @type {CustomEvent} */ (said).detail.state === "saved") location.assign(link.href); }, { once: false });
});
/** @type {Map<string, string>} */
const zoneKeys = new Map();

function start() {
  const { zones } = /** @type {import("./chart.js").Catalogue} */ (chart.catalogue);
  for (const [zone, info] of Object.entries(zones)) for (const side of info.sided ? ["right", "left"] : ["midline"]) zoneKeys.set(zoneName(`${zone}/${side}`), `${zone}/${side}`);
  one("#zones-list")?.replaceChildren(...[...zoneKeys.keys()].map((name) => make("option", { value: name })));
  showCards();
  bindForm(draft, texts);
  showFlags();
  draft.addEventListener("change", () => { showCards(); showFlags(); showSuggestions(); if (touching === "drawing") showDrawing(); });
  draft.addEventListener("derived", () => { forgetChoices(); showGate(); showSuggestions(); showCards(); announceDerived(); });
  showGate();
  showSuggestions();
  const wanted = location.hash.slice(1);
  const newest = draft.rows("findings").at(-1);
  if (wanted) goTo(wanted); else if (newest) open(newest, false);
  announceDerived();
  document.body.dataset.ready = "yes";
}

function showGate() {
  const gate = /** @type {HTMLElement} */ (one("[data-gate]"));
  const blocking = draft.derived.gate.blocking;
  gate.hidden = !blocking.length;
  gate.textContent = blocking.map((/** @type {string} */ code) => one(`[data-path="red_flags/${code}/answer"]`)?.closest("[data-row]")?.getAttribute("data-called")).join(", ");
  one('[data-open="red-flags"]')?.classList.toggle("danger", blocking.length > 0);
}

// For the partials of this screen that show what the server works out (`exam_matters.js`).
function announceDerived() { document.dispatchEvent(new CustomEvent("palpate:derived", { detail: draft.derived })); }
document.addEventListener("palpate:go", (event) => goTo(/** @type {CustomEvent} */ (event).detail));

/** A link from the review leads to the place. @param {string} path */
function goTo(path) {
  const [name, id] = path.split("/");
  if (name === "findings" && card(id)) open(id);
  else if (name === "red_flags") dialog("red-flags").showModal();
  else if (name === "range_of_motion") dialog("range").showModal();
  else if (name.startsWith("pain") && name !== "pain_drawing") dialog("pain").showModal();
  one(`[data-path="${CSS.escape(path)}"]`)?.focus();
}

if (chart.catalogue) start(); else chart.addEventListener("ready", start, { once: true });
navigator.wakeLock?.request("screen").catch(() => {});
