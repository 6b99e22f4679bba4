import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { type ComplexPlane, complexPlane, fftStride, fftTable } from "./fft.js";

/** A real matrix in kernel memory: float32, rows of `stride` elements. */
export interface RealPlane {
  readonly at: number;
  readonly stride: number;
}

/** A new real matrix of `width` by `height` elements, not cleared. */
export const realPlane = (arena: Arena, width: number, height: number): RealPlane => ({
  at: arena.bytes(4 * fftStride(width) * height),
  stride: fftStride(width),
});

/**
 * Transform of a real matrix, in half the time of a complex one: two columns are transformed as one, and the half of the
 * spectrum that mirrors the other is left out.
 *
 * @param f  `height` rows of `width` elements, see `fftSide`; from 32 on for the width
 * @returns F[kx][ky], `width` rows of which elements 0 to height / 2 are known, in new memory
 */
export function realFft2(arena: Arena, f: RealPlane, width: number, height: number): ComplexPlane {
  const k = kernels();
  const half = width / 2;
  const pairs = { ...complexPlane(arena, height, half), stride: fftStride(height) };
  const out = { ...complexPlane(arena, height, width), stride: fftStride(height) };
  const [across, down] = [arena.put(fftTable(width)), arena.put(fftTable(height))];
  const work = k.scratch(arena, 64 * Math.max(width, height));
  const first = [f.at, f.at + 4 * half, f.stride, pairs.re, pairs.im, pairs.stride, 1, height, down, work];
  k.rows("fftColumns", half / 4, first, 4);
  k.rows("splitReal", half, [pairs.re, pairs.im, pairs.stride, height, half, out.re, out.im, out.stride], 16);
  const second = [out.re, out.im, out.stride, out.re, out.im, out.stride, 0, width, across, work];
  k.rows("fftColumns", Math.floor(height / 8) + 1, second, 4);
  for (const at of [pairs.re, across, down, work.base]) arena.free(at);
  return out;
}

/**
 * The inverse of `realFft2`, times width * height.
 *
 * @param spectrum  of a real matrix, or of the product of such spectra
 * @returns f, `height` rows of `width` elements, in new memory
 */
export function inverseRealFft2(arena: Arena, spectrum: ComplexPlane, width: number, height: number): RealPlane {
  const k = kernels();
  const half = width / 2;
  const [rows, pairs] = [complexPlane(arena, width, height), complexPlane(arena, half, height)];
  const out = realPlane(arena, width, height);
  const [across, down] = [arena.put(fftTable(width)), arena.put(fftTable(height))];
  const work = k.scratch(arena, 64 * Math.max(width, height));
  // Real and imaginary parts exchanged on both sides, the forward transform is the inverse.
  const first = [spectrum.im, spectrum.re, spectrum.stride, rows.im, rows.re, rows.stride, 1, width, across, work];
  k.rows("fftColumns", Math.floor(height / 8) + 1, first, 4);
  const join = [rows.re, rows.im, rows.stride, height, half, pairs.re, pairs.im, pairs.stride];
  k.rows("joinReal", height / 2 + 1, join, 16);
  const second = [pairs.im, pairs.re, pairs.stride, out.at + 4 * half, out.at, out.stride, 0, height, down, work];
  k.rows("fftColumns", half / 4, second, 4);
  for (const at of [rows.re, pairs.re, across, down, work.base]) arena.free(at);
  return out;
}
