import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, exp, log, sin } from "../elementary.js";
import { FFT_SIDES } from "../fft.js";
import type { Plane } from "../plane.js";
import { type RealPlane, realPlane } from "../real-fft.js";
import { textureSpectrum } from "./spectrum.js";

/** Directions over half a turn: the other half is the same. At a frequency of 0.25 of a side of 512 they lie about 1 apart. */
export const DIRECTIONS = 384;

/** Frequencies, evenly on a logarithmic scale from the least to the most, cycles per pixel. */
export const FREQUENCIES = 192;
const [LEAST, MOST] = [0.02, 0.45];

/** Step from one frequency to the next, of the natural logarithm. */
export const STEP = log(MOST / LEAST) / (FREQUENCIES - 1);

/** Frequencies at the upper end whose quietest is taken for noise alone. */
const QUIET = 16;

/**
 * The log-polar spectrum of a plane, each ring of one frequency with mean 0 and, where it is well above noise, variance 1. A turn of
 * the picture shifts it along directions, a change of scale along frequencies.
 *
 * Rings are made alike because brightness, blur and the fall of natural spectra change whole rings, and pull towards a scale of
 * 1; what is left is in which directions a ring is strong. A ring counts by the share of its power that is not noise (N. Wiener,
 * 1949), noise being what the quietest of the highest frequencies has.
 *
 * @param side  of the transform, see `fftSide`; at least that of the plane
 * @param columns  length of the rows, at least `FREQUENCIES`; 0 beyond
 * @returns `DIRECTIONS` rows
 */
export function polarSpectrum(arena: Arena, plane: Plane, side: number, columns: number): RealPlane {
  if (side < FFT_SIDES.least || columns < FREQUENCIES) throw new Error("Internal error: too small a spectrum");
  const spectrum = textureSpectrum(arena, plane, side);
  const { re, im, stride } = spectrum;
  const k = kernels();
  k.rows("logPower", side, [re, im, stride, side / 2 + 1, re], 16);
  const turns = arena.put(
    Float32Array.from({ length: 2 * DIRECTIONS }, (_, i) => {
      const angle = (Math.PI * (i >> 1)) / DIRECTIONS;
      return i % 2 === 0 ? cos(angle) : sin(angle);
    }),
  );
  const radii = arena.put(Float32Array.from({ length: FREQUENCIES }, (_, i) => side * LEAST * exp(STEP * i)));
  const out = realPlane(arena, columns, DIRECTIONS);
  arena.f32(out.at, out.stride * DIRECTIONS).fill(0);
  k.rows("logPolar", DIRECTIONS, [re, stride, side, turns, radii, FREQUENCIES, out.at, out.stride], 16);
  evenRings(arena.f32(out.at, out.stride * DIRECTIONS), out.stride);
  for (const at of [re, turns, radii]) arena.free(at);
  return out;
}

/** Takes each column's mean away and its spread, and weighs it by how far it is above noise. */
function evenRings(values: Float32Array, stride: number): void {
  const mean = new Float64Array(FREQUENCIES);
  const square = new Float64Array(FREQUENCIES);
  for (let a = 0; a < DIRECTIONS; a++) {
    for (let i = 0; i < FREQUENCIES; i++) {
      const v = values[a * stride + i]!;
      mean[i] = mean[i]! + v / DIRECTIONS;
      square[i] = square[i]! + (v * v) / DIRECTIONS;
    }
  }
  const noise = exp(2 * Math.min(...mean.subarray(FREQUENCIES - QUIET)));
  const weight = mean.map((m, i) => {
    const spread = Math.sqrt(Math.max(0, square[i]! - m * m));
    return spread > 1e-6 ? Math.max(0, 1 - noise / exp(2 * m)) / spread : 0;
  });
  for (let a = 0; a < DIRECTIONS; a++) {
    for (let i = 0; i < FREQUENCIES; i++) values[a * stride + i] = (values[a * stride + i]! - mean[i]!) * weight[i]!;
  }
}
