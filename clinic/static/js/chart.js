// @ts-check
/**
 * The body chart: six views of our own drawing, a layer of muscles and one of zones, reachable by touch and by keyboard.
 *
 * Events: `spot` (a place was touched: view, x, y, the muscles under it, nearest first), `zone`, `muscle`, `point`.
 */
import { make } from "./dom.js";

/** @typedef {{muscle: string, side: string, path: string, centre: [number, number], depth: number, fibres?: string}} MuscleShape */
/** @typedef {{zone: string, side: string, path: string, centre: [number, number]}} ZoneShape */
/** @typedef {{width: number, height: number, label: string, outline: string[], lines: string[], zones: ZoneShape[], muscles: MuscleShape[]}} View */
/** @typedef {{n: string, l: string, t: string, p: string[], s: string[], k: string, u: boolean, a: string, f: string}} Muscle */
/** @typedef {{version: number, views: Record<string, View>, muscles: Record<string, Muscle>, zones: Record<string, {n: string, sided: boolean, k: string}>, sides: Record<string, string>, words: Record<string, string>}} Catalogue */
/** @typedef {{id: string, label: string, name: string, view: string, x: number, y: number, kind: string, current?: boolean}} Point */

const SVG = "http://www.w3.org/2000/svg";
const FINGER_PX = 26;
// Around a point that is there already; what lies close beside it must stay reachable.
const REACH_PX = 15;
// Markers are spread until their middles are so far apart; a line leads to the place where there was no room.
const APART_PX = 27;
const SPREAD_ROUNDS = 60;
const MOVED_PX = 5;
const CLOSE_UPS = ["neck", "neck_front", "head_left", "head_right"];
/** @type {Map<string, Promise<Catalogue>>} */
const loaded = new Map();

