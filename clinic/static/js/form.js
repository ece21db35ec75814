// @ts-check
/** Ties inputs with `data-path` to a draft, and says what became of them: saved, refused, changed by somebody else. */
import { all, clock, fill, make, one, toast } from "./dom.js";

/** @typedef {import("./draft.js").Draft} Draft */
const TYPING_MS = 400;

/** @param {Draft} draft @param {Record<string, string>} texts @param {() => string} address of the page to sign in again */
export function bindForm(draft, texts, address = () => location.pathname) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  /** @type {(() => void) | undefined} */
  let typed;
  const take = (/** @type {Event} */ event, /** @type {boolean} */ later) => {
    const input = /** @type {HTMLInputElement} */ (/** @type {HTMLElement} */ (event.target).closest("[data-path]"));
    if (!input) return;
    clearTimeout(typing);
    typed = () => { typed = undefined; write(draft, input); };
    if (later) typing = setTimeout(() => typed?.(), TYPING_MS); else typed();
  };
  document.addEventListener("input", (event) => take(event, true));
  document.addEventListener("change", (event) => take(event, false));
  addEventListener("beforeunload", () => typed?.(), { capture: true }); // before the draft is asked what waits
  draft.addEventListener("change", () => reflect(draft));
  draft.addEventListener("status", (event) => say(/** @type {CustomEvent} */ (event).detail, texts, address));
  draft.addEventListener("refused", (event) => {
    for (const refused of /** @type {CustomEvent} */ (event).detail) refuse(refused);
  });
  draft.addEventListener("conflicts", (event) => askConflicts(draft, /** @type {CustomEvent} */ (event).detail, texts));
  draft.addEventListener("others", (event) => tellOthers(/** @type {CustomEvent} */ (event).detail, texts));
  reflect(draft);
}

/** @param {HTMLInputElement} input @returns {any} */
export function valueOf(input) {
  const kind = input.dataset.kind || "";
  if (input.type === "checkbox") return input.checked ? true : null;
  const text = input.value.trim();
  if (text === "") return null;
  if (kind === "bool") return text === "true";
  if (kind === "moment") return new Date(text).toISOString();
  if (kind === "int") return Number.parseInt(text, 10);
  if (kind === "number") return Math.round(Number(text.replace(",", ".")) * Number(input.dataset.factor || 1) * 1000) / 1000;
  return text;
}

/** @param {Draft} draft @param {HTMLInputElement} input */
function write(draft, input) {
  const path = input.dataset.path || "";
  if (input.type === "radio" && !input.checked) return;
  if (input.type === "number" && input.validity.badInput) return refuse({ path, detail: input.validationMessage });
  clearProblem(input);
  input.classList.remove("typical");
  const part = input.dataset.part;
  if (part === undefined) return draft.set(path, valueOf(input));
  const parts = all(`[data-path="${path}"]`).map((one) => valueOf(/** @type {HTMLInputElement} */ (one))).filter((v) => v !== null);
  draft.set(path, parts.length ? parts : null);
}

/** Show what the draft says in every input that is not just being typed in. @param {Draft} draft @param {ParentNode} [root] */
export function reflect(draft, root = document) {
  for (const element of all("[data-path]", root)) {
    const input = /** @type {HTMLInputElement} */ (element);
    const value = draft.get(input.dataset.path || "");
    if (input.type === "radio") input.checked = String(value ?? input.dataset.none ?? "") === input.value;
    else if (input.type === "checkbox") input.checked = value === true;
    else if (input !== document.activeElement) {
      const own = input.dataset.part === undefined ? value : value?.[Number(input.dataset.part)];
      const shown = own === undefined || own === null ? "" : input.dataset.factor ? round(own / Number(input.dataset.factor)) : input.dataset.kind === "moment" ? localMoment(own) : String(own);
      if (!(shown === "" && input.classList.contains("typical"))) input.value = shown;
      if (shown !== "") input.classList.remove("typical");
    }
  }
}

