import { tick } from "./charts.js";
import { html, type Markup } from "./html.js";
import { niceStep } from "./numbers.js";

/** One line of a chart along a stack. */
export interface DriftLine {
  readonly name: string;
  /** Class for its colour. */
  readonly of: "first" | "second";
  readonly values: Float64Array;
}

const [width, height, left, right, top, bottom] = [1000, 250, 64, 90, 14, 40];
/** Places along the stack that are drawn, at most; of longer ones the extremes of each stretch. */
const mostPlaces = 500;

/**
 * Values along a stack as lines, with marks below for slices at fault.
 *
 * @param faults  numbers of slices, from 0
 */
export function driftChart(lines: readonly DriftLine[], unit: string, faults: readonly number[]): Markup {
  const count = lines[0]!.values.length;
  let [low, high] = [0, 0];
  for (const { values } of lines) {
    for (const v of values) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
  }
  const step = niceStep(Math.max(high - low, 1e-6) / 4);
  const first = Math.floor(low / step) * step;
  const ticks = Array.from({ length: Math.ceil((high - first) / step - 1e-9) + 1 }, (_, i) => first + i * step);
  const ceiling = Math.max(ticks.at(-1)!, first + step);
  const x = (i: number) => round(left + ((width - left - right) * i) / Math.max(1, count - 1));
  const y = (v: number) => round(height - bottom - ((height - top - bottom) * (v - first)) / (ceiling - first));
  const ends = lines.map(({ name, of, values }) => ({ name, of, at: y(values.at(-1)!) })).sort((p, q) => p.at - q.at);
  for (let i = 1; i < ends.length; i++) ends[i]!.at = Math.max(ends[i]!.at, ends[i - 1]!.at + 16);
  const along = niceStep(count / 8);
  const marks = Array.from({ length: Math.floor((count - 1) / along) + 1 }, (_, i) => i * along).filter(
    Number.isInteger,
  );
  const ticked = faults.map((i) => `M${x(i)} ${height - bottom}v-9`).join("");
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart drift" role="img" aria-label="${`${lines.map(({ name }) => name).join(" and ")} along ${count} slices`}" viewBox="0 0 ${width} ${height}"><path class="grid" d="${ticks.map((v) => `M${left} ${y(v)}H${width - right}`).join("")}"/>${ticks.map((v) => html`<text class="y" x="${left - 8}" y="${y(v) + 4}">${tick(v)}</text>`)}${marks.map((i) => html`<text x="${x(i)}" y="${height - bottom + 18}">${i + 1}</text>`)}<text x="${(left + width - right) / 2}" y="${height - 4}">slice; ${unit}</text><path class="fault" d="${ticked}"/>${lines.map(({ of, values }) => html`<path class="line ${of}" d="${path(values, x, y)}"/>`)}${ends.map(({ name, of, at }) => html`<text class="name ${of}" x="${width - right + 8}" y="${round(at + 4)}">${name}</text>`)}</svg>`;
}

/** Every value of a short stack; of a long one the least and the largest of each stretch, so that no jump is lost. */
function path(values: Float64Array, x: (i: number) => number, y: (v: number) => number): string {
  const stretch = Math.ceil(values.length / mostPlaces);
  const places: number[] = [];
  for (let from = 0; from < values.length; from += stretch) {
    let [least, most] = [from, from];
    for (let i = from; i < Math.min(values.length, from + stretch); i++) {
      if (values[i]! < values[least]!) least = i;
      if (values[i]! > values[most]!) most = i;
    }
    places.push(Math.min(least, most), ...(least === most ? [] : [Math.max(least, most)]));
  }
  return places.map((i, k) => `${k === 0 ? "M" : "L"}${x(i)} ${y(values[i]!)}`).join("");
}

const round = (v: number): number => Math.round(v * 10) / 10;
