// @ts-check
// Nothing on these pages may keep anything in the browser: htmx, for one, would keep each page's address.
Storage.prototype.setItem = () => {
  throw new DOMException("Palpate keeps nothing in the browser.", "SecurityError");
};
