// @ts-check
/**
 * One draft on an open screen: every change is kept here at once, sent in order, and merged with what others changed.
 *
 * A draft is a flat map of paths to values, as in `records/editing.py`. What is not saved yet lives in memory only.
 * Events: `change` (detail: the paths), `status` (detail: see Status), `conflict`, `refused`, `others`, `derived`.
 */
import { send } from "./dom.js";

/** @typedef {{id: string, path: string, value: any, base: any}} Edit */
/** @typedef {{state: "saved" | "saving" | "trouble" | "locked" | "ended", at?: string, why?: string, waiting: number}} Status */

const SOON_MS = 250;
const POLL_MS = 5000;
const RETRY_MS = [1000, 2000, 4000, 8000];

export class Draft extends EventTarget {
  /** @param {{url: string, now: string, revision: number, flat: Record<string, any>, derived: any, rows: string[]}} start */
  constructor(start) {
    super();
    this.url = start.url;
    this.revision = start.revision;
    this.rowLists = start.rows;
    /** What the server is known to have. @type {Record<string, any>} */
    this.base = { ...start.flat };
    /** What the screen shows. @type {Record<string, any>} */
    this.flat = { ...start.flat };
    this.derived = start.derived;
    this.tab = crypto.randomUUID();
    /** @type {Edit[]} */
    this.queue = [];
    /** @type {Edit[]} */
    this.flying = [];
    this.failures = 0;
    this.ended = false;
    this.count = 0;
    this.since = start.now;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    addEventListener("beforeunload", (event) => { if (this.waiting()) event.preventDefault(); });
    addEventListener("online", () => this.soon(0));
    document.addEventListener("palpate:unlocked", () => this.soon(0));
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.soon(0); });
    setInterval(() => this.poll(), POLL_MS);
  }

  waiting() { return this.ended ? 0 : this.queue.length + this.flying.length; }

  /** @param {string} path */
  get(path) { return this.flat[path]; }

  /** Ids of a list's rows in their order. @param {string} list @returns {string[]} */
  rows(list) {
    /** @type {Map<string, number>} */
    const found = new Map();
    for (const path of Object.keys(this.flat)) {
      const [name, id, field] = path.split("/");
      if (name !== list || !id) continue;
      if (!found.has(id)) found.set(id, 0);
      if (field === "ordinal") found.set(id, this.flat[path]);
    }
    return [...found].sort((a, b) => a[1] - b[1]).map(([id]) => id);
  }

  /** The fields of a row or of anything below a path. @param {string} path @returns {Record<string, any>} */
  below(path) {
    const start = path + "/";
    return Object.fromEntries(
      Object.entries(this.flat).filter(([key]) => key.startsWith(start)).map(([key, value]) => [key.slice(start.length), value]));
  }

  /** @param {string} path @param {any} value null removes */
  set(path, value) {
    const now = this.flat[path] ?? null;
    if (same(now, value ?? null)) return;
    this.#place(this.flat, path, value ?? null);
    const last = this.queue.at(-1);
    if (last && last.path === path) last.value = value ?? null;
    else this.#push(path, value ?? null);
    this.#changed([path]);
  }

  /** A new row. @param {string} list @param {Record<string, any>} fields @param {string} [id] */
  add(list, fields, id = crypto.randomUUID()) {
    const ordinal = 1 + Math.max(-1, ...this.rows(list).map((row) => this.flat[`${list}/${row}/ordinal`] ?? 0));
    const path = `${list}/${id}`;
    const whole = { ordinal, ...fields };
    this.#place(this.flat, path, whole);
    this.#push(path, whole);
    this.#changed([path]);
    return id;
  }

  /** Remove a row or field; returns how to bring it back. @param {string} path @returns {() => void} */
  remove(path) {
    const [list, id, field] = path.split("/");
    const kept = field ? this.flat[path] : this.below(path);
    this.#place(this.flat, path, null);
    this.#push(path, null);
    this.#changed([path]);
    return () => (field ? this.set(path, kept) : void this.add(list, kept, id));
  }

  /** Decide a conflict. @param {{path: string, mine: any, theirs: any}} conflict @param {boolean} mine */
  decide(conflict, mine) {
    this.#place(this.base, conflict.path, conflict.theirs);
    this.#place(this.flat, conflict.path, conflict.theirs);
    if (mine) this.set(conflict.path, conflict.mine);
    this.#changed([conflict.path]);
  }

  /** @param {number} [ms] */
  soon(ms = SOON_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#send(), ms);
  }

  /** A row that could not be made: nothing of it stays here, and whoever knows better may make it anew. @param {string} path */
  #forget(path) {
    const fields = this.below(path);
    this.#place(this.flat, path, null);
    this.queue = this.queue.filter((edit) => !edit.path.startsWith(path + "/"));
    this.#changed([path]);
    this.dispatchEvent(new CustomEvent("lost", { detail: { path, fields } }));
  }

  /** @param {string} path @param {any} value */
  #push(path, value) {
    this.queue.push({ id: String(++this.count), path, value, base: this.base[path] ?? null });
    this.#say("saving");
    if (!this.failures) this.soon();
  }

  /** @param {Record<string, any>} map @param {string} path @param {any} value */
  #place(map, path, value) {
    const parts = path.split("/");
    const isRow = parts.length === 2 && this.rowLists.includes(parts[0]);
    if (value === null || isRow) for (const key of Object.keys(map)) if (key === path || key.startsWith(path + "/")) delete map[key];
    if (value === null) return;
    if (isRow) for (const [name, inner] of Object.entries(value)) { if (inner !== null && inner !== undefined) map[`${path}/${name}`] = inner; }
    else map[path] = value;
  }

  /** @param {string[]} paths */
  #changed(paths) { this.dispatchEvent(new CustomEvent("change", { detail: paths })); }

  /** @param {Status["state"]} state @param {Partial<Status>} [more] */
  #say(state, more = {}) {
    this.dispatchEvent(new CustomEvent("status", { detail: { state, waiting: this.waiting(), ...more } }));
  }

  async #send() {
    if (this.flying.length || !this.queue.length || this.ended) return;
    this.flying = this.queue;
    this.queue = [];
    try {
      const body = { tab: this.tab, revision: this.revision, edits: this.flying };
      const answer = await send(this.url, body, { "X-Since": this.since });
      if (!answer.ok) return this.#failed(answer.status, answer);
      const said = await answer.json();
      this.failures = 0;
      this.#took(said);
      if (this.queue.length) this.soon(0);
      else this.#say("saved", { at: said.saved_at });
    } catch {
      this.#failed(0);
    }
  }

  /** @param {any} said */
  #took(said) {
    const not = new Set([...said.refused, ...said.conflicts].map((edit) => edit.id));
    for (const edit of this.flying) if (!not.has(edit.id)) this.#place(this.base, edit.path, edit.value);
    this.flying = [];
    this.revision = said.revision;
    this.derived = said.derived;
    for (const { path } of said.refused) if (path.split("/").length === 2 && this.rowLists.includes(path.split("/")[0])) this.#forget(path);
    const held = new Set([...said.refused, ...said.conflicts].map((edit) => edit.path));
    if (said.flat) this.#adopt(said.flat, held);
    this.dispatchEvent(new CustomEvent("derived", { detail: said.derived }));
    for (const name of /** @type {const} */ (["conflicts", "refused"])) {
      if (said[name].length) this.dispatchEvent(new CustomEvent(name, { detail: said[name] }));
    }
    this.#others(said);
  }

  /** Take over what others changed, save where this screen has something newer. @param {Record<string, any>} flat @param {Set<string>} [held] */
  #adopt(flat, held = new Set()) {
    const mine = [...this.queue, ...this.flying].map((edit) => edit.path);
    const changed = [];
    for (const path of new Set([...Object.keys(flat), ...Object.keys(this.flat)])) {
      const theirs = flat[path] ?? null;
      if (held.has(path) || mine.some((own) => path === own || path.startsWith(own + "/"))) continue;
      if (same(theirs, this.flat[path] ?? null)) continue;
      if (theirs === null) delete this.flat[path]; else this.flat[path] = theirs;
      changed.push(path);
    }
    this.base = { ...flat };
    for (const edit of [...this.flying, ...this.queue]) edit.base = flat[edit.path] ?? null;
    if (changed.length) this.#changed(changed);
  }

  /** @param {any} said */
  #others(said) {
    if (said.changed?.length) this.since = said.changed.map((/** @type {any} */ c) => c.at).sort().at(-1);
    this.dispatchEvent(new CustomEvent("others", { detail: { open: said.open_elsewhere, changed: said.changed || [] } }));
  }

  /** @param {number} status @param {Response} [answer] */
  async #failed(status, answer) {
    this.queue = [...this.flying, ...this.queue];
    this.flying = [];
    if (status === 423) return this.#say("locked");
    const said = answer ? await answer.json().catch(() => ({})) : {};
    if (said.code === "already_signed" || status === 404) { this.ended = true; return this.#say("ended", { why: status === 404 ? "gone" : said.code }); }
    if (status === 400 || status === 409) return this.#refusedWhole(said.detail);
    this.failures += 1;
    const why = status === 0 && answer === undefined ? "offline" : status === 0 || status === 401 || status === 403 ? "signed_out" : "server";
    this.#say("trouble", { why });
    this.soon(RETRY_MS[Math.min(this.failures - 1, RETRY_MS.length - 1)]);
  }

  /** The server took none of what was sent: say so beside each, and go on with the rest. @param {string} detail */
  #refusedWhole(detail) {
    const refused = this.queue.splice(0).map(({ id, path }) => ({ id, path, detail }));
    this.dispatchEvent(new CustomEvent("refused", { detail: refused }));
    this.revision = -1; // what stands there comes with the next look
    this.#say("trouble", { why: "refused" });
    this.poll();
  }

  async poll() {
    if (document.hidden || this.waiting() || this.ended || document.querySelector("dialog.lock[open]")) return;
    try {
      const answer = await send(`${this.url}?tab=${this.tab}&revision=${this.revision}`, undefined, { "X-Background": "1", "X-Since": this.since });
      if (!answer.ok) return;
      const said = await answer.json();
      if (this.waiting()) return;
      if (said.signed) { this.ended = true; return this.#say("ended", { why: "already_signed" }); }
      this.revision = said.revision;
      if (said.flat) { this.#adopt(said.flat); this.derived = said.derived; this.dispatchEvent(new CustomEvent("derived", { detail: said.derived })); }
      this.#others(said);
    } catch { /* the next change will say that the network is gone */ }
  }
}

/** @param {any} a @param {any} b */
export function same(a, b) { return a === b || JSON.stringify(a) === JSON.stringify(b); }
