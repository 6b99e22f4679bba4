import { type Diagnostic, failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { wholeWindow } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import { readGray } from "../read-plane.js";
import { measureRegions } from "./measure.js";
import { connectedRuns, keepRegions, type Runs } from "./runs.js";
import { cleanMask, type SegmentOptions, segmentPlane } from "./segment.js";

/** Bytes for each pixel that a segmentation holds: gray, blurred, figure and ground; and sums where it is adaptive. */
const bytesPerPixel = (image: Image, options: SegmentOptions): number =>
  image.meaning !== "intensity" ? 6 : options.method === "adaptive" ? 24 : 12;

/** What an image would take that does not fit. */
export function lackOfMemory(name: string, image: Image, options: SegmentOptions, memory: number): Diagnostic[] {
  const need = bytesPerPixel(image, options) * image.grid.width * image.grid.height;
  if (need <= memory) return [];
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  return [
    problem(
      "memory-too-small",
      `Finding the regions of ${name} takes ${mb(need)}, but the step may hold ${mb(memory)}`,
      "Give more with --memory, or make the image smaller with preprocess/rescale.",
    ),
  ];
}

/**
 * Regions of an image: those of its labels, one for each value; connected ones of a mask; and of intensities those that a
 * threshold parts from the ground.
 */
export async function regionsOf(image: Image, options: SegmentOptions, signal?: AbortSignal): Promise<Result<Runs>> {
  const { width, height } = image.grid;
  const window = wholeWindow(image.grid);
  const heed = signal ? { signal } : {};
  if (image.meaning === "intensity") {
    using arena = kernels().arena();
    const plane = await readGray(arena, image, window, heed);
    signal?.throwIfAborted();
    return ok(segmentPlane(arena, plane, options));
  }
  if (image.bands.length !== 1)
    return failed(
      problem(
        "one-band",
        `Expected one band in an image of ${image.meaning}, but it has ${image.bands.length}`,
        "Give the band with channel:.",
      ),
    );
  const { data } = await image.read(window, { bands: [0], ...heed });
  signal?.throwIfAborted();
  const { nodata } = image;
  if (image.meaning === "mask") {
    const mask = Uint8Array.from(data as ArrayLike<number>, (v) =>
      v === 0 || Number.isNaN(v) || v === nodata ? 0 : 1,
    );
    return ok(cleanMask(mask, width, height, options.minArea, options.maxHole));
  }
  const odd = data.some((v) => !Number.isFinite(v) || v === nodata);
  const values = odd ? Float64Array.from(data, (v) => (Number.isFinite(v) && v !== nodata ? v : 0)) : data;
  const runs = connectedRuns(values, width, height, { byValue: true });
  const { area } = measureRegions(runs, width, height);
  return ok(keepRegions(runs, (r) => area[r]! >= options.minArea));
}
