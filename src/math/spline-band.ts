import type { Window } from "../core/grid.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import type { Band } from "./band.js";
import { fourTapTable } from "./four-taps.js";
import { sampleType } from "./sample-type.js";
import { intersect } from "./window.js";

const SQUARE = 64;
const HALO = 16;
/** Coefficients beyond the image's edges that a position in the image can touch. */
const MARGIN = 2;
const WEIGHT_BYTES = 64;
const RECORD_BYTES = 40;

/** What a B-spline must read for the coefficients of a window: whole squares of 64 pixels, and 16 samples around them. */
export function splineWindow(part: Window, image: { readonly width: number; readonly height: number }): Window {
  const first = (v: number) => Math.floor(v / SQUARE) * SQUARE - HALO;
  const end = (v: number) => Math.ceil(v / SQUARE) * SQUARE + HALO;
  const [x, y] = [first(part.x), first(part.y)];
  const whole = { x: 0, y: 0, width: image.width, height: image.height };
  const size = { width: end(part.x + part.width) - x, height: end(part.y + part.height) - y };
  return intersect(whole, { x, y, ...size }) ?? { ...whole, width: 0, height: 0 };
}

/**
 * Coefficients of the cubic B-spline through an image's samples, as a band that the kernel `warp` can pull from.
 *
 * @param nodata  of the samples
 * @returns the band, with two coefficients beyond the image's edges; and the table that the kernel takes
 */
export function splineBand(arena: Arena, samples: Band, nodata: number | undefined): { band: Band; table: number } {
  const { window } = samples;
  const { part, image } = samples.spline ?? { part: window, image: { width: window.width, height: window.height } };
  const grown = {
    ...{ left: part.x === 0 ? MARGIN : 0, top: part.y === 0 ? MARGIN : 0 },
    right: part.x + part.width === image.width ? MARGIN : 0,
    bottom: part.y + part.height === image.height ? MARGIN : 0,
  };
  const outer: Window = {
    ...{ x: part.x - grown.left, y: part.y - grown.top },
    width: part.width + grown.left + grown.right,
    height: part.height + grown.top + grown.bottom,
  };
  const at = arena.bytes(4 * Math.max(1, outer.width * outer.height));
  if (part.width > 0 && part.height > 0) {
    const inner = at + 4 * (grown.top * outer.width + grown.left);
    filter(arena, samples, nodata, inner, outer.width, part, image);
    mirror(arena.f32(at, outer.width * outer.height), outer, part, image);
  }
  return {
    band: { at, dtype: "float32", stride: outer.width, window: outer },
    table: tableOf(arena, samples, nodata, image),
  };
}

function filter(
  arena: Arena,
  samples: Band,
  nodata: number | undefined,
  out: number,
  stride: number,
  part: Window,
  image: { readonly width: number; readonly height: number },
): void {
  const count = (from: number, size: number) => Math.floor((from + size - 1) / SQUARE) - Math.floor(from / SQUARE) + 1;
  const [across, down] = [count(part.x, part.width), count(part.y, part.height)];
  const scratch = kernels().scratch(arena, 4 * 2 * 96 * 96);
  const { at, dtype, window } = samples;
  kernels().rows(
    "splineCoefficients",
    across * down,
    [
      ...[at, sampleType(dtype), samples.stride, window.x, window.y, nodata === undefined ? 0 : 1, nodata ?? 0],
      ...[image.width, image.height, out, stride, part.x, part.y, part.width, part.height, across, scratch],
    ],
    4,
  );
  arena.free(scratch.base);
}

/** Fills what lies beyond the image's edges with what lies as far inside of them. */
function mirror(
  data: Float32Array,
  outer: Window,
  part: Window,
  image: { readonly width: number; readonly height: number },
): void {
  const fold = (v: number, size: number): number => {
    if (size === 1) return 0;
    const period = 2 * (size - 1);
    const m = ((v % period) + period) % period;
    return m < size ? m : period - m;
  };
  const beyond = (from: number, size: number, inner: number, count: number): number[] =>
    Array.from({ length: size }, (_, i) => from + i).filter((v) => v < inner || v >= inner + count);
  const columns = beyond(outer.x, outer.width, part.x, part.width);
  for (let y = part.y; y < part.y + part.height; y++) {
    const row = (y - outer.y) * outer.width - outer.x;
    for (const x of columns) data[row + x] = data[row + fold(x, image.width)]!;
  }
  for (const y of beyond(outer.y, outer.height, part.y, part.height)) {
    const from = (fold(y, image.height) - outer.y) * outer.width;
    data.copyWithin((y - outer.y) * outer.width, from, from + outer.width);
  }
}

/** Weights of the four taps, and the samples for places next to holes: `SplineSamples` of the kernels. */
function tableOf(
  arena: Arena,
  samples: Band,
  nodata: number | undefined,
  image: { readonly width: number; readonly height: number },
): number {
  const bytes = new ArrayBuffer(WEIGHT_BYTES + RECORD_BYTES);
  new Float32Array(bytes).set(fourTapTable("bspline3"));
  new Float64Array(bytes, WEIGHT_BYTES, 1)[0] = nodata ?? 0;
  const { window } = samples;
  new Uint32Array(bytes, WEIGHT_BYTES + 8).set([
    ...[samples.at, sampleType(samples.dtype), samples.stride, window.x, window.y],
    ...[nodata === undefined ? 0 : 1, image.width, image.height],
  ]);
  return arena.put(new Uint8Array(bytes));
}
