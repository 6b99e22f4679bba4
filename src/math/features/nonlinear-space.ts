import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { cos } from "../elementary.js";
import { gaussianWeights } from "../gaussian.js";
import { quantile } from "../sample-image.js";

/** A level of a nonlinear scale space, in kernel memory: float32 rows with margins in which their ends repeat. */
export interface DiffusedLevel {
  readonly octave: number;
  readonly sublevel: number;
  /** The blur that even parts of the image have at this level, in pixels of the image. */
  readonly sigma: number;
  /** Address of the first pixel. */
  readonly at: number;
  readonly width: number;
  readonly height: number;
  /** Elements from row to row. */
  readonly stride: number;
}

/** Pixels of margin left and right of each row. */
const MARGIN = 16;
const OCTAVES = 4;
export const SUBLEVELS = 4;
const FIRST_SIGMA = 1.6;
/** Octaves end before a side falls below this. */
const LEAST_SIDE = 40;
/** The fourth root of 2: from sublevel to sublevel. */
const STEP = 1.189207115002721;
/** What counts as an edge: gradients above this share of all that are not 0. */
const EDGE_SHARE = 0.7;
const SAMPLES = 2 ** 16;
/** Longest stable explicit step. */
const LONGEST_STEP = 0.25;

/**
 * The nonlinear scale space of AKAZE: the image diffuses where it is even and not across edges, so that coarse levels keep
 * their outlines [1]. Four octaves of four levels; an octave has half the pixels of the last.
 *
 * @param source  float32 rows in kernel memory, nominal range 0..1
 * @param visit  sees each level, with a plane of its size that holds the level blurred by one pixel (valid during the call)
 * @returns the levels; they stay in the arena, four thirds of four float32 images in all
 *
 * [1] P. F. Alcantarilla, J. Nuevo, A. Bartoli, "Fast explicit diffusion for accelerated features in nonlinear scale
 *     spaces", BMVC 2013, doi:10.5244/C.27.13
 */
export function nonlinearSpace(
  arena: Arena,
  source: { readonly address: number; readonly stride: number; readonly width: number; readonly height: number },
  visit: (level: DiffusedLevel, smooth: number) => void = () => {},
): DiffusedLevel[] {
  const levels: DiffusedLevel[] = [];
  let { width, height } = source;
  let k = 0;
  let sigma = FIRST_SIGMA;
  for (let octave = 0; octave < OCTAVES; octave++) {
    using local = kernels().arena();
    const stride = strideOf(width);
    const smooth = emptyRows(local, stride, height);
    const work = emptyRows(local, stride, height);
    const conductivity = emptyRows(local, stride, height);
    const blur = (from: number, to: number, s: number) => blurInto(from, to, { stride, width, height }, s);
    const size = { width, height, stride };
    for (let sublevel = 0; sublevel < SUBLEVELS; sublevel++) {
      const at = emptyRows(arena, stride, height);
      const level = { octave, sublevel, sigma, at, ...size };
      if (octave === 0 && sublevel === 0) {
        copyIn(source, work, size);
        blur(work, smooth, 1);
        k = contrastOf(local, smooth, conductivity, size);
        blur(work, at, FIRST_SIGMA);
      } else {
        const last = levels[levels.length - 1]!;
        if (sublevel === 0) {
          k *= 0.75; // what an octave blurs, it also flattens [1, section 2.2]
          kernels().rows("coarsen", height, [last.at, last.stride, last.width, last.height, work, stride, 2], 16);
          kernels().rows("marginRows", height, [work, stride, width], 64);
        }
        const from = sublevel === 0 ? work : last.at;
        if (sublevel === 0) blur(from, smooth, 1); // else the last level's is still there
        const time = (sigma * sigma - last.sigma * last.sigma) / 2 / 4 ** octave;
        diffuse(from, smooth, conductivity, at, size, time, k);
      }
      blur(at, smooth, 1);
      levels.push(level);
      visit(level, smooth);
      sigma *= STEP;
    }
    width = Math.ceil(width / 2);
    height = Math.ceil(height / 2);
    if (Math.min(width, height) < LEAST_SIDE) break;
  }
  return levels;
}

