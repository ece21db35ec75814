// The alert form: side and part of the body are asked only for alerts that have a place.
const form = document.querySelector("[data-alert-form]");
if (form instanceof HTMLFormElement) {
  const withPlace = new Set((form.dataset.withPlace ?? "").split(" "));
  const code = /** @type {HTMLSelectElement} */ (form.elements.namedItem("code"));
  const showFields = () => {
    for (const name of ["side", "region"]) {
      const field = form.querySelector(`[data-field="${name}"]`);
      if (field instanceof HTMLElement) field.hidden = !withPlace.has(code.value);
    }
  };
  code.addEventListener("change", showFields);
  showFields();
}

export {}; // a module of its own, so that its names are not those of the other scripts
