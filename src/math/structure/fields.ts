import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { blurPlane } from "../blur.js";
import { emptyPlane, type Plane } from "../plane.js";

/** Directions of edges as two complex fields, in kernel memory; planes of float32 with one stride. */
export interface StructureFields {
  readonly width: number;
  readonly height: number;
  /** Row length in elements. */
  readonly stride: number;
  /** Addresses of real and imaginary part of w u², where u is the unit gradient and w its normalised strength, 0 to 2. */
  readonly z2: { readonly re: number; readonly im: number };
  /** Of w u⁴. */
  readonly z4: { readonly re: number; readonly im: number };
  /** Address of 1 where the fields are known, 0 elsewhere; the fields are 0 there. */
  readonly valid: number;
  /** How many pixels are known. */
  readonly validCount: number;
  /** Mean of the squared gradient over them, in levels² per pixel²; near 0 for a blank image. */
  readonly meanEnergy: number;
}

/** Blur before the gradient, and radius (sigma) of the surroundings that normalise it, in pixels. */
const SIGMA = 1;
const SURROUNDINGS = 6;
/** The strength of the whole image that counts besides the surroundings', and what counts in any case, in levels per pixel. */
const FLOOR = 0.5;
const LEAST = 0.3;
/** An edge counts no more than this many times its surroundings. */
const MOST = 2;

/**
 * Double-angle fields of the strongest channel's gradient.
 *
 * Strength is relative to the surroundings, and a reversal of contrast changes nothing, as the angle counts modulo 180
 * degrees [1]. Rotating the image by phi multiplies w u^k by exp(i k phi). Known where the 5 by 5 neighbourhood lies inside
 * and was observed.
 *
 * @param channels  of one size; NaN, in all at the same places, where there is no observation
 *
 * [1] A. J. Fitch et al., "Orientation correlation", BMVC 2002, doi:10.5244/C.16.11
 */
export function structureFields(arena: Arena, channels: readonly Plane[]): StructureFields {
  const k = kernels();
  const { width, height, stride } = channels[0]!;
  const plane = () => emptyPlane(arena, width, height);
  const [dx, dy] = [plane(), plane()];
  const [x, y] = channels.length > 1 ? [plane(), plane()] : [dx, dy];
  const line = k.scratch(arena, 8 * (width + 16) + 64);
  channels.forEach((channel, i) => {
    const smooth = blurPlane(arena, channel, SIGMA);
    const [gx, gy] = i === 0 ? [dx, dy] : [x, y];
    const args = [smooth.at, smooth.stride, gx.at, gy.at, stride, width, height, 3 / 16, 10 / 16, line];
    k.rows("gradient", height, args);
    arena.free(smooth.at);
    if (i > 0) k.rows("strongerGradient", height, [gx.at, gy.at, dx.at, dy.at, stride, width]);
  });
  const [energy, valid] = [plane(), plane()];
  const sums = arena.bytes(16 * height);
  const source = channels[0]!.at;
  const args = [source, dx.at, dy.at, energy.at, valid.at, stride, width, height, sums];
  k.rows("gradientEnergy", height, args);
  const [total, validCount] = rowSums(arena, sums, height);
  const meanEnergy = total / Math.max(validCount, 1);
  const nearEnergy = blurPlane(arena, energy, SURROUNDINGS);
  const nearValid = blurPlane(arena, valid, SURROUNDINGS);
  const out = [plane(), plane(), plane(), plane()] as const;
  k.rows("angleFields", height, [
    ...[dx.at, dy.at, nearEnergy.at, nearValid.at, valid.at, ...out.map((p) => p.at), stride],
    ...[FLOOR * Math.sqrt(meanEnergy) + LEAST, MOST],
  ]);
  const own = channels.length > 1 ? [x.at, y.at] : [];
  for (const at of [dx.at, dy.at, ...own, line.base, energy.at, sums, nearEnergy.at, nearValid.at]) arena.free(at);
  const [re2, im2, re4, im4] = out.map((p) => p.at) as [number, number, number, number];
  return {
    ...{ width, height, stride, z2: { re: re2, im: im2 }, z4: { re: re4, im: im4 } },
    ...{ valid: valid.at, validCount, meanEnergy },
  };
}

/** Frees the fields early; without it they live as long as their arena. */
export function freeFields(arena: Arena, { z2, z4, valid }: StructureFields): void {
  for (const at of [z2.re, z2.im, z4.re, z4.im, valid]) arena.free(at);
}

function rowSums(arena: Arena, sums: number, height: number): [energy: number, valid: number] {
  const rows = arena.f64(sums, 2 * height);
  let energy = 0;
  let valid = 0;
  for (let y = 0; y < height; y++) {
    energy += rows[2 * y]!;
    valid += rows[2 * y + 1]!;
  }
  return [energy, valid];
}
