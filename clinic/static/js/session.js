// @ts-check
/** The session screen: points, techniques, doses, the hold timer, needles, before and after. */
import { BodyChart } from "./chart.js";
import { all, fill, json, one, stamp, toast } from "./dom.js";
import { Draft } from "./draft.js";
import { bindForm, reflect } from "./form.js";

const screen_ = json("screen");
const { texts, techniques } = screen_;
/** @type {{kind: string, point: string, before: string, after: string}[]} */
const slots = json("slots");
const chart = /** @type {BodyChart} */ (one("body-chart"));
const list = /** @type {HTMLElement} */ (one("[data-interventions]"));
const offers = /** @type {HTMLElement} */ (one("[data-techniques]"));
/** What the next technique is done to. @type {{trigger_point?: string, muscle?: string, side?: string, name: string}} */
let target = { name: "" };
/** What the server says of each technique at the target. @type {Record<string, {level: string, icon: string, word: string, html: string}>} */
let offered = {};

/** A measure is a row of its own: its first value makes it, an emptied one takes it away. */
class SessionDraft extends Draft {
  /** @param {string} path @param {any} value */
  set(path, value) {
    const [name, id, field] = path.split("/");
    if (name !== "measures" || field !== "value") return super.set(path, value);
    if (value === null) { if (this.get(path) !== undefined) this.remove(`measures/${id}`); return undefined; }
    if (this.get(`measures/${id}/kind`) !== undefined) return super.set(path, value);
    const slot = slots.find((one_) => one_.before === id || one_.after === id);
    if (!slot) return undefined;
    const phase = slot.before === id ? { phase: "before" } : { phase: "after", timing: "immediate" };
    this.add("measures", { kind: slot.kind, ...phase, value, measured_at: new Date(Date.now() - 1000).toISOString(), ...(slot.point ? { trigger_point: slot.point } : {}) }, id);
    return undefined;
  }
}
const draft = new SessionDraft(screen_);

/** @param {string} id */
function nameOf(id) {
  const get = (/** @type {string} */ name) => draft.get(`interventions/${id}/${name}`);
  const point = screen_.points.find((/** @type {any} */ p) => p.id === get("trigger_point"));
  if (point) return point.name;
  return get("muscle") ? `${chart.catalogue?.muscles[get("muscle")]?.n} · ${screen_.sides[get("side")]}` : "";
}

