// @ts-check
/** The patient's page: the trigger points on the chart. */
import { BodyChart } from "./chart.js";
import { json, one } from "./dom.js";

const chart = /** @type {BodyChart} */ (one("body-chart"));

function show() {
  const points = json("chart-points").flatMap((/** @type {any} */ p, /** @type {number} */ index) => {
    const at = p.point || chart.placeOf(p.muscle, p.side);
    return at ? [{ id: String(index), label: p.label, name: p.name, kind: p.kind, ...at }] : [];
  });
  chart.setPoints(points);
  const first = points[0]?.view;
  if (first && first !== chart.view) chart.show(first);
}
if (chart.catalogue) show(); else chart.addEventListener("ready", show, { once: true });