interface Size {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
}

/** Whole vectors with margins, and no 4 KiB multiple, which would thrash the caches. */
function strideOf(width: number): number {
  const stride = Math.ceil(width / 16) * 16 + 2 * MARGIN;
  return stride % 1024 === 0 ? stride + 16 : stride;
}

const emptyRows = (arena: Arena, stride: number, height: number): number =>
  arena.bytes(4 * (stride * height + 2 * MARGIN)) + 4 * MARGIN;

function copyIn(source: { readonly address: number; readonly stride: number }, to: number, size: Size): void {
  const args = [source.address, source.stride, to, size.stride, size.width];
  kernels().rows("copyRows", size.height, args, 64);
}

function blurInto(from: number, to: number, { stride, width, height }: Size, sigma: number): void {
  using inner = kernels().arena();
  const weights = gaussianWeights(sigma);
  const scratch = kernels().scratch(inner, 4 * (stride + 2 * weights.length + 128));
  const args = [from, 0, to, 0, 0, width, height, stride, inner.put(weights), weights.length - 1, scratch];
  kernels().rows("blurRows", height, args, grainOf(width));
  kernels().rows("marginRows", height, [to, stride, width], 64);
}

const grainOf = (width: number): number => Math.max(8, Math.ceil(32768 / width));

/** The steepness above which something is an edge: 70 % of the gradients that are not 0 are below it. */
function contrastOf(arena: Arena, smooth: number, work: number, { stride, width, height }: Size): number {
  kernels().rows("gradientRows", height, [smooth, work, stride, width, height], grainOf(width));
  const squares = arena.f32(work, stride * height);
  const step = Math.max(1, Math.floor((width * height) / SAMPLES) | 1);
  const sample: number[] = [];
  for (let i = 0; i < width * height; i += step) {
    const v = squares[Math.floor(i / width) * stride + (i % width)]!;
    if (v > 1e-12) sample.push(v);
  }
  return sample.length === 0 ? 1 : Math.sqrt(quantile(Float32Array.from(sample).sort(), EDGE_SHARE));
}

/** Diffuses for a time, in steps that are longer than a single one might be: as a whole they are stable. */
function diffuse(
  from: number,
  smooth: number,
  conductivity: number,
  to: number,
  { stride, width, height }: Size,
  time: number,
  k: number,
): void {
  const grain = grainOf(width);
  kernels().rows("conductivityRows", height, [smooth, conductivity, stride, width, height, 1 / (k * k)], grain);
  const steps = explicitSteps(time);
  // `smooth` is free once the conductivity is known: steps go back and forth between it and `to`, where the last one ends.
  let at = from;
  steps.forEach((step, n) => {
    const next = (steps.length - 1 - n) % 2 === 0 ? to : smooth;
    kernels().rows("diffuseRows", height, [at, conductivity, next, stride, width, height, step], grain);
    at = next;
  });
}

/**
 * Steps of fast explicit diffusion that sum to a time, in an order that keeps rounding errors small.
 *
 * Source: S. Grewenig, J. Weickert, A. Bruhn, "From box filtering to fast explicit diffusion", DAGM 2010,
 * doi:10.1007/978-3-642-15986-2_54
 */
export function explicitSteps(time: number): readonly number[] {
  const n = Math.max(1, Math.ceil(Math.sqrt((3 * time) / LONGEST_STEP + 0.25) - 0.5 - 1e-8));
  const scale = (3 * time) / (LONGEST_STEP * (n * (n + 1)));
  const sorted = Array.from({ length: n }, (_, i) => {
    const c = cos((Math.PI * (2 * i + 1)) / (4 * n + 2));
    return (scale * LONGEST_STEP) / (2 * c * c);
  });
  // Every kappa-th, around and around, modulo a prime.
  const kappa = n >> 1;
  if (kappa === 0) return sorted;
  let prime = n + 1;
  while (!isPrime(prime)) prime++;
  const out: number[] = [];
  for (let i = 0; out.length < n; i++) {
    const at = (((i + 1) * kappa) % prime) - 1;
    if (at >= 0 && at < n) out.push(sorted[at]!);
  }
  return out;
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}
