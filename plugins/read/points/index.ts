import { readFile } from "node:fs/promises";
import {
  cellText,
  definePlugin,
  failed,
  findColumn,
  numberColumn,
  ok,
  type Points,
  parseCsv,
  problem,
  type Result,
  toWorld,
} from "tiepoint/plugin";

const MAX_BYTES = 256e6;

export default definePlugin({
  kind: "read",
  name: "points",
  version: "1",
  summary: "Reads points of one image from a CSV file with columns x and y.",
  formats: { extensions: [".csv", ".tsv"] },
  params: {
    units: {
      type: "string",
      enum: ["pixel", "world"],
      default: "pixel",
      description:
        "What the numbers are: pixel coordinates, where (0, 0) is the centre of the first pixel, or world coordinates.",
    },
  },
  inputs: { file: "file", sameGridAs: "image?" },
  outputs: { points: "points" },
  async run({ file, sameGridAs }, { units }) {
    if (file.bytes > MAX_BYTES) {
      return failed(problem("file-too-large", `Expected at most 256 MB of points, but this has ${file.bytes} bytes`));
    }
    const csv = parseCsv(await readFile(file.path, "utf8"));
    if (!csv.ok) return csv;
    const x = numberColumn(csv.value, "x");
    if (!x.ok) return x;
    const y = numberColumn(csv.value, "y");
    if (!y.ok) return y;
    const confidence = column(findColumn(csv.value.header, "confidence", "likelihood"), () =>
      numberColumn(csv.value, "confidence", "likelihood"),
    );
    if (!confidence.ok) return confidence;
    const outside = confidence.value?.findIndex((c) => c < 0 || c > 1) ?? -1;
    if (outside >= 0) {
      return failed(
        problem(
          "confidence-out-of-range",
          `Expected confidences from 0 to 1, but found ${confidence.value![outside]} in row ${outside + 1}`,
        ),
      );
    }
    const xy = new Float64Array(2 * x.value.length);
    for (let i = 0; i < x.value.length; i++) {
      xy[2 * i] = x.value[i]!;
      xy[2 * i + 1] = y.value[i]!;
    }
    const name = findColumn(csv.value.header, "name");
    return {
      ok: true,
      value: {
        points: {
          points:
            units === "pixel" && sameGridAs ? toWorld(sameGridAs.grid, xy as Points<"pixel">) : (xy as Points<"world">),
          ...(name < 0 ? {} : { names: csv.value.rows.map((row) => cellText(row[name]!)) }),
          // An empty cell tells nothing against the point.
          ...(confidence.value ? { confidence: confidence.value.map((c) => (Number.isNaN(c) ? 1 : c)) } : {}),
        },
      },
    };
  },
});

const column = (index: number, read: () => Result<Float64Array>): Result<Float64Array | undefined> =>
  index < 0 ? ok(undefined) : read();
