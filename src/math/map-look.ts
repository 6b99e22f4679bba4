import { type Grid, spacing, toWorld, wholeWindow } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { type Points, pixelPoints } from "../core/points.js";
import type { Transform } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import { lattice } from "./bending/bending-error.js";
import { bendingShape } from "./bending/shape.js";
import { boundsOf } from "./bounds.js";
import { coverage } from "./coverage.js";
import { findOverlap } from "./overlap.js";
import { evenOut, readPair, similarityThrough, similarityUnder, startingMap } from "./pair.js";
import { readGray } from "./read-plane.js";
import { warpImage } from "./resample.js";
import { type SecondLook, secondLook } from "./second-look.js";
import type { Evidence } from "./verdict.js";

/** Fewer patches that agree confirm nothing. */
const LEAST = 12;

/** Side of the lattice of cells over which misses are summed up. */
const CELLS = 8;

/** What the pixels say of a map that they were not asked for. */
export interface MapLook {
  readonly evidence: Omit<Evidence, "family">;
  readonly confirmed: boolean;
  /** Share of the overlap where the map folds over itself. */
  readonly folded: number;
  /** Patches that lie where the map puts them. */
  readonly agreeing: number;
  /** What `misfit` would be of a perfect map, by the noise of the patches alone; pixels of the moving image. */
  readonly missOfNoise: number;
  /** What half of the cells miss by at least, and what their noise alone would give: few that are mistaken move neither. */
  readonly typicalMiss: number;
  readonly typicalNoise: number;
}

/**
 * Looks at what a map has laid on the fixed image: the moving image is warped by it, and a second look tells where what the
 * fixed image shows lies in it. The look chooses its places itself and the map has not seen them, so how far off they lie is
 * the map's error.
 *
 * @param transform  from the fixed world to the moving world
 */
export async function lookThrough(
  transform: Transform,
  images: { readonly fixed: Image; readonly moving: Image },
  signal: AbortSignal,
): Promise<MapLook> {
  const { fixed, moving } = images;
  const overlap = findOverlap(transform, fixed.grid, moving.grid);
  const whole = lattice(fixed.grid, new Float64Array(0));
  const domain = overlap.places.length > 0 ? overlap.places : whole;
  const step = spacing(fixed.grid) / 2;
  const mirrored = bendingShape(transform, domain, whole, step, false).folded > 0.5;
  const shape = bendingShape(transform, domain, whole, step, mirrored);
  // Worlds may have y up in one image and down in the other: that turns no picture over.
  const reflected = (mirrored !== isLeftHanded(fixed.grid)) !== isLeftHanded(moving.grid);
  const movingSpacing = spacing(moving.grid);

  using arena = kernels().arena();
  const pair = await readPair(arena, images, 1e6, signal);
  const before = similarityUnder(arena, pair, startingMap(pair));
  const after = await similarityThrough(arena, pair, moving, transform, signal);
  const { scale } = shape;
  // Where moving pixels are the coarser ones, a warp would invent detail: the fixed plane is coarsened instead.
  const even = scale > 0 ? evenOut(arena, pair, scaling(scale, pair.fixed.grid, pair.moving.grid)).fixed : pair.fixed;
  const warped = warpImage(moving, transform, even.grid, { dtype: "float32" });
  const plane = await readGray(arena, warped, wholeWindow(even.grid), { signal });
  signal.throwIfAborted();
  const look = secondLook(arena, even.plane, plane);
  const seen = summary(look, even.grid);
  // 14 images of seven kinds, slides to Landsat, each against itself with noise: at the true map 61 % of the cells agree and
  // more, but 33 % of one slide; 5 to 40 pixels off 25 % at most. 60 pairs of different images: 9 % at most.
  const confirmed = seen.agreeing >= LEAST && look.agreement >= 0.5;
  // Where patches are found by chance their middle may lie anywhere, also near.
  const miss = confirmed ? seen.miss : Number.NaN;
  /** Moving pixels per pixel of the plane. */
  const unit = (spacing(even.grid) * scale) / movingSpacing;
  return {
    evidence: {
      ...{ fitRmse: Number.NaN, heldOutRmse: seen.residual * unit, expectedError: miss * unit },
      ...{ noise: seen.noise * unit, misfit: miss * unit },
      coverage: coverage(domain, seen.places),
      ...{ agreement: look.agreement, overlap: overlap.ofSmaller, similarity: { before, after } },
      ...{ scale: shape.scale, anisotropy: shape.anisotropy, scaleSpread: shape.scaleSpread, reflected },
      diagonal: Math.sqrt(moving.grid.width ** 2 + moving.grid.height ** 2),
    },
    confirmed,
    folded: shape.folded,
    agreeing: seen.agreeing,
    missOfNoise: seen.missOfNoise * unit,
    typicalMiss: seen.typicalMiss * unit,
    typicalNoise: seen.typicalNoise * unit,
  };
}

