import type { Arena } from "../../kernel/memory.js";
import { exp, log } from "../elementary.js";
import { fftSide } from "../fft.js";
import type { Plane } from "../plane.js";
import { inverseRealFft2, realFft2 } from "../real-fft.js";
import { DIRECTIONS, FREQUENCIES, polarSpectrum, STEP } from "./polar.js";

/** A turn and a scale by which the moving picture may have come from the fixed one. */
export interface Turn {
  /** From x towards y, radians, in [0, π): half a turn more gives the same spectrum. */
  readonly angle: number;
  /** Moving pixels per fixed pixel. */
  readonly scale: number;
  /** Height of the peak, standard deviations of the correlation about its mean. */
  readonly height: number;
}

/** Peaks nearer than this to a higher one are the same: degrees, and per cent of scale. */
const [SAME_ANGLE, SAME_SCALE] = [2, 4];

/**
 * Turns and scales under which the spectra of two planes are most alike, best first.
 *
 * B. Reddy, B. Chatterji, "An FFT-based technique for translation, rotation, and scale-invariant image registration", IEEE TIP 5
 * (1996), doi:10.1109/83.506761. The cross-power spectrum of the log-polar spectra is divided by the square root of its size
 * rather than all of it. Measured on 64 noisy pairs of eight scenes, the true peak was the highest in 57; in 49 divided by all of it, and in 53
 * not divided.
 *
 * @param scales  least and greatest moving pixels per fixed pixel
 */
export function findTurns(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  scales: readonly [number, number],
  count: number,
): Turn[] {
  // Some room around, so that what is sampled between frequencies is smooth.
  const side = fftSide(1.3 * Math.max(fixed.width, fixed.height, moving.width, moving.height));
  // A little beyond, so that a peak at the limit is one.
  const [least, most] = [Math.floor(-log(scales[1]) / STEP) - 1, Math.ceil(-log(scales[0]) / STEP) + 1];
  const columns = fftSide(FREQUENCIES + Math.max(-least, most) + 2);
  const [f, m] = [fixed, moving].map((plane) => {
    const polar = polarSpectrum(arena, plane, side, columns);
    const spectrum = realFft2(arena, polar, columns, DIRECTIONS);
    arena.free(polar.at);
    return spectrum;
  }) as [ReturnType<typeof realFft2>, ReturnType<typeof realFft2>];
  const [fr, fi, mr, mi] = [f.re, f.im, m.re, m.im].map((at) => arena.f32(at, f.stride * columns)) as Four;
  for (let k = 0; k < columns; k++) {
    for (let i = k * f.stride; i <= k * f.stride + DIRECTIONS / 2; i++) {
      const re = fr[i]! * mr[i]! + fi[i]! * mi[i]!;
      const im = fr[i]! * mi[i]! - fi[i]! * mr[i]!;
      const size = Math.sqrt(Math.sqrt(re * re + im * im));
      fr[i] = size > 0 ? re / size : 0;
      fi[i] = size > 0 ? im / size : 0;
    }
  }
  const correlation = inverseRealFft2(arena, f, columns, DIRECTIONS);
  const rows = arena.f32(correlation.at, correlation.stride * DIRECTIONS);
  const at = (a: number, q: number) =>
    rows[((a + DIRECTIONS) % DIRECTIONS) * correlation.stride + ((q + columns) % columns)]!;
  const turns = peaks(at, least, most, count);
  for (const plane of [f.re, m.re, correlation.at]) arena.free(plane);
  return turns;
}

type Four = [Float32Array, Float32Array, Float32Array, Float32Array];

function peaks(at: (a: number, q: number) => number, least: number, most: number, count: number): Turn[] {
  const found: { readonly value: number; readonly a: number; readonly q: number }[] = [];
  let [n, sum, square] = [0, 0, 0];
  for (let a = 0; a < DIRECTIONS; a++) {
    for (let q = least; q <= most; q++) {
      const value = at(a, q);
      n++;
      sum += value;
      square += value * value;
      const across = value > at(a - 1, q) && value >= at(a + 1, q);
      if (across && value > at(a, q - 1) && value >= at(a, q + 1)) found.push({ value, a, q });
    }
  }
  const mean = sum / n;
  const spread = Math.sqrt(Math.max(0, square / n - mean * mean));
  if (!(spread > 0)) return [];
  // The first of equals, in the order of angle and scale.
  found.sort((x, y) => y.value - x.value);
  const kept: typeof found = [];
  for (const one of found) {
    const isNew = kept.every((other) => {
      const apart = Math.abs(one.a - other.a);
      const degrees = (Math.min(apart, DIRECTIONS - apart) * 180) / DIRECTIONS;
      return degrees > SAME_ANGLE || Math.abs(one.q - other.q) * STEP > SAME_SCALE / 100;
    });
    if (isNew) kept.push(one);
    if (kept.length >= count) break;
  }
  return kept.map(({ value, a, q }) => {
    const angle = a + summit(at(a - 1, q), value, at(a + 1, q));
    return {
      angle: (Math.PI * (angle < 0 ? angle + DIRECTIONS : angle)) / DIRECTIONS,
      scale: exp(-STEP * (q + summit(at(a, q - 1), value, at(a, q + 1)))),
      height: (value - mean) / spread,
    };
  });
}

/** Where a parabola through three values is highest, from the middle one. */
function summit(before: number, here: number, after: number): number {
  const bend = before - 2 * here + after;
  return bend < 0 ? Math.max(-0.5, Math.min(0.5, (0.5 * (before - after)) / bend)) : 0;
}
