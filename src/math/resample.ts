import { DiagnosticError, problem } from "../core/diagnostic.js";
import { type Grid, invertAffine, type Window, wholeWindow } from "../core/grid.js";
import { bytesPerSample, type DType, type Image, isCategorical } from "../core/image.js";
import type { Interpolation } from "../core/interpolation.js";
import { asMatrix3, type Matrix3, matrix3FromAffine, type Transform } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import { blurImage } from "./blur.js";
import { footprint } from "./footprint.js";
import { lazyImage } from "./lazy.js";
import { atLevel } from "./pyramid.js";
import { copyRows, holeValue, readRaw } from "./read-plane.js";
import { findableNodata } from "./sample-type.js";
import { splineWindow } from "./spline-band.js";
import { bendingCourse, type Course, cutByFootprint } from "./warp-course.js";
import { kernelReach, warpBand } from "./warp-kernel.js";

export interface WarpOptions {
  /** `cubic` when absent. Labels and masks are always sampled `nearest`, whatever is said here. */
  readonly interpolation?: Interpolation;
  /** Value where there is nothing to sample. When absent: the image's nodata, else NaN in float32 and 0 in integers. */
  readonly fill?: number;
  /** Blur before a map that shrinks, so that fine structure does not turn into false pattern; true when absent. */
  readonly antialias?: boolean;
  /** Type of the result, the image's own when absent; `float32` has NaN where there is nothing to sample. */
  readonly dtype?: DType;
}

const NOWHERE: Window = { x: 0, y: 0, width: 0, height: 0 };
/** Source pixels that one block may pull, about; larger blocks are cut. */
const SOURCE_PIXELS = 4e6;
const BLOCK_PIXELS = 2 ** 21;
/** A reduction below this is left to the interpolation alone. */
const NEARLY_ONE = 1.05;

/**
 * The moving image on another grid, through a map from the world of that grid to the moving world. Lazy: a read pulls the
 * source windows that it needs, block by block, and nothing is resampled twice, however long the chain of maps, straight
 * or bending. Where a map bends, positions are good to a hundredth of a source pixel (see `blockPositions`).
 *
 * Anti-aliasing: let s be the reduction, moving pixels per output pixel (the square root of the Jacobian's determinant;
 * where it varies the smallest of 25 places, so that nothing is blurred more than it must be). Area means by the whole
 * number f = floor(s) come first, from overviews where they fit, then a Gaussian of sigma 0.5 sqrt((s/f)^2 - 1) of the
 * coarser pixels, then the interpolation.
 *
 * A pixel counts as inside where its nearest source sample exists and is valid; nodata is never mixed in (see the kernel
 * `warp`). `nodata` of the result is the fill value when the image has nodata or `fill` was given; a valid integer sample
 * that would come out as that value moves by one.
 *
 * @param transform  from the world of `onto` to the world of `moving`
 * @throws DiagnosticError `singular-grid` for a grid without area
 */
export function warpImage(moving: Image, transform: Transform, onto: Grid, options: WarpOptions = {}): Image {
  const categorical = isCategorical(moving);
  const interpolation = categorical ? "nearest" : (options.interpolation ?? "cubic");
  const dtype = options.dtype ?? moving.dtype;
  const ownNodata = dtype === moving.dtype ? moving.nodata : undefined;
  const fill = options.fill ?? holeValue({ dtype, ...(ownNodata === undefined ? {} : { nodata: ownNodata }) });
  const nodata = (options.fill ?? ownNodata) === undefined || Number.isNaN(fill) ? undefined : fill;
  const smooth = !categorical && options.antialias !== false;
  const linear = asMatrix3(transform);
  if (!linear && !invertAffine(moving.grid.worldFromPixel).every(Number.isFinite))
    throw singular(`the moving image's grid is ${moving.grid.worldFromPixel.join(", ")}`);
  const course = linear
    ? straightCourse(moving, linear, onto, smooth)
    : bendingCourse(moving, transform, onto, (reduction) => (smooth ? smoothed(moving, reduction).source : moving));
  const { source, tile } = course;
  const reach = kernelReach(interpolation);
  const splined = interpolation === "bspline3";
  const bytes = bytesPerSample(dtype);
  const sourceNodata = findableNodata(source.dtype, source.nodata);
  const face = {
    ...{ grid: onto, dtype, bands: moving.bands, meaning: moving.meaning, tile },
    ...(nodata === undefined ? {} : { nodata }),
  };
  const bandOptions = {
    ...{ interpolation, fill, keepClear: nodata !== undefined },
    ...(sourceNodata === undefined ? {} : { nodata: sourceNodata }),
  };
  return lazyImage(
    face,
    async (block, bands, out, signal) => {
      using outer = kernels().arena();
      const { parts, warp } = course.lay(outer, block, reach, SOURCE_PIXELS / bands.length);
      for (const { target, from } of parts) {
        using arena = kernels().arena();
        const window = from && splined ? splineWindow(from, source.grid) : (from ?? NOWHERE);
        const raw = from ? await readRaw(arena, source, window, bands, signal) : 0;
        const at = arena.bytes(target.width * target.height * bytes);
        const spline = splined ? { spline: { image: source.grid, part: from ?? NOWHERE } } : {};
        for (let i = 0; i < bands.length; i++) {
          const offset = i * window.width * window.height * bytesPerSample(source.dtype);
          warp(
            arena,
            { at: raw + offset, dtype: source.dtype, stride: window.width, window, ...spline },
            { at, dtype, stride: target.width, window: target },
            bandOptions,
          );
          const start = out.from + i * out.plane + (target.y - block.y) * out.stride + target.x - block.x;
          copyRows(dtype, at, target.width, target.height, { ...out, from: start });
        }
      }
    },
    Math.min(BLOCK_PIXELS, tile.width * tile.height),
  );
}

