import { kernels } from "../../kernel/lane.js";
import { cos, exp, sin } from "../elementary.js";
import type { Turned } from "./frame.js";
import { type Features, pickKeypoints } from "./keypoints.js";
import type { ImageViews } from "./views.js";

const ORIENTATIONS = 6;
const BYTES = 224;
/** Pixels from tap to tap in units of the filters' Gaussian exp(-x²): wavelengths of about 5, 8 and 13 pixels. */
const SPACINGS = [0.67, 0.42, 0.26] as const;
/** Where a filter's Gaussian has fallen below 1e-4 of its top. */
const REACH = 3.1;
/** Samples of a descriptor are that far apart, in pixels: 48 along a side see 96 pixels [1]. */
const STEP = 2;
const HALF_WINDOW = 24 * STEP;
/** An orientation map's sign for none; and how far from what was not observed there is none, in pixels. */
const NONE = 255;
const MASK_MARGIN = 6;
/**
 * Keypoints nearer than that see nearly the same, a cell being 16 pixels: where one is mistaken the other is too, and by the
 * same way. They must not count as two.
 */
export const RIFT_REACH = 16;
/** Energies below this are noise of rounding: an even image has no orientation. */
const LEAST = 1e-4;

/**
 * For each pixel, the orientation in which lines and edges are strongest, 0 to 5 (30 degrees apart), 255 where there are
 * none: energies of quadrature filters, summed over three scales. Neither the sign of an edge nor whether it is an edge or a
 * line makes a difference [2].
 *
 * @returns address of one byte per pixel
 */
export function orientationMap(views: ImageViews): number {
  return views.derived("orientation map", (arena) => {
    const { width, height, kernels: k, rows } = views;
    const map = arena.bytes(width * height);
    using inner = k.arena();
    const lines = k.scratch(inner, 4 * 11 * (rows.stride + 64));
    const args = [rows.address, rows.stride, width, height, inner.put(filterTaps()), SPACINGS.length];
    k.rows("orientationRows", height, [...args, inner.put(turnedWeights()), LEAST, map, lines], views.grain ?? 16);
    if (views.mask) {
      // Where observation ends there is an edge that the scene does not have.
      const bytes = arena.u8(map, width * height);
      for (let i = 0; i < bytes.length; i++)
        if (!views.isClear(i % width, Math.floor(i / width), MASK_MARGIN)) bytes[i] = NONE;
    }
    return map;
  });
}

/** Taps of the separable filters as the kernel reads them. */
export function filterTaps(): Float32Array {
  const out = new Float32Array(SPACINGS.length * (4 + 5 * 32));
  SPACINGS.forEach((spacing, s) => {
    const at = s * (4 + 5 * 32);
    const radius = Math.ceil(REACH / spacing);
    out[at] = radius;
    for (let n = 0; n <= radius; n++) {
      const x = n * spacing;
      const e = exp(-x * x) * spacing;
      [e, x * e, (2 * x * x - 1) * e, (x * x - 0.7515) * e, (x * x * x - 2.254 * x) * e].forEach((v, f) => {
        out[at + 4 + 32 * f + n] = v;
      });
    }
    // What sums to nothing for an even image must do so with these few taps too.
    for (const f of [2]) balance(out.subarray(at + 4 + 32 * f, at + 4 + 32 * f + radius + 1));
  });
  return out;
}

function balance(taps: Float32Array): void {
  let sum = taps[0]!;
  for (let n = 1; n < taps.length; n++) sum += 2 * taps[n]!;
  const each = sum / (2 * taps.length - 1);
  for (let n = 0; n < taps.length; n++) taps[n]! -= each;
}

/** Weights that turn the even and odd filters to each orientation [2, tables 3 and 5]. */
export function turnedWeights(): Float32Array {
  const out = new Float32Array(8 * ORIENTATIONS);
  for (let n = 0; n < ORIENTATIONS; n++) {
    const [c, s] = [cos((n * Math.PI) / ORIENTATIONS), sin((n * Math.PI) / ORIENTATIONS)];
    // y runs down here, so that angles turn from +x towards +y and the mixed terms keep their sign.
    const even = [0.9213 * c * c, 2 * 1.843 * c * s, 0.9213 * s * s];
    const odd = [c * c * c, 3 * c * c * s, 3 * c * s * s, s * s * s].map((w) => 0.978 * w);
    out.set([...even, ...odd], 8 * n);
  }
  return out;
}

/**
 * Describes keypoints by which orientation is the strongest where around them: histograms of 6 orientations in 6 x 6 cells of
 * 16 pixels [1]. Sees through what differs between modalities (sign, contrast, edge or line), and wants images of about the
 * same scale: the window is 96 pixels, however large a keypoint is.
 *
 * [1] J. Li, Q. Hu, M. Ai, "RIFT: multi-modal image matching based on radiation-variation insensitive feature transform",
 *     IEEE TIP 29 (2020), doi:10.1109/TIP.2019.2959244
 * [2] W. T. Freeman, E. H. Adelson, "The design and use of steerable filters", IEEE TPAMI 13 (1991), doi:10.1109/34.93808
 */
export function describeRift(views: ImageViews, keypoints: Turned): Features {
  const { count, x, y, scale, response, octave, level, angle } = whollySeen(views, keypoints);
  const features = { count, x, y, scale, response, octave, level, angle, bytes: BYTES, measure: "euclidean" } as const;
  if (count === 0) return { ...features, descriptors: new Uint8Array(0) };
  const map = orientationMap(views);
  using arena = kernels().arena();
  const keys = arena.bytes(16 * count);
  const f32 = arena.f32(keys, 4 * count);
  for (let i = 0; i < count; i++) f32.set([x[i]!, y[i]!, angle[i]!, STEP], 4 * i);
  const out = arena.bytes(BYTES * count);
  const { kernels: k, width, height, grain = 16 } = views;
  k.rows("orientationDescriptors", count, [keys, map, width, height, out, k.scratch(arena, 2048)], grain);
  return { ...features, descriptors: arena.u8(out, BYTES * count).slice() };
}

/**
 * Keypoints whose window lies in the image, on observed pixels. A window that is empty on one side would tell where in the
 * image it lies: all such matches agree that one image's edge is the other's.
 */
function whollySeen(views: ImageViews, keypoints: Turned): Turned {
  const { width, height } = views;
  const inside = (x: number, y: number): boolean =>
    x >= HALF_WINDOW && y >= HALF_WINDOW && x <= width - 1 - HALF_WINDOW && y <= height - 1 - HALF_WINDOW;
  const kept = Array.from({ length: keypoints.count }, (_, i) => i).filter((i) => {
    const [x, y] = [keypoints.x[i]!, keypoints.y[i]!];
    return inside(x, y) && views.isClear(x, y, HALF_WINDOW);
  });
  return { ...pickKeypoints(keypoints, kept), angle: Float32Array.from(kept, (i) => keypoints.angle[i]!) };
}
