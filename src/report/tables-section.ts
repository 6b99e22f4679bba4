import type { Table } from "../core/plugin.js";
import type { RunAccess, RunRecord } from "../core/record.js";
import { html, type Markup } from "./html.js";
import { count, niceStep, number } from "./numbers.js";

const mostTables = 12;
const mostRows = 10;
const mostColumns = 8;
/** Rows that a line chart is drawn of, at most. */
const mostPoints = 200;

/** Tables that steps outside of blocks gave, their first rows; with a chart where a table is a curve. Nothing when there are none. */
export async function tablesSection(record: RunRecord, access: RunAccess): Promise<Markup | undefined> {
  const parts: Markup[] = [];
  let found = 0;
  for (const task of record.tasks) {
    if (task.item !== undefined || /^(read|write)\//.test(task.plugin)) continue;
    for (const { port, type } of task.outputs) {
      if (type !== "table") continue;
      const value = await access.value(task.id, port);
      // Tables with a meaning of their own are drawn in a section of their own.
      if (!isTable(value) || /^(tile|slice)-/.test(value.meaning ?? "") || rowsOf(value) === 0) continue;
      if (++found > mostTables) continue;
      const curve = curveOf(value);
      parts.push(
        html`<h3>${task.id}.${port} <span class="note">${task.plugin}, ${count(rowsOf(value), "row")}</span></h3>${curve}${firstRows(value)}`,
      );
    }
  }
  if (parts.length === 0) return undefined;
  const rest = found - mostTables;
  return html`<section id="tables"><h2>Tables</h2>${parts}${rest > 0 && html`<p class="note">and ${rest} more; write them into files to see them</p>`}</section>`;
}

const rowsOf = (table: Table): number => Object.values(table.columns)[0]?.length ?? 0;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" &&
  value !== null &&
  "columns" in value &&
  typeof value.columns === "object" &&
  value.columns !== null &&
  Object.values(value.columns).every(Array.isArray);

const cell = (value: number | string | undefined): string =>
  typeof value === "number" ? (Number.isNaN(value) ? "" : number(value)) : (value ?? "");

function firstRows(table: Table): Markup {
  const columns = Object.entries(table.columns);
  const shown = columns.slice(0, mostColumns);
  const rows = Array.from({ length: Math.min(mostRows, rowsOf(table)) }, (_, i) => i);
  const rest = rowsOf(table) - rows.length;
  return html`<div class="scroll"><table><thead><tr>${shown.map(([name, values]) => html`<th${isNumbers(values) && html` class="n"`}>${name}</th>`)}</tr></thead><tbody>${rows.map(
    (i) =>
      html`<tr>${shown.map(([, values]) => html`<td${isNumbers(values) && html` class="n"`}>${cell(values[i])}</td>`)}</tr>`,
  )}</tbody></table></div>${(rest > 0 || columns.length > shown.length) && html`<p class="note">${[...(rest > 0 ? [count(rest, "further row")] : []), ...(columns.length > shown.length ? [count(columns.length - shown.length, "further column")] : [])].join(" and ")}</p>`}`;
}

const isNumbers = (values: readonly (number | string)[]): values is readonly number[] =>
  values.every((v) => typeof v === "number");

const [width, height, left, right, top, bottom] = [640, 240, 54, 150, 14, 40];

/** A table of numbers whose first column grows from row to row is a curve: its other columns over the first. */
function curveOf(table: Table): Markup | undefined {
  const [first, ...rest] = Object.entries(table.columns);
  if (!first || rest.length === 0 || rest.length > 6) return undefined;
  const [axis, xs] = first;
  const lines = rest.filter(([, values]) => isNumbers(values) && values.every(Number.isFinite));
  if (lines.length !== rest.length || !isNumbers(xs) || xs.length < 2 || xs.length > mostPoints) return undefined;
  if (xs.some((x, i) => !Number.isFinite(x) || (i > 0 && x <= xs[i - 1]!))) return undefined;
  const values = lines.flatMap(([, v]) => v as readonly number[]);
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  if (!(high > low)) return undefined;
  const step = niceStep((high - low) / 4);
  const ticks = Array.from({ length: Math.ceil((high - low) / step) + 1 }, (_, i) => low + i * step);
  const ceiling = ticks[ticks.length - 1]!;
  const x = (v: number) => round(left + ((width - left - right) * (v - xs[0]!)) / (xs[xs.length - 1]! - xs[0]!));
  const y = (v: number) => round(height - bottom - ((height - top - bottom) * (v - low)) / (ceiling - low));
  const marks = xs.length <= 12 ? xs : [xs[0]!, xs[xs.length - 1]!];
  const grid = ticks.map((v) => `M${left} ${y(v)}H${width - right}`).join("");
  // Names stand beside the ends of their lines, moved apart where they would cover each other.
  const ends = lines
    .map(([name, v]) => ({ name, at: y((v as readonly number[])[xs.length - 1]!) }))
    .sort((a, b) => a.at - b.at);
  for (let i = 1; i < ends.length; i++) ends[i]!.at = Math.max(ends[i]!.at, ends[i - 1]!.at + 15);
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart curve" role="img" aria-label="${`${lines.map(([name]) => name).join(", ")} over ${axis}`}" viewBox="0 0 ${width} ${height}"><path class="grid" d="${grid}"/>${ticks.map((v) => html`<text x="${left - 22}" y="${y(v) + 4}">${number(v)}</text>`)}${marks.map((v) => html`<text x="${x(v)}" y="${height - bottom + 18}">${number(v)}</text>`)}<text x="${(left + width - right) / 2}" y="${height - 4}">${axis}</text>${lines.map(
    ([, v]) =>
      html`<path class="line" d="${(v as readonly number[]).map((value, i) => `${i === 0 ? "M" : "L"}${x(xs[i]!)} ${y(value)}`).join("")}"/>${xs.map((at, i) => html`<circle cx="${x(at)}" cy="${y((v as readonly number[])[i]!)}" r="3"/>`)}`,
  )}${ends.map(({ name, at }) => html`<text class="name" x="${width - right + 10}" y="${at + 4}">${name}</text>`)}</svg>`;
}

const round = (v: number): number => Math.round(v * 10) / 10;
