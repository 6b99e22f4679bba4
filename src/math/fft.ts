import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { cos, sin } from "./elementary.js";

/**
 * A complex matrix in kernel memory: real and imaginary parts as float32 planes with rows of `stride` elements.
 *
 * Its transform is kept transposed, element [kx][ky]: that saves a pass over memory both ways.
 */
export interface ComplexPlane {
  readonly re: number;
  readonly im: number;
  readonly stride: number;
}

/** Shortest and longest side of a transform. */
export const FFT_SIDES = { least: 16, most: 16384 } as const;

/** The least side that is at least `n`: a power of two from 16 on, or three times one from 24 on. */
export function fftSide(n: number): number {
  let side: number = FFT_SIDES.least;
  while (side < n) side *= 2;
  return side >= 32 && 0.75 * side >= n ? 0.75 * side : side;
}

/** Row length, in elements, for planes that are transformed: rows must not crowd a few sets of the cache. */
export const fftStride = (side: number): number => side + 16;

/** Bytes of a plane that holds a matrix of `width` by `height` elements or its transform. */
export const fftPlaneBytes = (width: number, height: number): number =>
  4 * Math.max(fftStride(width) * height, fftStride(height) * width);

const tables = new Map<number, Float32Array>();

/** What the kernels want to know for transforms of length `n`: powers of w for a step of radix 3 and those of radix 4. */
export function fftTable(n: number): Float32Array {
  const known = tables.get(n);
  if (known) return known;
  if (n > FFT_SIDES.most || fftSide(n) !== n) throw new Error(`Internal error: a transform of length ${n}`);
  const table: number[] = [];
  const step = (length: number, radix: number) => {
    for (let p = 0; p < length / radix; p++) {
      for (let power = 1; power < radix; power++) {
        const angle = (-2 * Math.PI * p * power) / length;
        table.push(cos(angle), sin(angle));
      }
    }
  };
  if (n % 3 === 0) step(n, 3);
  for (let m = n % 3 === 0 ? n / 3 : n; m > 4; m /= 4) step(m, 4);
  const packed = Float32Array.from(table);
  tables.set(n, packed);
  return packed;
}

/** A new complex matrix of `width` by `height` elements (or its transform), not cleared. */
export function complexPlane(arena: Arena, width: number, height: number): ComplexPlane {
  const bytes = fftPlaneBytes(width, height);
  const re = arena.bytes(2 * bytes);
  return { re, im: re + bytes, stride: fftStride(width) };
}

/**
 * Forward transform: F[kx][ky] = sum over x, y of f[y][x] exp(-2 pi i (kx x / width + ky y / height)).
 *
 * @param f  `height` rows of `width` elements, see `fftSide`
 * @param columns  columns of f from there on are 0, and are not read
 * @returns F, `width` rows of `height` elements, in new memory
 */
export function fft2(arena: Arena, f: ComplexPlane, width: number, height: number, columns = width): ComplexPlane {
  const k = kernels();
  const out = { ...complexPlane(arena, height, width), stride: fftStride(height) };
  const across = arena.put(fftTable(width));
  const down = arena.put(fftTable(height));
  const work = k.scratch(arena, 64 * Math.max(width, height));
  const blocks = Math.ceil(columns / 4);
  const first = [f.re, f.im, f.stride, out.re, out.im, out.stride, 1, height, down, work];
  k.rows("fftColumns", blocks, first, 4);
  for (const at of [out.re, out.im])
    arena.f32(at + 16 * blocks * out.stride, (width - 4 * blocks) * out.stride).fill(0);
  const second = [out.re, out.im, out.stride, out.re, out.im, out.stride, 0, width, across, work];
  k.rows("fftColumns", height / 4, second, 4);
  for (const at of [across, down, work.base]) arena.free(at);
  return out;
}

/**
 * Inverse transform, times width * height.
 *
 * @param spectrum  as `fft2` gives it; it is overwritten
 * @returns f, `height` rows of `width` elements, in new memory
 */
export function inverseFft2(arena: Arena, spectrum: ComplexPlane, width: number, height: number): ComplexPlane {
  // Real and imaginary parts exchanged on both sides, the forward transform is the inverse.
  const swapped = { re: spectrum.im, im: spectrum.re, stride: spectrum.stride };
  const { re, im, stride } = fft2(arena, swapped, height, width);
  return { re: im, im: re, stride };
}
