import { type Diagnostic, failed, ok, problem, type Result, warning } from "tiepoint/plugin";
import {
  type FormatOptions,
  type ImagePoints,
  type PointsFile,
  pointLimit,
  quoted,
  tooManyPoints,
} from "./points-file.js";

const numberPattern = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * A TPS file of tpsDig: specimens one after the other, each `LM=n`, n lines `x y`, then `IMAGE=`, `ID=`, `SCALE=` and others.
 *
 * y is measured from the bottom of the image. Points are named by their number, from 1, as tpsDig shows them. `NA` is a point
 * that was not placed. `SCALE=` is left alone: points stay in pixels.
 */
export function parseTps(text: string, options: FormatOptions): Result<PointsFile> {
  const lines = text.split(/\r\n|\n|\r/);
  const images: ImagePoints[] = [];
  let specimen: { names: string[]; xy: number[]; image: string; id?: string; line: number; left: number } | undefined;
  let curve = 0;
  let total = 0;
  const close = (): void => {
    if (specimen) images.push(finish(specimen));
    specimen = undefined;
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line === "") continue;
    const match = /^([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*)$/.exec(line);
    if (!match) {
      return refuse(
        i,
        specimen ? "a keyword such as IMAGE= or the next LM=" : "LM= and a number",
        line,
        specimen && numberPattern.test(line.split(/\s+/)[0]!) ? "There are more points than LM= says." : undefined,
      );
    }
    const keyword = match[1]!.toUpperCase();
    const value = match[2]!.trim();
    if (keyword === "LM3") {
      return refuse(i, "points of a plane (LM=)", line, "Points in space cannot be used with images.");
    }
    if (keyword === "LM") {
      close();
      specimen = { names: [], xy: [], image: "", line: i + 1, left: 0 };
      curve = 0;
    }
    if (!specimen) return refuse(i, "LM= before anything else", line);
    if (keyword === "LM" || keyword === "POINTS") {
      const count = /^\d{1,7}$/.test(value) ? Number(value) : undefined;
      if (count === undefined) return refuse(i, `a number of points after ${keyword}=`, line);
      total += count;
      if (total > pointLimit) return tooManyPoints();
      const isCurve = keyword === "POINTS";
      if (isCurve) curve++;
      const kept = !isCurve || options.curves;
      for (let k = 1; k <= count; k++) {
        const read = readPoint(lines[++i]?.trim() ?? "");
        if (!read) {
          return refuse(
            i,
            `two numbers, point ${k} of ${count}`,
            lines[i]?.trim() ?? "the end of the file",
            /,/.test(lines[i] ?? "") ? "Write numbers with a decimal point." : `${keyword}= may say too many.`,
          );
        }
        if (!kept) continue;
        specimen.xy.push(...read);
        specimen.names.push(isCurve ? `curve${curve}-${k}` : String(k));
      }
      if (!kept) specimen.left++;
    } else if (keyword === "IMAGE") specimen.image = value.replaceAll("\\", "/");
    else if (keyword === "ID") specimen.id = value;
  }
  close();
  return ok({ images, yUp: true });
}

/** Two numbers, or NaN twice for `NA`. */
function readPoint(line: string): readonly [number, number] | undefined {
  const cells = line.split(/\s+/);
  if (cells.length !== 2) return undefined;
  const [x, y] = cells.map((cell) =>
    /^(NA|NaN)$/i.test(cell) ? Number.NaN : numberPattern.test(cell) ? Number(cell) : undefined,
  );
  if (x === undefined || y === undefined) return undefined;
  return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : [Number.NaN, Number.NaN];
}

/** A specimen as points. Both coordinates negative is how some programs write a point that was not placed. */
function finish({
  names,
  xy,
  image,
  id,
  line,
  left,
}: {
  names: readonly string[];
  xy: number[];
  image: string;
  id?: string;
  line: number;
  left: number;
}): ImagePoints {
  const notes: Diagnostic[] = [];
  const gone: string[] = [];
  for (let i = 0; i < xy.length; i += 2) {
    if (!(xy[i]! < 0 && xy[i + 1]! < 0)) continue;
    xy[i] = Number.NaN;
    xy[i + 1] = Number.NaN;
    gone.push(names[i / 2]!);
  }
  if (gone.length > 0) {
    const message = `Point ${gone.slice(0, 10).join(", ")} has two negative coordinates and counts as not placed`;
    notes.push(warning("negative-is-missing", message));
  }
  if (left > 0) {
    const message = `Points of ${left} curve${left === 1 ? " is" : "s are"} left out`;
    notes.push(warning("curves-left-out", message, "Take them too by curves: true."));
  }
  return { image, xy, names, where: `line ${line}`, notes, ...(id === undefined ? {} : { id }) };
}

function refuse(index: number, expected: string, found: string, hint?: string) {
  return failed(problem("bad-tps", `Expected ${expected} in line ${index + 1}, but found ${quoted(found)}`, hint));
}
