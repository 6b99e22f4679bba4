import { DiagnosticError } from "../../core/diagnostic.js";
import type { Image } from "../../core/image.js";
import { lazyImage } from "../lazy.js";
import { once } from "../sample-image.js";
import { regionsOf } from "./regions-of.js";
import type { Runs } from "./runs.js";
import type { SegmentOptions } from "./segment.js";

/** Numbers that a label image of 16 bits has for regions. */
const MOST_LABELS = 65535;

/**
 * The regions of an image as labels from 1, in reading order, or as a mask of 255. The whole image is segmented at the first
 * read; what is kept are runs. Beyond 65535 regions have no number and are ground.
 */
export function segmentedImage(image: Image, output: "labels" | "mask", options: SegmentOptions): Image {
  const regions = once(async (signal) => {
    const runs = await regionsOf(image, options, signal);
    if (!runs.ok) throw new DiagnosticError(...runs.diagnostics);
    return { runs: runs.value, rows: firstOfRows(runs.value, image.grid.height) };
  });
  const { grid, tile } = image;
  const dtype = output === "labels" ? "uint16" : "uint8";
  return lazyImage({ grid, dtype, bands: [output], meaning: output, tile } as const, async (block, _, out, signal) => {
    const { runs, rows } = await regions(signal);
    for (let y = 0; y < block.height; y++) {
      const base = out.from + y * out.stride;
      out.data.fill(0, base, base + block.width);
      for (let k = rows[block.y + y]!; k < rows[block.y + y + 1]!; k++) {
        const from = Math.max(0, runs.start[k]! - block.x);
        const to = Math.min(block.width, runs.end[k]! - block.x);
        const label = output === "mask" ? 255 : runs.region[k]! < MOST_LABELS ? runs.region[k]! + 1 : 0;
        if (from < to) out.data.fill(label, base + from, base + to);
      }
    }
  });
}

/** The first run of each row, and one past the last. */
function firstOfRows(runs: Runs, height: number): Int32Array {
  const first = new Int32Array(height + 1);
  for (let k = 0; k < runs.count; k++) first[runs.row[k]! + 1]!++;
  for (let y = 0; y < height; y++) first[y + 1]! += first[y]!;
  return first;
}
