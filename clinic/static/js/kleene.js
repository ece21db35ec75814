// @ts-check
/**
 * Reads a rule set's formula, which the server sends as data, by strong Kleene logic. The rules themselves are in
 * `assessments/rules.py`; a test holds this reading of them against it. The server's answer stands.
 */

/** @typedef {{count: number, parts: (string | Formula)[]}} Formula */
/** @typedef {"P" | "A" | "U"} Truth */

/** @param {any} value @returns {Truth} */
export function truth(value) {
  return value === "present" || value === "yes" ? "P" : value === "absent" || value === "no" ? "A" : "U";
}

/** @param {Formula} formula @param {(sign: string) => Truth} of @returns {Truth} */
export function evaluate(formula, of) {
  const judged = formula.parts.map((part) => (typeof part === "string" ? of(part) : evaluate(part, of)));
  const present = judged.filter((one) => one === "P").length;
  const unknown = judged.filter((one) => one === "U").length;
  return present >= formula.count ? "P" : present + unknown < formula.count ? "A" : "U";
}

/** @param {Formula} formula @param {(sign: string) => Truth} of @returns {string[]} */
function relevant(formula, of) {
  if (evaluate(formula, of) !== "U") return [];
  return formula.parts.flatMap((part) => (typeof part !== "string" ? relevant(part, of) : of(part) === "U" ? [part] : []));
}

/**
 * @param {{formula: Formula, waived: string[], cheapest: string[]}} rules
 * @param {Record<string, any>} signs @param {string} recognised @param {string} symptom
 * @returns {{class: string, missing: string[], present: string[]}}
 */
export function classify(rules, signs, recognised, symptom) {
  const of = (/** @type {string} */ sign) => truth(signs[sign]);
  let { formula } = rules;
  if (rules.waived.length && signs.taut_band === "not_reachable") {
    const parts = formula.parts.filter((part) => !rules.waived.includes(/** @type {string} */ (part)));
    formula = { count: formula.count - rules.waived.length, parts };
  }
  const result = evaluate(formula, of);
  const present = inputs(formula).filter((sign) => of(sign) === "P");
  if (result === "A") return { class: "no_trigger_point", missing: [], present };
  if (result === "U") {
    const settles = (/** @type {string} */ name) =>
      [/** @type {Truth} */ ("P"), /** @type {Truth} */ ("A")].some((t) => evaluate(formula, (sign) => (sign === name ? t : of(sign))) !== "U");
    const order = (/** @type {string} */ name) => (settles(name) ? 0 : 1000) + rules.cheapest.indexOf(name);
    return { class: "indeterminate", missing: relevant(formula, of).sort((a, b) => order(a) - order(b)), present };
  }
  const known = recognised === "yes" ? "active" : recognised === "no" || symptom === "no" ? "latent" : "activity_undetermined";
  return { class: known, missing: [], present };
}

/** @param {Formula} formula @returns {string[]} */
function inputs(formula) {
  return formula.parts.flatMap((part) => (typeof part === "string" ? [part] : inputs(part)));
}
