import {
  type BandAxes,
  type BandsAre,
  bandAxes,
  type Chunking,
  halvedSizes,
  type Image,
  isCategorical,
  isStack,
  rangeOf,
  type Size,
} from "tiepoint/plugin";

export type Version = "0.4" | "0.5";
export type Compression = "zstd" | "gzip" | "none";

export interface WriteOptions {
  readonly version: Version;
  readonly compression: Compression;
  readonly overviews: "auto" | "yes" | "no";
  readonly chunk: number;
  /** Side of a shard; 0 for none. Only 0.5 has them. */
  readonly shard: number;
  readonly bands: BandsAre;
}

/** Everything about the folder that is known before the first pixel. */
export interface ZarrPlan extends Chunking {
  readonly version: Version;
  readonly compression: Compression;
  readonly axes: BandAxes;
  readonly stack: boolean;
  /** Names of the array's axes, the last two y and x. */
  readonly axisNames: readonly string[];
  /** Size of each resolution, the full one first. */
  readonly levels: readonly Size[];
  /** Chunks along each side of a shard; 1 where each chunk is a file of its own. */
  readonly perShard: number;
}

/** Images with a longer side get smaller versions when nothing is said. */
const LARGE_SIDE = 1024;

export function planZarr(image: Image, options: WriteOptions): ZarrPlan {
  const { grid, dtype, nodata } = image;
  const { chunk, version } = options;
  const axes = bandAxes(image, options.bands);
  const withOverviews =
    options.overviews === "yes" || (options.overviews === "auto" && Math.max(grid.width, grid.height) > LARGE_SIDE);
  const { depth, times } = axes;
  return {
    version,
    compression: options.compression,
    axes,
    stack: isStack(axes),
    axisNames: [...(isStack(axes) ? [...(times > 1 ? ["t"] : []), ...(depth > 1 ? ["z"] : [])] : ["c"]), "y", "x"],
    levels: withOverviews ? halvedSizes(grid, chunk) : [{ width: grid.width, height: grid.height }],
    perShard: version === "0.5" && options.shard > chunk ? Math.floor(options.shard / chunk) : 1,
    dtype,
    together: 1,
    // A small image is one small chunk.
    chunkWidth: Math.min(chunk, 16 * Math.ceil(grid.width / 16)),
    chunkHeight: Math.min(chunk, 16 * Math.ceil(grid.height / 16)),
    padded: true,
    fill: nodata !== undefined ? nodata : 0,
    halving: { categorical: isCategorical(image), nodata, isFloat: dtype === "float32", highest: rangeOf(dtype)[1] },
  };
}

/** Lengths of the axes of a level's array. */
export const shapeOf = ({ axes, axisNames }: ZarrPlan, { width, height }: Size): number[] =>
  axisNames.map((name) =>
    name === "x"
      ? width
      : name === "y"
        ? height
        : name === "c"
          ? axes.channels
          : name === "t"
            ? axes.times
            : axes.depth,
  );

/** Chunks of a level across and down. */
export const chunkGrid = ({ chunkWidth, chunkHeight }: Chunking, { width, height }: Size) => ({
  across: Math.ceil(width / chunkWidth),
  down: Math.ceil(height / chunkHeight),
});

/** Chunks along the sides of a shard of a level: a small level has one small shard. */
export function shardGrid(plan: ZarrPlan, level: Size): { readonly across: number; readonly down: number } {
  const { across, down } = chunkGrid(plan, level);
  return { across: Math.min(plan.perShard, across), down: Math.min(plan.perShard, down) };
}

/** Where a band stands along the leading axes. */
export function bandPlace({ axisNames, axes }: ZarrPlan, band: number): number[] {
  return axisNames.length === 4 ? [Math.floor(band / axes.depth), band % axes.depth] : [band];
}
