import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import { numberColumn, parseCsv } from "../core/csv.js";
import { describeTransform, transformInWords, unitName } from "../core/describe.js";
import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import { formatBytes, formatNumber, formatSeconds } from "../core/format.js";
import { type Grid, spacing } from "../core/grid.js";
import type { Table } from "../core/plugin.js";
import type { RunRecord } from "../core/record.js";
import { parseTilePositions } from "../core/tile-position-files.js";
import { asMatrix3 } from "../core/transform.js";
import { parseTransformFile } from "../core/transform-json.js";
import { kindOf } from "../report/transform-words.js";
import { verdictInWords } from "./align-result.js";
import { openImage } from "./open-image.js";
import { stepLabel, verdictLine } from "./progress-words.js";

/** What a file is, as text for people and as data. */
export interface Inspection {
  readonly kind: "image" | "transform" | "points" | "matches" | "table" | "run";
  readonly lines: readonly string[];
  readonly data: unknown;
}

const MAX_TEXT = 512e6;

/** Looks at a file of any kind that Tiepoint knows. */
export async function inspectFile(path: string): Promise<Result<Inspection>> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile()) {
    return failed(problem("input-missing", stat ? `${path} is not a file` : `There is no file ${path}`));
  }
  const extension = extname(path).toLowerCase();
  if ([".json", ".csv", ".tsv", ".txt"].includes(extension)) {
    if (stat.size > MAX_TEXT) return failed(problem("file-too-large", `${path} has ${formatBytes(stat.size)}`));
    const text = readFileSync(path, "utf8");
    return extension === ".json" ? inspectJson(text, path) : inspectTable(text, path);
  }
  return inspectImage(path, stat.size);
}

function inspectJson(text: string, path: string): Result<Inspection> {
  const run = asRun(text);
  if (run) return ok(describeRun(run));
  const parsed = parseTransformFile(text);
  if (!parsed.ok) {
    return failed(...parsed.diagnostics.map((d) => ({ ...d, message: `${path}: ${d.message}` })));
  }
  const { registration, fixed, moving, provenance } = parsed.value;
  const description = describeTransform(registration);
  const lines = [
    `transform, ${registration.transform.type}: the moving image is ${transformInWords(description)}`,
    ...(asMatrix3(registration.transform) ? [] : [`  kind    ${kindOf(registration.transform)}`]),
    ...[["fixed", fixed] as const, ["moving", moving] as const].map(
      ([name, { file, grid }]) => `  ${name.padEnd(7)} ${file ?? "unnamed"}${grid ? `  ${gridWords(grid)}` : ""}`,
    ),
  ];
  if (registration.verdict) {
    lines.push(`  verdict ${verdictLine(registration.verdict)}`);
    lines.push(
      ...verdictInWords(registration.verdict)
        .filter((line) => /^ {2}(why|try)/.test(line))
        .map((line) => `  ${line}`),
    );
  }
  if (provenance) lines.push(`  made by ${provenance.steps.map((s) => s.plugin).join(", ")}`);
  return ok({
    kind: "transform",
    lines,
    data: {
      ...description,
      words: transformInWords(description),
      fixed,
      moving,
      verdict: registration.verdict,
      provenance,
    },
  });
}

function asRun(text: string): RunRecord | undefined {
  try {
    const value = JSON.parse(text) as RunRecord;
    return value.format === "tiepoint/run" && value.version === 1 && Array.isArray(value.tasks) ? value : undefined;
  } catch {
    return undefined;
  }
}

function describeRun(run: RunRecord): Inspection {
  const count = (state: string) => run.tasks.filter((t) => t.state === state).length;
  const states = ["computed", "cached", "failed", "refused", "skipped"].flatMap((s) =>
    count(s) > 0 ? [`${count(s)} ${s}`] : [],
  );
  const judged = run.tasks.filter((t) => t.verdict);
  const lines = [
    `run of ${run.pipeline.name}: ${run.tasks.length} tasks, ${states.join(", ")}, ${formatSeconds(run.seconds)}, status ${run.exit}`,
    ...run.inputs.map((i) => `  read    ${i.file}  ${formatBytes(i.bytes)}`),
    ...judged.slice(0, 20).map((t) => `  ${stepLabel(t.id)}: ${verdictLine(t.verdict!)}`),
    ...run.outputs.map((o) => `  wrote   ${o.file}  ${formatBytes(o.bytes)}`),
  ];
  const { tasks, ...rest } = run;
  return {
    kind: "run",
    lines,
    data: { ...rest, tasks: tasks.map(({ id, state, verdict, metrics }) => ({ id, state, verdict, metrics })) },
  };
}