/** The way from output pixels to source pixels by a matrix. */
function straightCourse(moving: Image, world: Matrix3, onto: Grid, smooth: boolean): Course {
  const matrix = pixelMatrix(moving.grid, world, onto);
  const { source, factor } = smooth
    ? smoothed(moving, reductionOf(matrix, onto, moving.grid))
    : { source: moving, factor: 1 };
  const shift = (factor - 1) / 2 / factor; // centre of the first coarse pixel is at (factor - 1) / 2 fine pixels
  const map = factor === 1 ? matrix : product([1 / factor, 0, -shift, 0, 1 / factor, -shift, 0, 0, 1], matrix);
  return {
    source,
    tile: blockSize(map),
    lay: (_, block, reach, limit) => ({
      parts: cutByFootprint(block, limit, (part) => footprint(part, map, reach, wholeWindow(source.grid))),
      warp: (arena, from, to, options) => warpBand(arena, from, to, map, options),
    }),
  };
}

/** Output pixel to source pixel; not scaled, so that the sign of the denominator keeps its meaning. */
function pixelMatrix(moving: Grid, world: Matrix3, onto: Grid): Matrix3 {
  const into = matrix3FromAffine(invertAffine(moving.worldFromPixel));
  const m = product(into, product(world, matrix3FromAffine(onto.worldFromPixel)));
  if (!m.every(Number.isFinite)) {
    throw singular(`its matrix is ${m.join(", ")}`);
  }
  return m[6] === 0 && m[7] === 0 ? (m.map((v) => v / m[8]) as unknown as Matrix3) : m;
}

const singular = (found: string) =>
  new DiagnosticError(
    problem(
      "singular-grid",
      `Expected a map with finite numbers, but ${found}`,
      "Look at the pixel size of the moving image and at the transform: one of them has no inverse.",
    ),
  );

function product(a: Matrix3, b: Matrix3): Matrix3 {
  const out: number[] = [];
  for (let r = 0; r < 9; r += 3)
    for (let c = 0; c < 3; c++) out.push(a[r]! * b[c]! + a[r + 1]! * b[c + 3]! + a[r + 2]! * b[c + 6]!);
  return out as unknown as Matrix3;
}

/**
 * Size of blocks: rows as long as they can be while a turned map moves by few source rows along them, so that little is
 * read twice and files in strips are read in order.
 */
function blockSize(map: Matrix3): { width: number; height: number } {
  const rowsPerColumn = Math.abs(map[3] / map[8]);
  let width = 512;
  while (width < 8192 && 2 * width * rowsPerColumn <= 32) width *= 2;
  return { width, height: 512 };
}

/** The image to sample after what a reduction needs, and how much coarser its pixels are; see `warpImage`. */
function smoothed(moving: Image, reduction: number): { source: Image; factor: number } {
  if (!(reduction > NEARLY_ONE)) return { source: moving, factor: 1 };
  const most = Math.max(1, Math.min(moving.grid.width, moving.grid.height));
  const factor = Math.min(Math.max(1, Math.floor(reduction + 1e-6)), most);
  const rest = reduction / factor;
  const level = atLevel(moving, factor);
  const source = rest > NEARLY_ONE ? blurImage(level, 0.5 * Math.sqrt(Math.min(rest, 2) ** 2 - 1)) : level;
  return { source, factor };
}

/** Source pixels per output pixel: the least of 5 by 5 places whose sample lies in the source; 1 when none does. */
function reductionOf(m: Matrix3, onto: Grid, source: Grid): number {
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < 25; k++) {
    const x = ((k % 5) / 4) * (onto.width - 1);
    const y = (Math.floor(k / 5) / 4) * (onto.height - 1);
    const w = m[6] * x + m[7] * y + m[8];
    const sx = (m[0] * x + m[1] * y + m[2]) / w;
    const sy = (m[3] * x + m[4] * y + m[5]) / w;
    const affine = m[6] === 0 && m[7] === 0;
    if (!affine && !(w > 0 && sx > -1 && sy > -1 && sx < source.width && sy < source.height)) continue;
    const a = (m[0] - sx * m[6]) / w;
    const b = (m[1] - sx * m[7]) / w;
    const d = (m[3] - sy * m[6]) / w;
    const e = (m[4] - sy * m[7]) / w;
    least = Math.min(least, Math.sqrt(Math.abs(a * e - b * d)));
  }
  return Number.isFinite(least) ? least : 1;
}
