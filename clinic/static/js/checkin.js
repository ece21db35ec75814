// @ts-check
/** The patient's page: a timer that keeps the phone awake, and no second send. All of it works without. */

const form = document.querySelector("form[data-words-start]");
const words = /** @type {HTMLElement | null} */ (form)?.dataset || {};
/** @type {any} */
let awake = null;

/** @param {boolean} on */
async function keepAwake(on) {
  try {
    if (on && !awake) awake = await /** @type {any} */ (navigator).wakeLock?.request("screen");
    if (!on && awake) {
      await awake.release();
      awake = null;
    }
  } catch {
    awake = null; // the phone may refuse when its battery is low
  }
}

for (const timer of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-timer]"))) {
  const seconds = Number(timer.dataset.timer);
  const shown = /** @type {HTMLElement} */ (timer.querySelector("output"));
  const button = /** @type {HTMLButtonElement} */ (timer.querySelector("button"));
  const said = /** @type {HTMLElement} */ (timer.querySelector("[role=status]"));
  const held = /** @type {HTMLInputElement} */ (timer.querySelector("input"));
  let ends = 0;
  let tick = 0;
  timer.hidden = false;

  function stop() {
    clearInterval(tick);
    const left = Math.max(0, Math.round((ends - Date.now()) / 1000));
    held.value = String(Number(held.value || 0) + seconds - left);
    ends = 0;
    shown.textContent = String(seconds);
    button.textContent = words.wordsStart || "";
    void keepAwake(false);
  }
  button.addEventListener("click", () => {
    if (ends) return stop();
    ends = Date.now() + seconds * 1000;
    button.textContent = words.wordsStop || "";
    void keepAwake(true);
    tick = window.setInterval(() => {
      const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
      shown.textContent = String(left);
      if (left === 0) {
        navigator.vibrate?.([200, 100, 200]);
        said.textContent = "0";
        stop();
      }
    }, 200);
  });
}

form?.addEventListener("submit", (event) => {
  if (form.hasAttribute("data-sent")) return event.preventDefault();
  form.setAttribute("data-sent", "");
  const button = form.querySelector("button:not([type])");
  if (button) button.textContent = words.wordsSending || button.textContent;
});
// Coming back to the page brings it back as it was, sent mark and all.
window.addEventListener("pageshow", () => form?.removeAttribute("data-sent"));
document.getElementById("errors")?.focus();