/** @param {string} value */
function escapeText(value) { return value.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`); }

function show() {
  const ids = draft.rows("interventions");
  for (const old of all("[data-intervention]", list)) if (!ids.includes(old.dataset.intervention || "")) old.remove();
  for (const id of ids) {
    let element = one(`[data-intervention="${id}"]`, list);
    const technique = draft.get(`interventions/${id}/technique`);
    if (!element) {
      const slot = slots.find((s) => s.point === (draft.get(`interventions/${id}/trigger_point`) || "-"));
      const name = nameOf(id);
      element = stamp(`technique-${technique}`, { id, target: escapeText(name), name: escapeText(`${techniques[technique].label} ${name}`), before: slot?.before || `none-${id}`, after: slot?.after || `none-${id}` });
      const ppt = /** @type {HTMLElement} */ (one("[data-ppt]", element));
      // The same point treated twice is measured once: its first card has the fields.
      if (slot && !one(`[data-path="measures/${slot.before}/value"]`, list)) ppt.hidden = false; else ppt.remove();
      list.append(element);
      reflect(draft, element);
      typical(element, technique);
    }
    const isUnreviewed = Boolean(draft.get(`interventions/${id}/unreviewed`));
    element.classList.toggle("unreviewed", isUnreviewed);
    /** @type {HTMLElement} */ (one("[data-unreviewed]", element)).hidden = !isUnreviewed;
    limits(element, id, technique);
    needles(element, id);
    asked(element, id);
    put(/** @type {HTMLElement} */ (one("[data-safety-card]", element)), draft.derived.cards[id]);
  }
  safetyPanel();
  needleTotal(ids);
  /** @type {HTMLElement} */ (one("[data-empty]")).hidden = ids.length > 0;
  for (const why of all("[data-change]")) why.textContent = draft.derived.changes[why.dataset.change || ""] || "";
}

/** Findings come as a piece of the page; what has not changed is left alone. @param {HTMLElement} place @param {string | undefined} html */
function put(place, html) {
  if (html === undefined || place.dataset.shown === html) return false;
  place.innerHTML = html;
  place.dataset.shown = html;
  return true;
}

/** What must be answered before the signature. The focus stays in the field where somebody is writing. */
function safetyPanel() {
  const panel = /** @type {HTMLElement} */ (one("[data-safety-panel]"));
  const path = document.activeElement instanceof HTMLElement && panel.contains(document.activeElement) ? document.activeElement.dataset.path : "";
  const typed = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : "";
  panel.hidden = !draft.derived.panel;
  if (!put(panel, draft.derived.panel)) return;
  reflect(draft, panel);
  const field = path && /** @type {HTMLInputElement | null} */ (one(`[data-path="${CSS.escape(path)}"]`, panel));
  if (field) { if (field.type === "text") field.value = typed; field.focus({ preventScroll: true }); }
}

/** A field that belongs to another one is asked when that has the right value, or when it is filled in already. @param {HTMLElement} element @param {string} id */
function asked(element, id) {
  for (const field of all("[data-asked-by]", element)) {
    const value = draft.get(`interventions/${id}/dose/${field.dataset.askedBy}`);
    const own = draft.get(`interventions/${id}/dose/${field.dataset.field}`);
    field.hidden = own === undefined && !(field.dataset.askedWhen || "").split(" ").includes(String(value));
  }
  /** @type {HTMLElement} */ (one("[data-weight]")).hidden = !draft.derived.weight && draft.get("weight_kg") === undefined;
}

/** What stands in the way of each technique here, before one is chosen; the server alone decides that. */
async function askSafety() {
  const { name: _name, ...place } = target;
  const asked_ = target;
  for (const mark of all("[data-mark]", offers)) { mark.textContent = ""; mark.className = "level-mark"; }
  offered = {};
  const answer = await fetch(`${screen_.safety_url}?${new URLSearchParams(place)}`).catch(() => null);
  if (!answer?.ok || asked_ !== target) return;
  offered = await answer.json();
  for (const button of all("[data-technique]", offers)) {
    const offer = offered[button.dataset.technique || ""];
    const mark = /** @type {HTMLElement} */ (one("[data-mark]", button));
    mark.className = `level-mark ${offer.level}`;
    mark.textContent = offer.level ? `${offer.icon} ${offer.word} ` : "";
  }
}

/** Typical values stand there pale until somebody takes them. @param {HTMLElement} element @param {string} technique */
function typical(element, technique) {
  for (const [name, value] of Object.entries(techniques[technique].typical)) {
    const input = /** @type {HTMLInputElement | null} */ (one(`[data-field="${name}"] input`, element));
    if (!input || input.value !== "") continue;
    input.value = String(value);
    input.classList.add("typical");
    input.title = input.labels?.[0]?.textContent ?? "";
    const accept = () => { if (input.classList.contains("typical")) { input.classList.remove("typical"); input.dispatchEvent(new Event("change", { bubbles: true })); } };
    input.addEventListener("click", accept);
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") accept(); });
  }
}

/** Beyond the usual a reason is asked beside the field. @param {HTMLElement} element @param {string} id @param {string} technique */
function limits(element, id, technique) {
  for (const why of all("[data-why]", element)) {
    const name = why.dataset.why || "";
    const value = draft.get(`interventions/${id}/dose/${name}`);
    const soft = techniques[technique].soft[name];
    const unusual = soft && value !== undefined && (value < soft[0] || value > soft[1]);
    const asked = draft.derived.reasons.some((/** @type {string} */ path) => path.startsWith(`interventions/${id}/`) && path.endsWith(`/${name}`));
    why.hidden = !unusual && !asked && draft.get(`interventions/${id}/limit_reasons/${name}`) === undefined;
  }
}

/** @param {HTMLElement} element @param {string} id */
function needles(element, id) {
  const place = one("[data-needles]", element);
  if (!place) return;
  const count = (/** @type {string} */ name) => draft.get(`interventions/${id}/dose/${name}`) ?? 0;
  for (const name of ["needles_in", "needles_out"]) /** @type {HTMLElement} */ (one(`[data-count="${name}"]`, element)).textContent = String(count(name));
  const open = count("needles_in") - count("needles_out");
  place.textContent = count("needles_in") === 0 ? "" : open ? fill(texts.needles_differ, { count: open }) : texts.needles_fit;
  place.className = open ? "chip caution" : "chip";
  place.hidden = count("needles_in") === 0 && count("needles_out") === 0;
}

/** All needles of the session, in sight wherever the page is scrolled to. @param {string[]} ids */
function needleTotal(ids) {
  const place = /** @type {HTMLElement} */ (one("[data-needle-total]"));
  const sum = (/** @type {string} */ name) => ids.reduce((total, id) => total + (draft.get(`interventions/${id}/dose/${name}`) ?? 0), 0);
  const [inserted, removed] = [sum("needles_in"), sum("needles_out")];
  place.hidden = !ids.some((id) => techniques[draft.get(`interventions/${id}/technique`)]?.needles);
  place.classList.toggle("differ", inserted !== removed);
  /** @type {HTMLElement} */ (one("[data-total-text]", place)).textContent = fill(texts.needles_total, { inserted, removed });
}

/** Bring back what was done to a point last time; each waits until somebody confirms it. @param {string} id */
function repeat(id) {
  const point = screen_.points.find((/** @type {any} */ p) => p.id === id);
  let first = "";
  for (const { technique, dose } of point.repeat) {
    const fields = Object.fromEntries(Object.entries(dose).map(([name, value]) => [`dose/${name}`, value]));
    const added = draft.add("interventions", { technique, trigger_point: id, muscle: point.muscle, side: point.side, ...fields, unreviewed: true });
    first ||= added;
  }
  const element = one(`[data-intervention="${first}"]`, list);
  if (!element) return;
  element.scrollIntoView({ block: "start" });
  one("[data-confirm]", element)?.focus({ preventScroll: true });
}

/** @param {typeof target} what */
function choose(what) {
  target = what;
  for (const button of all("[data-point]")) button.setAttribute("aria-pressed", String(button.dataset.point === what.trigger_point));
  offers.hidden = false;
  /** @type {HTMLElement} */ (one("[data-target]")).textContent = what.name;
  offers.scrollIntoView({ block: "nearest" });
  one("button", offers)?.focus({ preventScroll: true });
  showPoints();
  askSafety();
}

function showPoints() {
  chart.setPoints(screen_.points.flatMap((/** @type {any} */ p) => {
    const at = p.point || chart.placeOf(p.muscle, p.side);
    const name = `${p.number}: ${p.name}`;
    return at ? [{ id: p.id, label: String(p.number), name: p.word ? `${name}, ${p.word}` : name, ...at, kind: p.class || "recorded", current: p.id === target.trigger_point }] : [];
  }));
}

/** @param {string} id */
function choosePoint(id) {
  const point = screen_.points.find((/** @type {any} */ p) => p.id === id);
  choose({ trigger_point: id, muscle: point.muscle, side: point.side, name: point.name });
}

document.addEventListener("click", (event) => {
  const from = /** @type {HTMLElement} */ (event.target);
  const point = /** @type {HTMLElement | null} */ (from.closest("button[data-point]"));
  if (point?.dataset.point) return choosePoint(point.dataset.point);
  const again = /** @type {HTMLElement | null} */ (from.closest("[data-repeat]"));
  if (again?.dataset.repeat) return repeat(again.dataset.repeat);
  const technique = /** @type {HTMLElement | null} */ (from.closest("[data-technique]"));
  if (technique) {
    const { name: _name, ...fields } = target;
    const id = draft.add("interventions", { technique: technique.dataset.technique, ...fields });
    for (const other of all("[data-intervention][open]", list)) if (other.dataset.intervention !== id) other.removeAttribute("open");
    offers.hidden = true;
    const card = one(`[data-intervention="${id}"] [data-safety-card]`, list);
    if (card) put(card, offered[technique.dataset.technique || ""]?.html);
    one(`[data-intervention="${id}"]`, list)?.scrollIntoView({ block: "start" });
    return one(`[data-intervention="${id}"] button, [data-intervention="${id}"] input`, list)?.focus({ preventScroll: true });
  }
  if (from.closest("[data-other]")) {
    const muscle = /** @type {HTMLSelectElement} */ (one("#other-muscle"));
    const side = /** @type {HTMLSelectElement} */ (one("#other-side"));
    return choose(muscle.value ? { muscle: muscle.value, side: side.value, name: `${muscle.selectedOptions[0].text} · ${side.selectedOptions[0].text}` } : { name: muscle.selectedOptions[0].text });
  }
  const element = /** @type {HTMLElement | null} */ (from.closest("[data-intervention]"));
  const id = element?.dataset.intervention;
  if (!element || !id) return undefined;
  const step = /** @type {HTMLElement | null} */ (from.closest("[data-step]"))?.dataset.step;
  if (step === "back") for (const name of ["needles_in", "needles_out"]) draft.set(`interventions/${id}/dose/${name}`, null);
  else if (step) {
    const path = `interventions/${id}/dose/${step}`;
    draft.set(path, (draft.get(path) ?? 0) + 1);
    if (draft.get(`interventions/${id}/dose/needles_out`) === undefined) draft.set(`interventions/${id}/dose/needles_out`, 0);
  } else if (from.closest("[data-confirm]")) draft.set(`interventions/${id}/unreviewed`, null);
  else if (from.closest("[data-hold] button")) hold(element, id);
  else if (from.closest("[data-remove]")) {
    const undo = draft.remove(`interventions/${id}`);
    toast(fill(texts.removed, { what: element.dataset.called }), { label: texts.undo, act: undo });
  }
  return undefined;
});

/** One press starts the hold, the next ends it and writes what was held. @param {HTMLElement} element @param {string} id */
function hold(element, id) {
  const box = /** @type {HTMLElement} */ (one("[data-hold]", element));
  const button = /** @type {HTMLElement} */ (one("button", box));
  const output = /** @type {HTMLElement} */ (one("output", box));
  const running = box.dataset.since;
  if (running) {
    const seconds = Math.round((performance.now() - Number(running)) / 1000);
    delete box.dataset.since;
    button.setAttribute("aria-pressed", "false");
    draft.set(`interventions/${id}/dose/hold_s`, seconds);
    toast(fill(texts.held, { seconds }));
    return;
  }
  box.dataset.since = String(performance.now());
  button.setAttribute("aria-pressed", "true");
  for (const tick of all("[data-tick]", box)) tick.classList.remove("done");
  const count = () => {
    if (!box.dataset.since) return;
    const seconds = Math.floor((performance.now() - Number(box.dataset.since)) / 1000);
    output.textContent = String(seconds);
    for (const tick of all("[data-tick]", box)) {
      if (seconds >= Number(tick.dataset.tick) && !tick.classList.contains("done")) { tick.classList.add("done"); navigator.vibrate?.(60); }
    }
    setTimeout(count, 200);
  };
  count();
}

one("[data-review]")?.addEventListener("click", (event) => {
  if (!draft.waiting()) return;
  event.preventDefault();
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  draft.soon(0);
  draft.addEventListener("status", (said) => { if (/** @type {CustomEvent} */ (said).detail.state === "saved") location.assign(link.href); });
});
chart.addEventListener("point", (event) => choosePoint(/** @type {CustomEvent} */ (event).detail));

// Whatever is changed about a treatment from the last session has been looked at.
draft.addEventListener("change", (event) => {
  for (const path of /** @type {CustomEvent} */ (event).detail) {
    const [name, id, what] = path.split("/");
    const own = name === "interventions" && what && what !== "unreviewed" && what !== "ordinal";
    if (own && draft.get(`interventions/${id}/unreviewed`)) draft.set(`interventions/${id}/unreviewed`, null);
  }
});

/** Pain that was entered in this visit's exam is not asked again; another number replaces it. */
function useKnownPain() {
  const slot = slots.find((one_) => one_.kind === "pain");
  if (!screen_.pain_known || !slot || draft.rows("measures").length || draft.rows("interventions").length) return;
  draft.add("measures", { kind: "pain", phase: "before", value: screen_.pain_known.value, measured_at: screen_.pain_known.at }, slot.before);
}

function start() {
  useKnownPain();
  show();
  for (const earlier of all("[data-intervention]", list).slice(0, -1)) earlier.removeAttribute("open");
  bindForm(draft, texts);
  draft.addEventListener("change", show);
  draft.addEventListener("derived", show);
  showPoints();
  const path = location.hash.slice(1);
  if (path) one(`[data-path="${CSS.escape(path)}"]`)?.focus(); // as from "Go there" of the review
  const [, id] = path.split("/");
  const wanted = id && one(`[data-intervention="${id}"]`, list);
  if (wanted) { wanted.setAttribute("open", ""); wanted.scrollIntoView(); }
  document.body.dataset.ready = "yes";
}

if (chart.catalogue) start(); else chart.addEventListener("ready", start, { once: true });
navigator.wakeLock?.request("screen").catch(() => {});
