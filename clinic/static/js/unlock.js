// @ts-check
/** The lock as a page of its own: the passkey button. */
import { one } from "./dom.js";
import { askPasskey } from "./lock.js";

const form = /** @type {HTMLFormElement} */ (one("[data-unlock-passkey]"));
one("button", form)?.addEventListener("click", async () => {
  const answer = await fetch(location.pathname, { headers: { Accept: "application/json" } });
  const credential = await askPasskey((await answer.json()).passkey);
  form.credential.value = JSON.stringify(credential);
  form.submit();
});
