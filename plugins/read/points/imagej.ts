import { type Diagnostic, failed, ok, problem, type Result, warning } from "tiepoint/plugin";
import {
  checkNames,
  type FormatOptions,
  listed,
  type PointsFile,
  pointLimit,
  quoted,
  tooManyPoints,
} from "./points-file.js";
import { readZip } from "./zip.js";

/** A selection of points as ImageJ stores it. */
interface Roi {
  readonly name: string;
  readonly xy: readonly number[];
}

const point = 10;
const kinds = [
  "polygon",
  "rectangle",
  "oval",
  "line",
  "freehand line",
  "segmented line",
  "nothing",
  "freehand",
  "traced",
  "angle",
];
const subPixel = 128;

/** Names that ImageJ makes up from a selection's place: `0083-0127`. They say nothing that the coordinates do not. */
const isMadeUp = (name: string): boolean => /^\d{4,}(-\d{4,}){1,2}(-\d+)?$/.test(name) || name === "";

/**
 * One `.roi` file: big-endian, "Iout", coordinates relative to the bounding box, then absolute ones of part of a pixel.
 *
 * ImageJ measures areas from corners of pixels, but points and lines from their centres, whole numbers or not: these are ours.
 *
 * @returns nothing where the selection is another than points
 */
function parseRoi(bytes: Uint8Array, file: string): Result<Roi | string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bad = (expected: string, found: string) =>
    failed(
      problem(
        "bad-roi",
        `Expected ${expected} in ${quoted(file)}, but found ${found}`,
        "Save the selection in ImageJ again.",
      ),
    );
  if (bytes.length < 64) return bad("at least 64 bytes", `${bytes.length}`);
  if (!isRoi(bytes)) return bad('"Iout" at the beginning of an ImageJ selection', "something else");
  const version = view.getUint16(4);
  const type = view.getUint8(6);
  if (type !== point) return ok(kinds[type] ?? `type ${type}`);
  const top = view.getInt16(8);
  const left = view.getInt16(10);
  let count = view.getUint16(16);
  if (count === 0 && version >= 227) count = view.getUint32(18);
  if (count > pointLimit) return tooManyPoints();
  const fine = version >= 222 && (view.getUint16(50) & subPixel) !== 0;
  const needed = 64 + count * (fine ? 12 : 4);
  if (bytes.length < needed) return bad(`${needed} bytes for ${count} points`, `${bytes.length}`);
  const xy: number[] = [];
  for (let i = 0; i < count; i++) {
    const x = fine ? view.getFloat32(64 + 4 * count + 4 * i) : left + view.getInt16(64 + 2 * i);
    const y = fine ? view.getFloat32(64 + 8 * count + 4 * i) : top + view.getInt16(64 + 2 * count + 2 * i);
    if (!Number.isFinite(x) || !Number.isFinite(y)) return bad(`numbers for point ${i + 1}`, `${x}, ${y}`);
    xy.push(x, y);
  }
  return ok({ name: nameOf(view) ?? file.replace(/^.*[\\/]/, "").replace(/\.roi$/i, ""), xy });
}

/** The name in the second header: two bytes a letter. */
function nameOf(view: DataView): string | undefined {
  const second = view.getUint32(60);
  if (second === 0 || second + 24 > view.byteLength) return undefined;
  const at = view.getUint32(second + 16);
  const length = view.getUint32(second + 20);
  if (at === 0 || length === 0 || length > 1000 || at + 2 * length > view.byteLength) return undefined;
  let name = "";
  for (let i = 0; i < length; i++) name += String.fromCharCode(view.getUint16(at + 2 * i));
  return name;
}

export const isRoi = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x49 && bytes[1] === 0x6f && bytes[2] === 0x75 && bytes[3] === 0x74;

/** A `.roi` file: one selection of one point or of many, which have no names but their order. */
export function parseRoiFile(bytes: Uint8Array, { file }: FormatOptions): Result<PointsFile> {
  const roi = parseRoi(bytes, file);
  if (!roi.ok) return roi;
  if (typeof roi.value === "string") return failed(notPoints(`The selection is a ${roi.value}`));
  return ok({ images: [{ image: "", xy: roi.value.xy, where: file }] });
}

/** A `RoiSet.zip` of the ROI Manager: each selection of a single point gives its name to the point. */
export function parseRoiSet(bytes: Uint8Array, { file }: FormatOptions): Result<PointsFile> {
  const entries = readZip(bytes, (name) => /\.roi$/i.test(name));
  if (!entries.ok) return entries;
  const rois: Roi[] = [];
  const others: string[] = [];
  for (const { name, data } of entries.value) {
    const roi = parseRoi(data, name);
    if (!roi.ok) return roi;
    if (typeof roi.value === "string") others.push(`${name} (${roi.value})`);
    else rois.push(roi.value);
  }
  if (rois.length === 0) {
    return failed(notPoints(others.length > 0 ? `The archive has ${listed(others)}` : "The archive has no .roi file"));
  }
  const notes: Diagnostic[] = [];
  if (others.length > 0) {
    notes.push(warning("other-selections", `Selections that are no points are left out: ${listed(others)}`));
  }
  const xy = rois.flatMap((r) => r.xy);
  const base = { image: "", xy, where: file };
  if (rois.every((r) => isMadeUp(r.name))) {
    notes.push(
      warning(
        "points-without-names",
        "ImageJ named the points by their place, which is no name; they are known by their order only",
        "Rename them in the ROI Manager.",
      ),
    );
    return ok({ images: [{ ...base, notes }] });
  }
  const names = rois.flatMap((r) =>
    r.xy.length === 2 ? [r.name] : r.xy.filter((_, i) => i % 2 === 0).map((_, i) => `${r.name}/${i + 1}`),
  );
  const checked = checkNames(names, quoted(file));
  return checked.ok ? ok({ images: [{ ...base, names, notes }] }) : checked;
}

const notPoints = (found: string) =>
  problem(
    "not-points",
    `Expected points, but found something else: ${found}`,
    "Use the point or multi-point tool of ImageJ.",
  );
