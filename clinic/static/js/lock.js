// @ts-check
/** The idle lock of an open page: it covers everything, keeps the page's memory, and opens with password or passkey. */
import { one, send } from "./dom.js";

/** @param {number} idleS */
export function watchLock(idleS) {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("lock"));
  const form = /** @type {HTMLFormElement | null} */ (dialog && one("form", dialog));
  if (!dialog || !form) return;
  let touchedAt = Date.now();
  for (const kind of ["pointerdown", "keydown", "touchstart"]) {
    document.addEventListener(kind, () => { touchedAt = Date.now(); }, { capture: true, passive: true });
  }
  const problem = /** @type {HTMLElement} */ (one(".problem", form));
  const passkey = /** @type {HTMLElement} */ (one("[data-passkey]", form));

  const cover = async () => {
    if (dialog.open) return;
    document.querySelectorAll("dialog[open]").forEach((open) => /** @type {HTMLDialogElement} */ (open).close());
    dialog.showModal();
    try {
      const answer = await send(form.action, undefined, { "X-Background": "1" });
      options = (await answer.json()).passkey;
      passkey.hidden = !options;
    } catch { /* without a network the password field is enough to look at */ }
  };
  /** @type {any} */
  let options = null;
  const open = async (/** @type {object} */ proof) => {
    problem.hidden = true;
    try {
      const answer = await send(form.action, proof);
      if (answer.ok) {
        form.reset();
        touchedAt = Date.now();
        dialog.close();
        document.dispatchEvent(new CustomEvent("palpate:unlocked"));
        return;
      }
      problem.textContent = (await answer.json()).detail;
    } catch (error) {
      problem.textContent = String(error instanceof Error ? error.message : error);
    }
    problem.hidden = false;
  };
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    open({ password: new FormData(form).get("password") });
  });
  passkey.addEventListener("click", async () => open({ credential: await askPasskey(options) }));
  document.addEventListener("palpate:locked", cover);
  setInterval(() => {
    if (Date.now() - touchedAt < idleS * 1000 || dialog.open) return;
    cover();
    send(dialog.dataset.lockUrl || "/account/lock/", {}).catch(() => {});
  }, 1000);
}

/** @param {any} options @returns {Promise<any>} */
export async function askPasskey(options) {
  const PublicKey = /** @type {any} */ (window.PublicKeyCredential);
  const publicKey = PublicKey.parseRequestOptionsFromJSON(options.publicKey);
  const credential = await navigator.credentials.get({ publicKey });
  return /** @type {any} */ (credential).toJSON();
}