/** @param {string} url @returns {Promise<Catalogue>} */
export function loadCatalogue(url) {
  const known = loaded.get(url) || fetch(url).then((answer) => answer.json());
  loaded.set(url, known);
  return known;
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function draw(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

export class BodyChart extends HTMLElement {
  constructor() {
    super();
    /** @type {Catalogue | null} */
    this.catalogue = null;
    this.view = "";
    /** @type {Point[]} */
    this.points = [];
    /** @type {{on: Set<string>, usual: Set<string>, less: Set<string>}} */
    this.zones = { on: new Set(), usual: new Set(), less: new Set() };
    /** @type {{x: number, y: number, w: number, h: number}} */
    this.box = { x: 0, y: 0, w: 1, h: 1 };
    /** @type {Map<number, PointerEvent>} */
    this.fingers = new Map();
    this.moved = false;
    /** Where the last touch came down. @type {PointerEvent | null} */
    this.down = null;
  }

  async connectedCallback() {
    this.catalogue = await loadCatalogue(this.dataset.catalogue || "");
    this.#frame();
    this.show(this.dataset.view || "neck");
    this.dispatchEvent(new Event("ready"));
  }

  /** Which muscles of the layer are in front: `superficial` or `deep`. */
  get depth() { return this.getAttribute("depth") || "superficial"; }

  /** @param {string} depth */
  setDepth(depth) {
    this.setAttribute("depth", depth);
    this.setLayer("muscles");
  }

  get layer() { return this.getAttribute("layer") || "muscles"; }

  /** @param {"muscles" | "zones"} layer */
  setLayer(layer) {
    this.setAttribute("layer", layer);
    for (const button of this.querySelectorAll("[data-layer]")) {
      const { layer: of, depth } = /** @type {HTMLElement} */ (button).dataset;
      button.setAttribute("aria-pressed", String(of === layer && (depth ?? this.depth) === this.depth));
    }
    this.#roving();
  }

  #frame() {
    const { views, words } = /** @type {Catalogue} */ (this.catalogue);
    const row = make("div", { class: "views", role: "group", "aria-label": words.views });
    for (const [name, view] of Object.entries(views)) {
      const button = make("button", { type: "button", "data-view": name, "aria-pressed": "false" }, view.label);
      button.addEventListener("click", () => this.show(name));
      row.append(button);
    }
    this.stage = make("div", { class: "stage" });
    const tools = make("div", { class: "tools" });
    for (const [sign, word, act] of /** @type {[string, string, () => void][]} */ ([
      ["+", words.zoom_in, () => this.#zoomIn()], ["–", words.zoom_out, () => this.zoom(1 / 1.6)],
    ])) {
      const button = make("button", { type: "button", class: "button icon", "aria-label": word }, sign);
      button.addEventListener("click", act);
      tools.append(button);
    }
    this.svg = /** @type {SVGSVGElement} */ (draw("svg", { role: "group" }));
    this.stage.append(this.svg, tools);
    const layers = make("div", { class: "views no-print", role: "group", "aria-label": words.layers });
    for (const depth of /** @type {const} */ (["superficial", "deep"])) {
      const button = make("button", { type: "button", "data-layer": "muscles", "data-depth": depth }, words[depth]);
      button.addEventListener("click", () => { this.setDepth(depth); this.dispatchEvent(new CustomEvent("layer", { detail: "muscles" })); });
      layers.append(button);
    }
    const zones = make("button", { type: "button", "data-layer": "zones" }, words.zones);
    zones.addEventListener("click", () => { this.setLayer("zones"); this.dispatchEvent(new CustomEvent("layer", { detail: "zones" })); });
    if (!this.hasAttribute("fixed-layer")) layers.append(zones);
    this.replaceChildren(row, this.stage, ...(this.hasAttribute("fixed-layer") && this.layer === "zones" ? [] : [layers]));
    this.setLayer(/** @type {"muscles" | "zones"} */ (this.layer));
    this.svg.addEventListener("click", (event) => this.#touched(event));
    this.svg.addEventListener("keydown", (event) => this.#key(event));
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) this.svg.addEventListener(kind, (event) => this.#finger(/** @type {PointerEvent} */ (event)));
  }

  /** @param {string} name */
  show(name) {
    const view = this.catalogue?.views[name];
    if (!view || !this.svg) return;
    this.view = name;
    for (const button of this.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.view === name));
    this.box = { x: 0, y: 0, w: view.width, h: view.height };
    const clip = `clip-${name}`;
    const { zones, muscles, sides } = /** @type {Catalogue} */ (this.catalogue);
    const defs = draw("defs", {});
    const cut = draw("clipPath", { id: clip });
    cut.append(...view.outline.map((d) => draw("path", { d })));
    defs.append(cut, stipple("stipple", 7, 1.5), stipple("stipple-sparse", 10, 1.1), stipple("stipple-faint", 15, 1));
    const figure = draw("g", { "aria-hidden": "true" });
    figure.append(...view.outline.map((d) => draw("path", { d, class: "figure" })));
    const lines = draw("g", { "aria-hidden": "true", "clip-path": `url(#${clip})` });
    lines.append(...view.lines.map((d) => draw("path", { d, class: "lines" })));
    const zoneLayer = draw("g", { "clip-path": `url(#${clip})` });
    for (const shape of view.zones) {
      const label = `${zones[shape.zone]?.n}${shape.side === "midline" ? "" : `, ${sides[shape.side]}`}`;
      zoneLayer.append(this.#shape("zone", shape, label, { "data-zone": shape.zone, "data-side": shape.side }));
    }
    const muscleLayer = draw("g", { "clip-path": `url(#${clip})` });
    for (const shape of [...view.muscles].sort((a, b) => b.depth - a.depth)) {
      const label = `${muscles[shape.muscle]?.n}, ${sides[shape.side]}`;
      const extra = { "data-muscle": shape.muscle, "data-side": shape.side, "data-depth": String(shape.depth) };
      const drawn = this.#shape("muscle", shape, label, extra);
      drawn.classList.add(shape.depth === 0 ? "surface" : "below");
      muscleLayer.append(drawn);
      if (shape.fibres) muscleLayer.append(draw("path", { d: shape.fibres, class: `fibres ${shape.depth === 0 ? "surface" : "below"}`, "aria-hidden": "true" }));
    }
    this.pointLayer = draw("g", {});
    this.svg.replaceChildren(defs, figure, muscleLayer, zoneLayer, lines, this.pointLayer);
    this.svg.setAttribute("aria-label", view.label);
    this.#fit();
    this.setPoints(this.points);
    this.setZones(this.zones);
    this.#roving();
    this.dispatchEvent(new CustomEvent("view", { detail: name }));
  }

  /** @param {string} kind @param {{path: string, centre: [number, number]}} shape @param {string} label @param {Record<string, string>} extra */
  #shape(kind, shape, label, extra) {
    const path = draw("path", { d: shape.path, class: kind, "data-x": shape.centre[0], "data-y": shape.centre[1], "aria-label": label, ...extra });
    const title = draw("title", {});
    title.textContent = label;
    path.append(title);
    return path;
  }

  /** Only shapes of the layer in front are buttons; one of them is the way in by keyboard. */
  #roving() {
    if (!this.svg) return;
    for (const shape of this.svg.querySelectorAll(".zone, .muscle")) {
      const inFront = shape.classList.contains(this.layer === "zones" ? "zone" : "muscle");
      if (inFront) shape.setAttribute("role", "button"); else shape.removeAttribute("role");
      shape.setAttribute("aria-hidden", String(!inFront));
      shape.removeAttribute("tabindex");
      /** @type {SVGElement} */ (shape).style.pointerEvents = inFront && this.layer === "zones" ? "auto" : "none";
    }
    this.#front()[0]?.setAttribute("tabindex", "0");
  }

  /** @returns {SVGElement[]} */
  #front() { return [...(this.svg?.querySelectorAll(this.layer === "zones" ? ".zone" : ".muscle") || [])].map((s) => /** @type {SVGElement} */ (s)); }

  /** @param {Point[]} points */
  setPoints(points) {
    this.points = points;
    if (!this.pointLayer || !this.svg) return;
    const scale = this.box.w / Math.max(this.svg.clientWidth || 400, 1) * Math.max(1, (this.svg.clientWidth || 400) / (this.svg.clientHeight || 400) / (this.box.w / this.box.h));
    const view = /** @type {Catalogue} */ (this.catalogue).views[this.view];
    const here = points.filter((p) => p.view === this.view);
    const places = here.map((point) => ({ x: point.x * view.width, y: point.y * view.height }));
    const spots = spread(places, APART_PX * scale, { x: this.box.x, y: this.box.y, w: this.box.w, h: this.box.h }, 13 * scale);
    const leads = here.flatMap((_point, index) => {
      const [from, to] = [places[index], spots[index]];
      if (Math.hypot(from.x - to.x, from.y - to.y) < MOVED_PX * scale) return [];
      return [
        draw("line", { class: "lead", x1: from.x, y1: from.y, x2: to.x, y2: to.y, "stroke-width": 1.5 * scale }),
        draw("circle", { class: "lead", cx: from.x, cy: from.y, r: 3 * scale }),
      ];
    });
    this.pointLayer.replaceChildren(...leads, ...here.map((point, index) => {
      const group = draw("g", {
        class: `point ${point.kind}${point.current ? " current" : ""}`, "data-point": point.id, role: "button", tabindex: 0, "aria-label": point.name,
        transform: `translate(${spots[index].x} ${spots[index].y}) scale(${scale})`,
      });
      const text = draw("text", {});
      text.textContent = point.label;
      group.append(draw("circle", { r: REACH_PX, class: "reach" }), draw("circle", { r: 12 }), text);
      return group;
    }));
  }

  /** "+" goes to the points of the view first, then closer. */
  #zoomIn() {
    const view = /** @type {Catalogue} */ (this.catalogue).views[this.view];
    const places = this.points.filter((point) => point.view === this.view).map((point) => ({ x: point.x * view.width, y: point.y * view.height }));
    if (!places.length || this.box.w < view.width) return this.zoom(1.6);
    const [left, right] = [Math.min(...places.map((p) => p.x)), Math.max(...places.map((p) => p.x))];
    const [top, bottom] = [Math.min(...places.map((p) => p.y)), Math.max(...places.map((p) => p.y))];
    // As much around the points as a marker needs, and never closer than two steps of "+" at once.
    const w = Math.max((right - left) * 1.5, (bottom - top) * 1.5 * view.width / view.height, view.width / 2.56);
    return this.#look({ x: (left + right) / 2, y: (top + bottom) / 2 }, Math.min(w, view.width / 1.3));
  }

  /** Show so much of the view around a place. @param {{x: number, y: number}} middle @param {number} w */
  #look(middle, w) {
    const view = /** @type {Catalogue} */ (this.catalogue).views[this.view];
    const h = w * view.height / view.width;
    this.box = { w, h, x: clamp(middle.x - w / 2, view.width - w), y: clamp(middle.y - h / 2, view.height - h) };
    this.#fit();
    this.setPoints(this.points);
  }

  /** Keys are `zone/side`. @param {{on: Set<string>, usual: Set<string>, less: Set<string>}} zones */
  setZones(zones) {
    this.zones = zones;
    for (const shape of this.svg?.querySelectorAll(".zone") || []) {
      const { zone, side } = /** @type {SVGElement} */ (shape).dataset;
      const key = `${zone}/${side}`;
      shape.classList.toggle("on", zones.on.has(key));
      shape.classList.toggle("usual", zones.usual.has(key) || zones.less.has(key));
      shape.classList.toggle("less", zones.less.has(key));
      if (this.layer === "zones") shape.setAttribute("aria-pressed", String(zones.on.has(key))); else shape.removeAttribute("aria-pressed");
    }
  }

  /** The view that shows most of these zones. @param {Iterable<string>} keys */
  bestView(keys) {
    const wanted = new Set(keys);
    const score = (/** @type {string} */ name) => /** @type {Catalogue} */ (this.catalogue).views[name].zones.filter((z) => wanted.has(`${z.zone}/${z.side}`)).length;
    const names = Object.keys(/** @type {Catalogue} */ (this.catalogue).views);
    return names.reduce((best, name) => (score(name) > score(best) ? name : best), this.view || names[0]);
  }

  /** Where a muscle is drawn: a close-up before the whole figure. @param {string} muscle @param {string} side @returns {{view: string, chart: number, x: number, y: number} | null} */
  placeOf(muscle, side) {
    const views = /** @type {Catalogue} */ (this.catalogue).views;
    for (const name of [this.view, ...CLOSE_UPS, ...Object.keys(views)]) {
      const shape = views[name]?.muscles.find((one) => one.muscle === muscle && one.side === side);
      if (shape) return { view: name, chart: /** @type {Catalogue} */ (this.catalogue).version, x: round4(shape.centre[0] / views[name].width), y: round4(shape.centre[1] / views[name].height) };
    }
    return null;
  }

  /** Muscles under a place, the likeliest first: those that hold it by their depth, then those a finger's breadth away. @param {number} x @param {number} y in the drawing's units */
  musclesAt(x, y) {
    const svg = /** @type {SVGSVGElement} */ (this.svg);
    const reach = FINGER_PX * (this.box.w / Math.max(svg.clientWidth, 1));
    const point = svg.createSVGPoint();
    [point.x, point.y] = [x, y];
    const found = [];
    const deep = this.depth === "deep";
    for (const element of svg.querySelectorAll(".muscle")) {
      const shape = /** @type {SVGGeometryElement} */ (element);
      const { muscle, side, depth, x: cx, y: cy } = shape.dataset;
      const box = shape.getBBox();
      const away = Math.hypot(Math.max(box.x - x, 0, x - box.x - box.width), Math.max(box.y - y, 0, y - box.y - box.height));
      // What the layer does not show comes after what it shows.
      const behind = deep && depth === "0" ? 2 : 0;
      const fromCentre = Math.hypot(Number(cx) - x, Number(cy) - y) / Math.max(box.width, box.height, 1);
      if (shape.isPointInFill(point)) found.push({ muscle: String(muscle), side: String(side), rank: behind + Number(depth) * 0.5 + fromCentre });
      else if (away < reach) found.push({ muscle: String(muscle), side: String(side), rank: 5 + Number(depth) * 0.5 + away / reach });
    }
    return found.sort((a, b) => a.rank - b.rank).slice(0, 5);
  }

  /** @param {MouseEvent} event */
  #touched(event) {
    if (this.moved) return undefined;
    // A browser moves a finger's click to the nearest button; what counts is where the finger came down.
    const at = this.down ?? event;
    const target = /** @type {SVGElement} */ (document.elementFromPoint(at.clientX, at.clientY) ?? event.target);
    this.down = null;
    const point = /** @type {SVGElement | null} */ (target.closest("[data-point]"));
    if (point) return this.dispatchEvent(new CustomEvent("point", { detail: point.dataset.point }));
    const zone = /** @type {SVGElement | null} */ (target.closest(".zone"));
    if (zone && this.layer === "zones") return this.dispatchEvent(new CustomEvent("zone", { detail: { zone: zone.dataset.zone, side: zone.dataset.side } }));
    if (this.layer === "zones") return undefined;
    const { x, y } = this.#at(at);
    const muscles = this.musclesAt(x, y);
    for (const shape of this.querySelectorAll(".near")) shape.classList.remove("near");
    if (!muscles.length) return undefined;
    this.querySelector(`.muscle[data-muscle="${muscles[0].muscle}"][data-side="${muscles[0].side}"]`)?.classList.add("near");
    const view = /** @type {Catalogue} */ (this.catalogue).views[this.view];
    return this.dispatchEvent(new CustomEvent("spot", { detail: { view: this.view, x: round4(x / view.width), y: round4(y / view.height), chart: /** @type {Catalogue} */ (this.catalogue).version, muscles } }));
  }

  /** @param {{clientX: number, clientY: number}} event */
  #at(event) {
    const svg = /** @type {SVGSVGElement} */ (this.svg);
    const matrix = /** @type {DOMMatrix} */ (svg.getScreenCTM()).inverse();
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {SVGElement} */ (event.target);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const { zone, side, muscle, point } = target.dataset;
      if (point) this.dispatchEvent(new CustomEvent("point", { detail: point }));
      else if (zone) this.dispatchEvent(new CustomEvent("zone", { detail: { zone, side } }));
      else if (muscle) this.dispatchEvent(new CustomEvent("muscle", { detail: { muscle, side } }));
      return;
    }
    const way = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[event.key];
    if (!way || target.dataset.x === undefined) return;
    event.preventDefault();
    const [x, y] = [Number(target.dataset.x), Number(target.dataset.y)];
    let best = null;
    let least = Infinity;
    for (const shape of this.#front()) {
      const [dx, dy] = [Number(shape.dataset.x) - x, Number(shape.dataset.y) - y];
      const along = dx * way[0] + dy * way[1];
      const cost = along + 2.5 * Math.abs(dx * way[1] + dy * way[0]);
      if (shape !== target && along > 0.5 && cost < least) [best, least] = [shape, cost];
    }
    if (!best) return;
    target.setAttribute("tabindex", "-1");
    best.setAttribute("tabindex", "0");
    best.focus();
  }

  /** @param {number} factor @param {{x: number, y: number}} [at] */
  zoom(factor, at = { x: this.box.x + this.box.w / 2, y: this.box.y + this.box.h / 2 }) {
    const view = /** @type {Catalogue} */ (this.catalogue).views[this.view];
    const w = Math.min(view.width, Math.max(view.width / 8, this.box.w / factor));
    const h = w * view.height / view.width;
    this.box = { w, h, x: clamp(at.x - (at.x - this.box.x) * w / this.box.w, view.width - w), y: clamp(at.y - (at.y - this.box.y) * h / this.box.h, view.height - h) };
    this.#fit();
    this.setPoints(this.points);
  }

  #fit() {
    const { x, y, w, h } = this.box;
    this.svg?.setAttribute("viewBox", `${x} ${y} ${w} ${h}`);
    this.stage?.classList.toggle("zoomed", w < /** @type {Catalogue} */ (this.catalogue).views[this.view].width);
  }

  /** Two fingers zoom; one moves what is zoomed. @param {PointerEvent} event */
  #finger(event) {
    if (event.type === "pointerdown") {
      this.fingers.set(event.pointerId, event);
      this.down = event.pointerType === "touch" ? event : null;
      if (this.fingers.size === 1) this.moved = false;
      return;
    }
    const before = this.fingers.get(event.pointerId);
    if (event.type !== "pointermove" || !before) { this.fingers.delete(event.pointerId); return; }
    const perPx = this.box.w / Math.max(this.svg?.clientWidth || 1, 1);
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    const view = /** @type {Catalogue} */ (this.catalogue).views[this.view];
    if (this.fingers.size === 2) {
      const other = [...this.fingers.values()].find((one) => one.pointerId !== event.pointerId);
      if (!other) return;
      const was = Math.hypot(before.clientX - other.clientX, before.clientY - other.clientY);
      const is = Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY);
      this.moved = true;
      if (was > 10) this.zoom(is / was, this.#at(event));
    } else if (this.box.w < view.width && (this.moved || Math.hypot(dx, dy) > 6)) {
      this.moved = true;
      this.box.x = clamp(this.box.x - dx * perPx, view.width - this.box.w);
      this.box.y = clamp(this.box.y - dy * perPx, view.height - this.box.h);
      this.#fit();
    } else return;
    this.fingers.set(event.pointerId, event);
  }
}

