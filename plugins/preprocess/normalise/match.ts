import { filterImage, findableNodata, type Image, kernels, once, quantile } from "tiepoint/plugin";
import { isAlpha, sortedSamples } from "./statistics.js";

/** Table entries for values that are not whole numbers. */
const ENTRIES = 4096;

/**
 * The image with the histogram of another: a value becomes the one of `like` that has the same share of samples below it.
 *
 * Type and nodata of the result are those of `like`'s values; band i takes after band i of `like`, or its last.
 */
export function matchImage(image: Image, like: Image): Image {
  const own = sortedSamples(image);
  const wanted = sortedSamples(like);
  const whole = image.dtype !== "float32";
  const tables = own.map((sorted, band) =>
    once(async (signal) => {
      const from = await sorted(signal);
      const to = await wanted[Math.min(band, wanted.length - 1)]!(signal);
      if (from.length === 0 || to.length === 0) return undefined;
      return matchingTable(from, to, whole);
    }),
  );
  // Holes of the image must be told apart in the other type too.
  const kept =
    findableNodata(like.dtype, image.nodata) ?? (image.nodata === undefined ? undefined : (like.nodata ?? 0));
  const nodata = like.dtype === "float32" ? findableNodata(like.dtype, image.nodata) : kept;
  const options = { halo: 0, dtype: like.dtype, ...(nodata === undefined ? {} : { nodata }) };
  return filterImage(image, options, async (arena, plane, { band }) => {
    const table = isAlpha(image, band) ? undefined : await tables[band]!();
    if (!table) return plane;
    const at = arena.put(table.values);
    kernels().rows("tableMap", plane.height, [
      ...[
        plane.at,
        plane.stride,
        plane.at,
        plane.stride,
        plane.width,
        table.first,
        table.scale,
        at,
        table.values.length,
      ],
    ]);
    return plane;
  });
}

function matchingTable(from: Float32Array, to: Float32Array, whole: boolean) {
  const first = from[0]!;
  const span = from[from.length - 1]! - first;
  const count = Math.max(2, whole && span < 65536 ? span + 1 : ENTRIES);
  const step = span > 0 ? span / (count - 1) : 1;
  const values = new Float32Array(count);
  let below = 0;
  let upTo = 0;
  for (let k = 0; k < count; k++) {
    const v = Math.fround(first + k * step);
    while (below < from.length && from[below]! < v) below++;
    upTo = Math.max(upTo, below);
    while (upTo < from.length && from[upTo]! <= v) upTo++;
    // The middle rank of all samples that are equal to v.
    const rank = from.length > 1 ? (below + Math.max(below, upTo - 1)) / 2 / (from.length - 1) : 0.5;
    values[k] = quantile(to, Math.min(1, rank));
  }
  return { first, scale: 1 / step, values };
}
