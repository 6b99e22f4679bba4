import { filterImage, type Image, kernels, once } from "tiepoint/plugin";
import { fullScale, isAlpha, sortedSamples } from "./statistics.js";

/** Bins of a histogram where samples are not uint8, whose values fill one bin each. */
const BINS = 1024;

/**
 * Contrast-limited adaptive equalisation: each value becomes the share of samples below it in the tiles around, times the
 * greatest value of the type (float32: 1). Bins hold at most `limit` times the mean count; the rest goes to all alike.
 *
 * @param side  of the tiles in pixels; the first begins at the image's corner, the last may be cut off
 */
export function claheImage(image: Image, side: number, limit: number): Image {
  const bytes = image.dtype === "uint8";
  const ranges = sortedSamples(image).map((sorted) =>
    once(async (signal) => {
      const samples = await sorted(signal);
      return samples.length > 0 ? ([samples[0]!, samples[samples.length - 1]!] as const) : ([0, 1] as const);
    }),
  );
  // A pixel depends on the tiles whose centres are around it, which end within one and a half tiles.
  return filterImage(image, { halo: Math.ceil(1.5 * side) }, async (arena, plane, { window, band }) => {
    if (isAlpha(image, band)) return plane;
    const [low, high] = bytes ? ([0, 256] as const) : await ranges[band]!();
    const bins = bytes ? 256 : BINS;
    const scale = high > low ? bins / (high - low) : 0;
    const k = kernels();
    const left = Math.floor(window.x / side) * side - window.x;
    const top = Math.floor(window.y / side) * side - window.y;
    const across = Math.ceil((plane.width - left) / side);
    const down = Math.ceil((plane.height - top) / side);
    const tables = arena.bytes(4 * (bins + 1) * across * down);
    k.rows(
      "equaliseTables",
      across * down,
      [
        ...[plane.at, plane.stride, plane.width, plane.height, left, top, side, across],
        ...[low, scale, bins, limit, tables],
      ],
      16,
    );
    k.rows("equalise", plane.height, [
      ...[plane.at, plane.stride, plane.at, plane.stride, plane.width, left, top, side, across, down],
      ...[low, scale, bins, tables, fullScale(image), bytes ? 0 : 1],
    ]);
    return plane;
  });
}