/** Soft dots, as pain charts draw where it is felt. @param {string} id @param {number} step @param {number} radius */
function stipple(id, step, radius) {
  const pattern = draw("pattern", { id, width: step, height: step, patternUnits: "userSpaceOnUse", patternTransform: "rotate(30)", class: "stipple" });
  pattern.append(draw("circle", { cx: step * 0.3, cy: step * 0.35, r: radius }), draw("circle", { cx: step * 0.8, cy: step * 0.8, r: radius * 0.8 }));
  return pattern;
}

/**
 * Move places apart until none is nearer to another than a distance, as little as that takes, within a box.
 * @param {{x: number, y: number}[]} places @param {number} apart @param {{x: number, y: number, w: number, h: number}} box @param {number} margin
 */
export function spread(places, apart, box, margin) {
  const spots = places.map(({ x, y }) => ({ x, y }));
  for (let round = 0; round < SPREAD_ROUNDS; round += 1) {
    let moved = false;
    for (let one = 0; one < spots.length; one += 1) for (let other = one + 1; other < spots.length; other += 1) {
      let [dx, dy] = [spots[other].x - spots[one].x, spots[other].y - spots[one].y];
      let away = Math.hypot(dx, dy);
      if (away >= apart - 0.01) continue;
      // Two on the same spot part in a direction of their own, so that a third does not follow one of them.
      if (away < 0.01) { dx = Math.cos(other * 2.4); dy = Math.sin(other * 2.4); away = 1; }
      const push = (apart - Math.min(away, Math.hypot(spots[other].x - spots[one].x, spots[other].y - spots[one].y))) / 2 + 0.01;
      spots[one].x -= dx / away * push; spots[one].y -= dy / away * push;
      spots[other].x += dx / away * push; spots[other].y += dy / away * push;
      moved = true;
    }
    for (const [index, spot] of spots.entries()) {
      if (!isWithin(places[index], box)) continue; // what is outside of what is shown stays there
      spot.x = Math.min(Math.max(spot.x, box.x + margin), box.x + box.w - margin);
      spot.y = Math.min(Math.max(spot.y, box.y + margin), box.y + box.h - margin);
    }
    if (!moved) break;
  }
  return spots;
}

/** @param {{x: number, y: number}} place @param {{x: number, y: number, w: number, h: number}} box */
function isWithin({ x, y }, box) { return x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h; }

/** @param {number} value @param {number} most */
function clamp(value, most) { return Math.max(0, Math.min(value, most)); }

/** @param {number} value */
function round4(value) { return Math.round(value * 10000) / 10000; }

customElements.define("body-chart", BodyChart);