function inspectTable(text: string, path: string): Result<Inspection> {
  const positions = parseTilePositions(text);
  if (positions) return inspectPositions(positions, path);
  const csv = parseCsv(text);
  if (!csv.ok) return failed(...csv.diagnostics.map((d) => ({ ...d, message: `${path}: ${d.message}` })));
  const { header, rows, comments } = csv.value;
  const names = header.map((h) => h.toLowerCase());
  const isMatches = ["fixed_x", "fixed_y", "moving_x", "moving_y"].every((n) => names.includes(n));
  const isPoints = names.includes("x") && names.includes("y");
  const kind = isMatches ? "matches" : isPoints ? "points" : "table";
  const spans: { name: string; from: number; to: number }[] = [];
  for (const name of header) {
    const column = numberColumn(csv.value, name.toLowerCase());
    if (!column.ok) continue;
    let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const v of column.value) {
      if (v < from) from = v;
      if (v > to) to = v;
    }
    if (from <= to) spans.push({ name, from, to });
  }
  const width = Math.max(0, ...spans.map((s) => s.name.length));
  const inlier = isMatches ? numberColumn(csv.value, "inlier") : undefined;
  const kept = inlier?.ok ? inlier.value.reduce((n, v) => n + (v === 1 ? 1 : 0), 0) : undefined;
  const what = kind === "matches" ? "tie points" : kind === "points" ? "points" : "rows";
  const lines = [
    `${kind}: ${rows.length} ${what}${kept === undefined ? "" : `, ${kept} inliers`}; columns ${header.join(", ")}`,
    ...comments.map((c) => `  # ${c}`),
    ...spans.map(({ name, from, to }) => `  ${name.padEnd(width)}  ${formatNumber(from, 3)} to ${formatNumber(to, 3)}`),
  ];
  return ok({
    kind,
    lines,
    data: {
      rows: rows.length,
      columns: header,
      comments,
      ranges: spans,
      ...(kept === undefined ? {} : { inliers: kept }),
    },
  });
}

function inspectPositions(positions: Result<Table>, path: string): Result<Inspection> {
  if (!positions.ok) return failed(...positions.diagnostics.map((d) => ({ ...d, message: `${path}: ${d.message}` })));
  const { columns } = positions.value;
  const names = Object.keys(columns);
  const span = (name: string) => {
    const values = (columns[name] ?? []).map(Number);
    const [from, to] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    return `  ${name}  ${formatNumber(from, 3)} to ${formatNumber(to, 3)}`;
  };
  const rows = columns.file!.length;
  const lines = [`table: positions of ${rows} tiles; columns ${names.join(", ")}`, span("x"), span("y")];
  return ok({ kind: "table", lines, data: { rows, columns: names } });
}

async function inspectImage(path: string, bytes: number): Promise<Result<Inspection>> {
  const opened = await openImage(path);
  if (!opened.ok) return opened;
  const { image, plugin, notes } = opened.value;
  const { grid, dtype, bands, meaning, nodata, overviews, tile } = image;
  const lines = [
    `image  ${gridWords(grid)}  ${dtype}  ${bands.length === 1 ? "1 band" : `${bands.length} bands`} (${bands.length > 20 ? `${bands.slice(0, 20).join(", ")}, …` : bands.join(", ")})  ${formatBytes(bytes)}`,
  ];
  if (grid.crs !== "px") {
    const [a, b, c, d, e, f] = grid.worldFromPixel;
    const isUpright = b === 0 && d === 0;
    lines.push(
      `  place   first pixel at (${c}, ${f}) in ${unitName(grid.crs)}${isUpright ? "" : `, axes (${a}, ${d}) and (${b}, ${e})`}`,
    );
  }
  if (nodata !== undefined) lines.push(`  nodata  ${nodata}`);
  if (overviews?.length)
    lines.push(`  levels  ${overviews.map((o) => `${o.grid.width} x ${o.grid.height}`).join(", ")}`);
  lines.push(`  tiles   ${tile.width} x ${tile.height}`);
  for (const note of notes) lines.push(`  note    ${note.message}`);
  const data = {
    reader: `${plugin.kind}/${plugin.name}`,
    ...{ grid, dtype, bands, meaning, nodata, tile, bytes },
    overviews: overviews?.map((o) => o.grid) ?? [],
    notes,
  };
  return ok({ kind: "image", lines, data });
}

/** "4096 x 3072 px, 0.325 um per pixel". */
function gridWords(grid: Grid): string {
  const size = `${grid.width} x ${grid.height} px`;
  return grid.crs === "px" ? size : `${size}, ${formatNumber(spacing(grid), 6)} ${unitName(grid.crs)} per pixel`;
}
