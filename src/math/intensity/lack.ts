import { type Diagnostic, problem } from "../../core/diagnostic.js";
import type { Grid } from "../../core/grid.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";

const LEAST_SIDE = 16;
const LEAST_SEEN = 0.02;

/** Why a plane cannot be registered by its intensities; nothing where it can. */
export function lack(arena: Arena, name: string, { at, width, height, stride }: Plane): Diagnostic[] {
  if (Math.min(width, height) < LEAST_SIDE) {
    return [
      problem(
        "too-small-for-intensity",
        `Expected at least ${LEAST_SIDE} pixels on each side of the ${name} image, but it is looked at as ${width} x ${height}`,
        "Use larger images, or a larger max-side for long and narrow ones.",
      ),
    ];
  }
  const samples = arena.f32(at, stride * height);
  let count = 0;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let y = 0; y < height; y++) {
    for (let x = y * stride; x < y * stride + width; x++) {
      const v = samples[x]!;
      if (Number.isNaN(v)) continue;
      count++;
      if (v < least) least = v;
      if (v > most) most = v;
    }
  }
  if (count < LEAST_SEEN * width * height) {
    return [
      problem(
        "nothing-observed",
        `There is next to nothing to see in the ${name} image: ${((100 * count) / (width * height)).toFixed(1)} % is neither nodata nor masked`,
        "Check the mask, and the nodata value that the file declares.",
      ),
    ];
  }
  if (least < most) return [];
  return [
    problem(
      "constant-image",
      `Expected an image with something to see as the ${name} image, but all of its pixels are ${least}`,
      "The image may be blank or saturated; check the file, and the band that is read.",
    ),
  ];
}

/** Bytes per pixel: the plane, its levels, and what reading takes. */
const PIXEL_BYTES = 4 + 5.4 + 2;

/** Why two images cannot be held at `maxSide`; nothing where they can. */
export function lackOfMemory(
  { fixed, moving }: { readonly fixed: { readonly grid: Grid }; readonly moving: { readonly grid: Grid } },
  maxSide: number,
  memory: number,
): Diagnostic[] {
  const pixels = ({ width, height }: Grid) => {
    const factor = Math.max(1, Math.ceil(Math.max(width, height) / maxSide));
    return Math.ceil(width / factor) * Math.ceil(height / factor);
  };
  const need = PIXEL_BYTES * (pixels(fixed.grid) + pixels(moving.grid));
  if (need <= memory) return [];
  const mb = (n: number) => `${Math.ceil(n / 1e6)} MB`;
  return [
    problem(
      "memory-too-small",
      `Aligning the images with no side longer than ${Math.round(maxSide)} px takes about ${mb(need)}, but the step may hold ${mb(memory)}`,
      "Give more with --memory, or match at a coarser level with a smaller max-side.",
    ),
  ];
}
