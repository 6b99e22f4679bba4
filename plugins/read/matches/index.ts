import { readFile } from "node:fs/promises";
import { definePlugin, failed, problem, type Result } from "tiepoint/plugin";
import { parseBigWarpCsv, parseBigWarpJson } from "./bigwarp.js";
import { inWorld, type PairsFile } from "./pairs-file.js";
import { parseBUnwarpJ, parseQgis, parseTable } from "./tables.js";

const MAX_BYTES = 256e6;
const formats = ["csv", "bigwarp", "bunwarpj", "qgis"] as const;
type Format = (typeof formats)[number];

export default definePlugin({
  kind: "read",
  name: "matches",
  version: "2",
  summary: "Reads tie points: CSV, landmarks of BigWarp and bUnwarpJ, ground control points of QGIS.",
  formats: { extensions: [".csv", ".tsv", ".points"] },
  params: {
    format: {
      type: "string",
      enum: ["auto", ...formats],
      default: "auto",
      description: "What the file is; auto looks at its first words.",
    },
    byHand: {
      type: "boolean",
      default: false,
      description:
        "Whether someone set the pairs, so that each of them counts as evidence. True of itself where they have names, and in files of BigWarp, bUnwarpJ and QGIS.",
    },
    units: {
      type: "string",
      enum: ["pixel", "world"],
      default: "pixel",
      description: "What QGIS counts the image in: its pixels, or the place that it has already.",
    },
  },
  inputs: { file: "file", fixed: "image?", moving: "image?" },
  outputs: { matches: "matches" },
  async run({ file, fixed, moving }, { format, byHand, units }) {
    if (file.bytes > MAX_BYTES) {
      return failed(
        problem("file-too-large", `Expected at most 256 MB of tie points, but this has ${file.bytes} bytes`),
      );
    }
    const text = await readFile(file.path, "utf8");
    const parsed = parse(text, format === "auto" ? detect(text) : format, byHand, units);
    if (!parsed.ok) return parsed;
    const { names, weight, inlier, notes = [] } = parsed.value;
    return {
      ok: true,
      value: {
        matches: {
          fixed: inWorld(parsed.value.fixed, fixed?.grid),
          moving: inWorld(parsed.value.moving, moving?.grid),
          ...(names ? { names } : {}),
          ...(weight ? { weight } : {}),
          ...(inlier ? { inlier } : {}),
          ...(fixed && moving ? { images: { fixed, moving } } : {}),
        },
      },
      notes,
    };
  },
});

/** What a file is by its first words; a table is Tiepoint's own unless its header says more. */
function detect(text: string): Format {
  const head = text.slice(0, 65536).replace(/^\uFEFF/, "");
  if (/^\s*[{[]/.test(head)) return "bigwarp";
  const first = head.split(/\r\n|\n|\r/).find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
  if (/^("([^"]|"")*"|[^",;\t]*)\s*,\s*"?(true|false)"?\s*,/i.test(first)) return "bigwarp";
  if (/\bmapx\b/i.test(first) || /^[\s\d.,;eE+-]+$/.test(first)) return "qgis";
  return /\bxsource\b/i.test(first) ? "bunwarpj" : "csv";
}

function parse(text: string, format: Format, byHand: boolean, units: "pixel" | "world"): Result<PairsFile> {
  switch (format) {
    case "bigwarp":
      return /^\s*[{[]/.test(text.replace(/^\uFEFF/, "")) ? parseBigWarpJson(text) : parseBigWarpCsv(text);
    case "bunwarpj":
      return parseBUnwarpJ(text);
    case "qgis":
      return parseQgis(text, units);
    case "csv":
      return parseTable(text, byHand);
  }
}
