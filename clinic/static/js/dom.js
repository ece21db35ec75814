// @ts-check
/** Small helpers that every module uses. */

/** @template {Element} [T=HTMLElement] @param {string} selector @param {ParentNode} [root] @returns {T | null} */
export function one(selector, root = document) {
  return /** @type {T | null} */ (root.querySelector(selector));
}

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
export function all(selector, root = document) {
  return /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
}

/** The value of a `json_script`. @param {string} id @returns {any} */
export function json(id) {
  return JSON.parse(document.getElementById(id)?.textContent || "null");
}

/**
 * A template's content with `__id__` (and other such words) filled in.
 * @param {string} id @param {Record<string, string>} words @returns {HTMLElement}
 */
export function stamp(id, words) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const holder = document.createElement("template");
  holder.innerHTML = template.innerHTML.replace(/__(\w+?)__/g, (whole, word) => words[word] ?? whole);
  return /** @type {HTMLElement} */ (holder.content.firstElementChild);
}

/** @param {string} name @param {Record<string, string>} [attributes] @param {(string | Node)[]} content */
export function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content);
  return element;
}

/** A sentence with {names} filled in. @param {string} text @param {Record<string, any>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_whole, name) => String(values[name] ?? ""));
}

/** A moment as the clock on the wall shows it. @param {string | Date} at */
export function clock(at) {
  return new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

/** @param {HTMLElement} element @returns {boolean} whether keys pressed there are text */
export function isTyping(element) {
  return element.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button])");
}

/** The token as it is now: signing in on another tab makes a new one. */
export function csrf() {
  return /(?:^|; )(?:__Host-)?csrf=([^;]+)/.exec(document.cookie)?.[1] ?? document.body.dataset.csrf ?? "";
}

/** Sends JSON to our own server; a locked screen is announced. @param {string} url @param {any} [body] @param {Record<string, string>} [headers] */
export async function send(url, body, headers = {}) {
  const answer = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json", "X-CSRFToken": csrf() }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    redirect: "manual",
    keepalive: document.visibilityState === "hidden", // the last change outlives its tab
    signal: AbortSignal.timeout(15000),
  });
  if (answer.status === 423) document.dispatchEvent(new CustomEvent("palpate:locked"));
  return answer;
}

/** @param {string} text @param {{label: string, act: () => void}} [undo] */
export function toast(text, undo) {
  const box = one("[data-toasts]");
  if (!box) return;
  const line = make("div", { class: "toast" }, text);
  const close = () => line.remove();
  if (undo) {
    const button = make("button", { type: "button" }, undo.label);
    button.addEventListener("click", () => { undo.act(); close(); });
    line.append(button);
  }
  box.replaceChildren(line);
  setTimeout(close, undo ? 12000 : 5000);
}