/** A moment as `datetime-local` has it. @param {string} moment */
function localMoment(moment) {
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {number} value */
export function round(value) { return String(Math.round(value * 100) / 100); }

/** @param {HTMLElement} input */
function clearProblem(input) {
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-errormessage");
  document.getElementById(`problem-${input.dataset.path}`)?.remove();
}

/** Say beside the input why its value was not taken. @param {{path: string, detail: string}} refused */
function refuse({ path, detail }) {
  const input = /** @type {HTMLElement | null} */ (one(`[data-path="${CSS.escape(path)}"]`));
  if (!input) return toast(detail);
  clearProblem(input);
  const id = `problem-${path}`;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-errormessage", id);
  (input.closest(".field, .toggle") || input).append(make("p", { class: "problem", id, role: "alert" }, detail));
}

/** @param {import("./draft.js").Status} status @param {Record<string, string>} texts @param {() => string} address */
function say(status, texts, address) {
  const place = one("[data-saved]");
  if (!place) return;
  const trouble = status.state === "trouble" || status.state === "ended";
  place.dataset.state = trouble ? "trouble" : status.state;
  place.dataset.waiting = String(status.waiting);
  if (status.state === "saving") { if (!place.dataset.trouble) place.textContent = texts.saving; return; }
  place.dataset.trouble = trouble ? "yes" : "";
  if (status.state === "saved") place.textContent = fill(texts.saved, { time: clock(status.at || new Date()) });
  else if (status.state === "locked") place.textContent = texts.locked;
  else if (status.state === "ended" && status.why === "gone") place.textContent = texts.gone;
  else if (status.why === "refused") place.textContent = texts.refused;
  else if (status.state === "ended") place.replaceChildren(texts.signed_meanwhile, " ", make("a", { href: place.dataset.home || "/" }, texts.look));
  else if (status.why === "signed_out") place.replaceChildren(texts.signed_out, " ", make("a", { href: `/account/login/?next=${encodeURIComponent(address())}`, target: "_blank" }, texts.sign_in));
  else place.textContent = fill(status.why === "offline" ? texts.offline : texts.server, { count: status.waiting });
}

/** What a path is called on this screen. @param {string} path */
export function nameOf(path) {
  const input = one(`[data-path="${CSS.escape(path)}"]`);
  const row = input?.closest("[data-row]");
  const own = input?.closest("fieldset")?.querySelector("legend") || (input && one(`label[for="${input.id}"]`)) || input?.closest("[data-called]");
  const called = own instanceof HTMLElement ? own.dataset.called || own.textContent?.trim() : input?.getAttribute("aria-label");
  return [row instanceof HTMLElement ? row.dataset.called : "", called || path.split("/").at(-1)].filter(Boolean).join(" · ");
}

/** @param {any} value @param {string} path */
function shown(value, path) {
  const radio = all(`input[type=radio][data-path="${CSS.escape(path)}"]`).find((one) => /** @type {HTMLInputElement} */ (one).value === String(value));
  return radio?.parentElement?.textContent?.trim() || (value === null ? "–" : String(value));
}

/** @param {Draft} draft @param {any[]} conflicts @param {Record<string, string>} texts */
function askConflicts(draft, conflicts, texts) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("conflicts"));
  const list = /** @type {HTMLElement} */ (one("[data-list]", dialog));
  for (const conflict of conflicts) {
    const values = { who: conflict.by, time: clock(conflict.at), what: nameOf(conflict.path), theirs: shown(conflict.theirs, conflict.path), mine: shown(conflict.mine, conflict.path) };
    const line = make("li", { class: "card" }, make("p", {}, fill(texts.conflict, values)));
    const row = make("div", { class: "row" });
    for (const [text, mine] of /** @type {[string, boolean][]} */ ([[fill(texts.keep_theirs, values), false], [fill(texts.use_mine, values), true]])) {
      const button = make("button", { type: "button", class: mine ? "button plain" : "button" }, text);
      button.addEventListener("click", () => {
        draft.decide(conflict, mine);
        line.remove();
        if (!list.children.length) dialog.close();
      });
      row.append(button);
    }
    line.append(row);
    list.append(line);
  }
  if (!dialog.open) dialog.showModal();
}

/** @param {{open: string[], changed: any[]}} others @param {Record<string, string>} texts */
function tellOthers({ open, changed }, texts) {
  const place = one("[data-others]");
  if (place) {
    place.hidden = !open.length;
    place.textContent = open.length ? fill(texts.open_elsewhere, { who: open.join(", ") }) : "";
  }
  const last = changed.at(-1);
  if (last) toast(fill(changed.length > 1 ? texts.others_changed : texts.other_changed, { who: last.by, what: nameOf(last.path), count: changed.length, time: clock(last.at) }));
}
