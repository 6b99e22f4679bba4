import { type Arena, grow, type Image, kernels, lazyImage, type Plane, readFloat } from "tiepoint/plugin";

/** Weak edges are followed this many pixels from a strong one: a bound, so that a window knows all that it depends on. */
const REACH = 32;

/**
 * Canny's edges as a mask: 255 on lines one pixel wide, 0 elsewhere.
 *
 * @param halo  pixels around one that its gradient depends on
 * @param strong  for each band, the gradient that thresholds are shares of
 */
export function cannyImage(
  image: Image,
  halo: number,
  gradientOf: (arena: Arena, plane: Plane) => { dx: Plane; dy: Plane },
  strong: readonly ((signal?: AbortSignal) => Promise<number>)[],
  share: { readonly low: number; readonly high: number },
): Image {
  const { nodata: _, ...rest } = image;
  const face = { ...rest, dtype: "uint8" as const, meaning: "mask" as const, tile: { width: 512, height: 512 } };
  return lazyImage(face, async (block, bands, out, signal) => {
    for (const [i, band] of bands.entries()) {
      const most = await strong[band]!(signal);
      const k = kernels();
      using arena = k.arena();
      const window = grow(block, halo + REACH + 1, image.grid);
      const { width, height } = window;
      const plane = await readFloat(arena, image, window, band, signal ? { signal } : {});
      const { dx, dy } = gradientOf(arena, plane);
      k.rows("gradientLength", height, [dx.at, dy.at, plane.at, plane.stride, width]);
      const edges = arena.bytes(width * height);
      // An image without any gradient has no edges: no share of NaN or 0 is reached.
      const [low, high] = most > 0 ? [share.low * most, share.high * most] : [Infinity, Infinity];
      k.rows("thinEdges", height, [...[dx.at, dy.at, plane.at, plane.stride, edges, width, width, height, low, high]]);
      k.call("followEdges", edges, width, height, arena.bytes(4 * width * height), REACH);
      const mask = arena.u8(edges, width * height);
      for (let y = 0; y < block.height; y++) {
        const from = (block.y - window.y + y) * width + block.x - window.x;
        out.data.set(mask.subarray(from, from + block.width), out.from + i * out.plane + y * out.stride);
      }
    }
  });
}
