import { cellNumber, cellText, failed, ok, parseCsv, problem, type Result } from "tiepoint/plugin";
import {
  type FormatOptions,
  type ImagePoints,
  listed,
  type PointsFile,
  pointLimit,
  quoted,
  tooManyPoints,
} from "./points-file.js";

/** One point of the table: its name and columns. */
interface Part {
  readonly individual: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly likelihood: number;
}

/**
 * A table of DeepLabCut: labels (`CollectedData_<scorer>.csv`) or predictions, of one animal or of several, whose rows are
 * named by a path, by three cells (`labeled-data`, video, image) or by the number of a frame.
 *
 * A part that was not labelled has empty cells and becomes NaN; likelihood is confidence. Pixel centres are integers.
 */
export function parseDeepLabCut(text: string, options: FormatOptions): Result<PointsFile> {
  const csv = parseCsv(text);
  if (!csv.ok) return csv;
  const { header, rows, lines } = csv.value;
  const cells = (row: readonly string[]): string[] => row.map((cell) => cellText(cell).trim());
  const levels = new Map<string, string[]>();
  let first = 0;
  while (first < rows.length && first < 4) {
    const row = cells(rows[first]!);
    const level = row[0]!.toLowerCase();
    if (!["individuals", "bodyparts", "coords"].includes(level)) break;
    levels.set(level, row);
    first++;
  }
  const bodyparts = levels.get("bodyparts");
  const coords = levels.get("coords");
  if (!bodyparts || !coords) {
    return failed(
      problem(
        "deeplabcut-header",
        `Expected header rows scorer, bodyparts and coords, but found ${listed([header[0]!, ...rows.slice(0, 3).map((r) => cellText(r[0]!))])} in the first column`,
        "Export the table again; for several animals a row individuals stands between scorer and bodyparts.",
      ),
    );
  }
  const parts = readParts(bodyparts, coords, levels.get("individuals"), options.individual);
  if (!parts.ok) return parts;
  const indexCount = coords.findIndex((c) => /^(x|y|likelihood)$/i.test(c));
  if ((rows.length - first) * parts.value.length > pointLimit) return tooManyPoints();
  // A table of one animal still calls it by name; several need their names to tell parts apart.
  const several = new Set(parts.value.map((p) => p.individual)).size > 1;
  const names = parts.value.map((p) => (several && p.individual !== "single" ? `${p.individual}/${p.name}` : p.name));
  const images: ImagePoints[] = [];
  for (let r = first; r < rows.length; r++) {
    const row = rows[r]!;
    const image = cells(row.slice(0, indexCount))
      .filter((c) => c !== "")
      .join("/")
      .replaceAll("\\", "/");
    const xy: number[] = [];
    const confidence: number[] = [];
    for (const part of parts.value) {
      const at = (column: number): number | undefined => (column < 0 ? Number.NaN : cellNumber(row[column]!));
      const [x, y, likelihood] = [at(part.x), at(part.y), at(part.likelihood)];
      if (x === undefined || y === undefined || likelihood === undefined) {
        const column = x === undefined ? part.x : y === undefined ? part.y : part.likelihood;
        return failed(
          problem(
            "not-a-number",
            `Expected a number for ${part.name} ${coords[column]} in line ${lines[r]}, but found ${quoted(cellText(row[column]!))}`,
          ),
        );
      }
      if (likelihood < 0 || likelihood > 1) {
        return failed(
          problem(
            "confidence-out-of-range",
            `Expected a likelihood from 0 to 1 for ${part.name} in line ${lines[r]}, but found ${likelihood}`,
          ),
        );
      }
      const whole = Number.isFinite(x) && Number.isFinite(y);
      xy.push(whole ? x : Number.NaN, whole ? y : Number.NaN);
      confidence.push(likelihood);
    }
    const has = parts.value.some((p) => p.likelihood >= 0) && confidence.some((c) => !Number.isNaN(c));
    images.push({ image, xy, names, ...(has ? { confidence } : {}), where: `line ${lines[r]}` });
  }
  return ok({ images });
}

function readParts(
  bodyparts: readonly string[],
  coords: readonly string[],
  individuals: readonly string[] | undefined,
  wanted: string | undefined,
): Result<readonly Part[]> {
  const parts = new Map<string, { individual: string; name: string; x: number; y: number; likelihood: number }>();
  for (let c = 1; c < coords.length; c++) {
    const axis = coords[c]!.toLowerCase();
    if (axis !== "x" && axis !== "y" && axis !== "likelihood") {
      if (coords[c] === "" && parts.size === 0) continue; // further columns of the row's name
      return failed(
        problem(
          "deeplabcut-header",
          `Expected x, y or likelihood in the row coords, but found ${quoted(coords[c]!)} in column ${c + 1}`,
        ),
      );
    }
    const individual = individuals?.[c] ?? "";
    const name = bodyparts[c]!;
    const key = JSON.stringify([individual, name]);
    let part = parts.get(key);
    if (!part) parts.set(key, (part = { individual, name, x: -1, y: -1, likelihood: -1 }));
    if (part[axis] >= 0) {
      return failed(
        problem(
          "duplicate-name",
          `Expected each part once, but the header has ${axis} of ${quoted(individual === "" ? name : `${individual}/${name}`)} twice`,
          "Rename one of the two.",
        ),
      );
    }
    part[axis] = c;
  }
  const all = [...parts.values()];
  const half = all.find((p) => p.x < 0 || p.y < 0);
  if (half || all.length === 0) {
    return failed(
      problem(
        "deeplabcut-header",
        half
          ? `Expected x and y of ${quoted(half.name)}, but found one of them only`
          : "Expected parts, but the header names none",
      ),
    );
  }
  if (wanted === undefined) return ok(all);
  const own = all.filter((p) => p.individual === wanted);
  const known = [...new Set(all.map((p) => p.individual))];
  return own.length > 0
    ? ok(own)
    : failed(
        problem(
          "no-such-individual",
          individuals
            ? `There is no individual ${quoted(wanted)}; there is ${listed(known)}`
            : "The table has one animal only, without a name",
          individuals ? "Name one of these." : "Leave individual: out.",
        ),
      );
}
