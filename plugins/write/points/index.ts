import { writeFile } from "node:fs/promises";
import {
  csvCell,
  csvNumber,
  type Diagnostic,
  definePlugin,
  encodeDlib,
  encodeTps,
  failed,
  type PointSet,
  problem,
  toPixel,
  warning,
} from "tiepoint/plugin";
import { encodeRoi, encodeZip } from "./roi.js";

export default definePlugin({
  kind: "write",
  name: "points",
  version: "2",
  summary: "Writes points of one image: CSV, or for ImageJ (.roi, .zip), tpsDig (.tps) and dlib (.xml).",
  formats: { extensions: [".csv", ".roi", ".zip", ".tps", ".xml"] },
  params: {
    image: { type: "string", default: "image", description: "What TPS and dlib files shall call the image." },
  },
  inputs: { points: "points", sameGridAs: "image?" },
  outputs: {},
  async run({ points: set, sameGridAs }, { image }, { target }) {
    const extension = /\.[a-z]+$/.exec(target!.toLowerCase())?.[0];
    const xy = sameGridAs ? toPixel(sameGridAs.grid, set.points) : set.points;
    if (extension === ".csv") {
      await writeFile(target!, csvText(set, xy, sameGridAs !== undefined));
      return { ok: true, value: {} };
    }
    if (extension === ".roi" || extension === ".zip") return writeForImageJ(target!, extension, set, xy);
    if (!sameGridAs) {
      return failed(
        problem(
          "image-unknown",
          `A ${extension} file needs the image that the points lie in`,
          "Name it by same-grid-as: at the output.",
        ),
      );
    }
    const { width, height } = sameGridAs.grid;
    const names = set.names ?? Array.from({ length: xy.length / 2 }, (_, i) => String(i + 1));
    const annotation = { image, width, height, xy, names };
    const encoded =
      extension === ".tps" ? encodeTps([annotation]) : { ok: true as const, value: encodeDlib([annotation]) };
    if (!encoded.ok) return encoded;
    await writeFile(target!, encoded.value.text);
    return { ok: true, value: {}, notes: encoded.value.notes };
  },
});

function csvText({ names, confidence }: PointSet, xy: Float64Array, inPixels: boolean): string {
  const lines = [
    inPixels
      ? "# pixel coordinates; (0, 0) is the centre of the first pixel, x to the right, y down"
      : "# world coordinates; of an image without pixel size or place these are its pixel coordinates",
    ["x", "y", ...(names ? ["name"] : []), ...(confidence ? ["confidence"] : [])].join(","),
  ];
  for (let i = 0; i < xy.length / 2; i++) {
    const cells = [csvNumber(xy[2 * i]!), csvNumber(xy[2 * i + 1]!)];
    if (names) cells.push(csvCell(names[i] ?? ""));
    if (confidence) cells.push(csvNumber(confidence[i]!));
    lines.push(cells.join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** One selection of all points, or an archive with a named selection for each. Both hold 32-bit numbers. */
async function writeForImageJ(target: string, extension: string, { names }: PointSet, xy: Float64Array) {
  const all = Array.from({ length: xy.length / 2 }, (_, i) => ({ i, at: [xy[2 * i]!, xy[2 * i + 1]!] as const }));
  const placed = all.filter(({ at }) => at.every(Number.isFinite));
  if (placed.length === 0) {
    return failed(problem("no-points", "A selection of ImageJ holds one point or more, but none was placed"));
  }
  const far = placed.find(({ at }) => at.some((v) => Math.abs(v) > 32766));
  if (far) {
    return failed(
      problem(
        "too-far-for-roi",
        `A selection of ImageJ reaches to 32766 px, but point ${far.i + 1} lies at (${far.at.join(", ")})`,
        "Write a CSV file.",
      ),
    );
  }
  const notes: Diagnostic[] = [];
  if (placed.length < all.length) {
    notes.push(warning("missing-not-held", `${all.length - placed.length} points that were not placed are left out`));
  }
  if (extension === ".roi") {
    if (names) notes.push(warning("names-not-held", "A .roi file holds no names", "Write a .zip file to keep them."));
    await writeFile(target, encodeRoi(placed.map((p) => p.at)));
  } else {
    const files = placed.map(({ i, at }) => {
      const name = names?.[i] ?? `point ${i + 1}`;
      const safe = `${String(i + 1).padStart(4, "0")} ${name.replace(/[^\p{L}\p{N} _.-]/gu, "_")}`;
      return { name: `${safe}.roi`, data: encodeRoi([at], name) };
    });
    await writeFile(target, encodeZip(files));
  }
  return { ok: true as const, value: {}, notes };
}
