import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Diagnostic, definePlugin, failed, type Points, problem, toWorld } from "tiepoint/plugin";
import { detectFormat, formatNames, parsePoints } from "./formats.js";
import { chooseImage, type PointsFile } from "./points-file.js";

const MAX_BYTES = 256e6;

/** The last file that was read: a file of many images is read for each of them. Same digest and options, same value. */
let last: { readonly key: string; readonly value: PointsFile } | undefined;

export default definePlugin({
  kind: "read",
  name: "points",
  version: "2",
  summary: "Reads points of one image: CSV, DeepLabCut, ImageJ, tpsDig, dlib.",
  formats: { extensions: [".csv", ".tsv", ".roi", ".tps", ".xml", ".zip"], magic: ["496f7574"] },
  params: {
    image: {
      type: "string",
      optional: true,
      description:
        "Which image's points, where the file has those of many: its name, its path from any folder on, the number of a frame, or the ID of a TPS file.",
    },
    format: {
      type: "string",
      enum: ["auto", ...formatNames],
      default: "auto",
      description: "What the file is; auto looks at its first words.",
    },
    units: {
      type: "string",
      enum: ["pixel", "world"],
      default: "pixel",
      description:
        "What the numbers are: pixel coordinates, where (0, 0) is the centre of the first pixel, or world coordinates.",
    },
    yAxis: {
      type: "string",
      enum: ["auto", "down", "up"],
      default: "auto",
      description: "Whether y counts down from the top or up from the bottom of the image; auto: up in TPS files.",
    },
    imageHeight: {
      type: "integer",
      minimum: 1,
      maximum: 10_000_000,
      optional: true,
      description: "Rows of the image, for y that counts up where no image is given.",
    },
    individual: { type: "string", optional: true, description: "One animal, where a DeepLabCut table has several." },
    curves: { type: "boolean", default: false, description: "Take the points of a TPS file's curves too." },
  },
  inputs: { file: "file", sameGridAs: "image?" },
  outputs: { points: "points" },
  async run({ file, sameGridAs }, { image, format, units, yAxis, imageHeight, individual, curves }) {
    if (file.bytes > MAX_BYTES) {
      return failed(problem("file-too-large", `Expected at most 256 MB of points, but this has ${file.bytes} bytes`));
    }
    const name = basename(file.path);
    const key = JSON.stringify([file.sha256, name, format, individual, curves]);
    if (last?.key !== key) {
      const bytes = await readFile(file.path);
      const parsed = parsePoints(bytes, format === "auto" ? detectFormat(bytes) : format, {
        curves,
        individual,
        file: name,
      });
      if (!parsed.ok) return parsed;
      last = { key, value: parsed.value };
    }
    const { yUp } = last.value;
    const chosen = chooseImage(last.value, image);
    if (!chosen.ok) return chosen;
    const { points } = chosen.value;
    const notes: readonly Diagnostic[] = [...chosen.value.notes, ...(points.notes ?? [])];
    const xy = Float64Array.from(points.xy);
    if (units === "pixel" && (yAxis === "up" || (yAxis === "auto" && yUp))) {
      const height = sameGridAs?.grid.height ?? imageHeight;
      if (height === undefined) {
        return failed(
          problem(
            "height-unknown",
            "y counts up from the bottom of the image, whose height is not known",
            "Give the image by same-grid-as:, or its rows by image-height:; or write y-axis: down if that is how the file counts.",
          ),
        );
      }
      for (let i = 1; i < xy.length; i += 2) xy[i] = height - xy[i]!;
    }
    return {
      ok: true,
      value: {
        points: {
          points:
            units === "pixel" && sameGridAs ? toWorld(sameGridAs.grid, xy as Points<"pixel">) : (xy as Points<"world">),
          ...(points.names ? { names: points.names } : {}),
          // Nothing said tells nothing against the point.
          ...(points.confidence
            ? { confidence: Float64Array.from(points.confidence, (c) => (Number.isNaN(c) ? 1 : c)) }
            : {}),
        },
      },
      notes,
    };
  },
});
