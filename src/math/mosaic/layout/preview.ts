import { formatBytes, formatNumber } from "../../../core/format.js";
import { bytesPerSample, type Image } from "../../../core/image.js";
import type { LayoutOutcome } from "./outcome.js";
import { someOf } from "./sources.js";

/** Wider and higher grids are drawn without names, and then in parts. */
const NAMED = { cells: 12, width: 100 } as const;
const DRAWN = 80;

/** A layout as text: what it rests on, the grid with its overlap and holes, and a drawing. */
export function layoutPreview({ layout, metrics, verdict, notes, words }: LayoutOutcome, image: Image): string[] {
  const { tiles, x, y, width, height, row, col } = layout;
  const gridded = row.every((v) => v >= 0);
  const extent = (at: Float64Array, size: Float64Array) =>
    Math.round(at.reduce((most, v, i) => Math.max(most, v + size[i]!), 0));
  const [w, h] = [extent(x, width), extent(y, height)];
  const bytes = w * h * image.bands.length * bytesPerSample(image.dtype);
  const out = [
    `  places   by ${words.source}: ${words.checked}${verdict.status === "accepted" ? "" : ` (${verdict.status})`}`,
  ];
  if (gridded) {
    const [rows, cols] = [metrics.rows!.value, metrics.columns!.value];
    out.push(
      `  grid     ${plural(rows, "row")} x ${plural(cols, "column")}${overlapWords(metrics, width[0]!, height[0]!)}`,
    );
  } else out.push("  grid     none: the places make no rows and columns");
  if (words.order) out.push(`  order    ${words.order}`);
  out.push(`  mosaic   ${w} x ${h} px, ${formatBytes(bytes)} as ${image.dtype}`);
  if (metrics["stage-error"])
    out.push(`  stage    the overlaps are ${formatNumber(metrics["stage-error"].value, 1)} px (rms) from these places`);
  const holes = gridded ? emptyCells(row, col) : [];
  if (holes.length > 0) out.push(`  missing  ${someOf(holes)}`);
  for (const { code, message } of [...verdict.reasons, ...notes])
    if (code !== "cells-empty") out.push(`  note     ${message}`);
  if (gridded) out.push("", ...drawing(tiles, row, col).map((line) => `  ${line}`));
  return out;
}

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;

function overlapWords(metrics: LayoutOutcome["metrics"], width: number, height: number): string {
  const along = (["x", "y"] as const).flatMap((axis) => {
    const share = metrics[`overlap-${axis}`]?.value;
    if (share === undefined || Number.isNaN(share)) return [];
    const px = (share / 100) * (axis === "x" ? width : height);
    return [`${formatNumber(px, 0)} px (${formatNumber(share, 1)} %) along ${axis}`];
  });
  return along.length > 0 ? `, overlap ${along.join(", ")}` : "";
}

function emptyCells(row: Int32Array, col: Int32Array): string[] {
  const have = new Set(Array.from(row, (r, i) => `${r},${col[i]}`));
  const out: string[] = [];
  for (let r = 0; r <= greatest(row); r++)
    for (let c = 0; c <= greatest(col); c++) if (!have.has(`${r},${c}`)) out.push(`row ${r} col ${c}`);
  return out;
}

const greatest = (values: Int32Array): number => values.reduce((m, v) => Math.max(m, v), 0);

/** The grid: the part of each name that differs in small grids, `#` for a tile and `.` for a hole in others. */
export function drawing(names: readonly string[], row: Int32Array, col: Int32Array): string[] {
  const [rows, cols] = [greatest(row) + 1, greatest(col) + 1];
  const short = shortNames(names);
  const wide = short.reduce((most, name) => Math.max(most, name.length), 1);
  const named = rows <= NAMED.cells && cols * (wide + 2) <= NAMED.width;
  const cells = Array.from({ length: Math.min(rows, DRAWN) }, () =>
    new Array<string>(Math.min(cols, DRAWN)).fill(named ? ".".padEnd(wide) : "."),
  );
  for (const [i, name] of short.entries()) {
    const line = cells[row[i]!];
    if (line && col[i]! < line.length) line[col[i]!] = named ? name.padEnd(wide) : "#";
  }
  const out = cells.map((line) => line.join(named ? "  " : "").trimEnd());
  if (cols > DRAWN) out.push(`… and ${plural(cols - DRAWN, "column")} more`);
  if (rows > DRAWN) out.push(`… and ${plural(rows - DRAWN, "row")} more`);
  return out;
}

/** Names without what all of them begin and end with; words are not cut through. */
export function shortNames(names: readonly string[]): string[] {
  const first = names[0] ?? "";
  let begin = 0;
  while (begin < first.length && names.every((name) => name[begin] === first[begin])) begin++;
  let end = 0;
  const least = names.reduce((m, name) => Math.min(m, name.length), first.length) - begin;
  while (end < least && names.every((name) => name.at(-1 - end) === first.at(-1 - end))) end++;
  while (begin > 0 && /[A-Za-z0-9]/.test(first[begin - 1]!)) begin--;
  while (end > 0 && /[A-Za-z0-9]/.test(first.at(-end)!)) end--;
  return names.map((name) => name.slice(begin, name.length - end));
}