const isLeftHanded = ({ worldFromPixel: [a, b, , d, e] }: Grid): boolean => a * e - b * d < 0;

/** A map of the given scale that takes the middle of one grid to the middle of the other. */
function scaling(scale: number, fixed: Grid, moving: Grid) {
  const middle = ({ width, height, worldFromPixel: [a, b, c, d, e, f] }: Grid) => {
    const [x, y] = [(width - 1) / 2, (height - 1) / 2];
    return [a * x + b * y + c, d * x + e * y + f] as const;
  };
  const [x, y] = middle(fixed);
  const [u, v] = middle(moving);
  return [scale, 0, u - scale * x, 0, scale, v - scale * y, 0, 0, 1] as const;
}

interface Summary {
  readonly agreeing: number;
  /** Fixed places that agree, world coordinates. */
  readonly places: Points<"world">;
  /** What the map misses by, pixels: the median shift of each cell, root mean square over the cells; NaN when unknown. */
  readonly miss: number;
  /** What patches' own noise adds to it. */
  readonly missOfNoise: number;
  /** Medians over the cells of both. */
  readonly typicalMiss: number;
  readonly typicalNoise: number;
  /** Root mean square distance of what agrees. */
  readonly residual: number;
  /** Median standard deviation of what agrees. */
  readonly noise: number;
}

/**
 * What a second look found, summed up. A miss is measured at all tie points, not at those alone that agree: by the median of
 * each cell, which neither noise nor a few patches that were taken for others move far.
 */
function summary({ ties, agrees }: SecondLook, grid: Grid): Summary {
  const { fixed, moving, sigma } = ties;
  const use = Array.from(agrees.keys()).filter((i) => agrees[i] === 1);
  let square = 0;
  for (const i of use) square += shift(i, 0) ** 2 + shift(i, 1) ** 2;
  const { x0, y0, x1, y1 } = boundsOf(fixed);
  const cells = new Map<number, number[]>();
  for (let i = 0; i < agrees.length; i++) {
    const of = (v: number, low: number, high: number) =>
      Math.min(CELLS - 1, Math.floor(((v - low) / (high - low || 1)) * CELLS));
    const cell = CELLS * of(fixed[2 * i + 1]!, y0, y1) + of(fixed[2 * i]!, x0, x1);
    const members = cells.get(cell);
    if (members) members.push(i);
    else cells.set(cell, [i]);
  }
  const filled = [...cells.values()].filter((members) => members.length >= 3);
  // A median of n has π/2 times the variance of their mean; both axes count.
  const noises = filled.map((members) => (Math.PI * median(members.map((i) => sigma[i]!)) ** 2) / members.length);
  const misses = filled.map(
    (members) => median(members.map((i) => shift(i, 0))) ** 2 + median(members.map((i) => shift(i, 1))) ** 2,
  );
  return {
    agreeing: use.length,
    places: toWorld(grid, pixelPoints(use.flatMap((i) => [fixed[2 * i]!, fixed[2 * i + 1]!]))),
    miss: Math.sqrt(misses.reduce((sum, m) => sum + m, 0) / misses.length),
    missOfNoise: Math.sqrt(noises.reduce((sum, n) => sum + n, 0) / noises.length),
    typicalMiss: Math.sqrt(median(misses)),
    typicalNoise: Math.sqrt(median(noises)),
    residual: Math.sqrt(square / use.length),
    noise: median(use.map((i) => sigma[i]!)),
  };

  function shift(i: number, axis: 0 | 1): number {
    return moving[2 * i + axis]! - fixed[2 * i + axis]!;
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
