import type { Arena } from "../../kernel/memory.js";
import { blurPlane } from "../blur.js";
import { cos } from "../elementary.js";
import type { ComplexPlane } from "../fft.js";
import type { Plane } from "../plane.js";
import { realFft2, realPlane } from "../real-fft.js";

/** Blur that is taken away before, as a share of the long side: shading and the step at a hole's rim are no texture. */
const SMOOTH = 1 / 40;

/** Share of each side over which the window rises and falls: the middle counts in full. */
const TAPER = 0.7;

/**
 * Spectrum of what is texture in a plane: without its blurred self, 0 where nothing was observed, under a Hann window with a flat
 * middle, and 0 around.
 *
 * @param side  of the transform, see `fftSide`; at least that of the plane
 * @returns F[kx][ky] as `realFft2` gives it
 */
export function textureSpectrum(arena: Arena, plane: Plane, side: number): ComplexPlane {
  const { width, height, stride } = plane;
  const smooth = blurPlane(arena, plane, Math.max(2, SMOOTH * Math.max(width, height)));
  const texture = realPlane(arena, side, side);
  const to = arena.f32(texture.at, texture.stride * side).fill(0);
  const [from, away] = [arena.f32(plane.at, stride * height), arena.f32(smooth.at, smooth.stride * height)];
  const [across, down] = [hann(width), hann(height)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const v = from[y * stride + x]! - away[y * smooth.stride + x]!;
      if (!Number.isNaN(v)) to[y * texture.stride + x] = v * across[x]! * down[y]!;
    }
  }
  const spectrum = realFft2(arena, texture, side, side);
  for (const at of [smooth.at, texture.at]) arena.free(at);
  return spectrum;
}

function hann(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    const rise = (2 * Math.min(i + 0.5, n - i - 0.5)) / (n * TAPER);
    return rise < 1 ? 0.5 - 0.5 * cos(Math.PI * rise) : 1;
  });
}
