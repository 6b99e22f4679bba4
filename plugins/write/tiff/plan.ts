import {
  type BandAxes,
  type BandsAre,
  bandAxes,
  bytesPerSample,
  type DType,
  type Halving,
  halvedSizes,
  type Image,
  isCategorical,
  isStack,
  type Provenance,
  rangeOf,
  tiffCompressions,
  tiffPhotometrics,
  tiffTags,
  tiffTypes,
} from "tiepoint/plugin";
import type { Field } from "./directory.js";
import type { Compression, Encoding } from "./encode.js";
import { imagejFields } from "./imagej.js";
import { descriptionFields, type FileLayout, placeFields } from "./metadata.js";

export interface WriteOptions {
  readonly compression: Compression;
  readonly layout: "auto" | "plain" | "cog" | "ome";
  readonly overviews: "auto" | "yes" | "no";
  readonly tile: number;
  readonly bands: BandsAre;
  /** Where the image comes from, for formats that can say so. */
  readonly provenance?: Provenance | undefined;
}

/** Everything about the file that is known before the first pixel. */
export interface FilePlan {
  readonly layout: FileLayout;
  /** Each band is a slice or a time on a page of its own, and pages are written one after another. */
  readonly stack: boolean;
  readonly big: boolean;
  readonly dtype: DType;
  readonly encoding: Encoding;
  readonly halving: Halving;
  /** Value of the pixels of edge tiles outside the image. */
  readonly fill: number;
  /** Tiles, or strips of whole rows. */
  readonly tiled: boolean;
  readonly chunkWidth: number;
  readonly chunkHeight: number;
  /** Size of each resolution, the full one first. */
  readonly levels: readonly { readonly width: number; readonly height: number }[];
  /** Which bands lie together in each page. */
  readonly pages: readonly PagePlan[];
}

export interface PagePlan {
  readonly bands: readonly number[];
  /** Fields of the full resolution that do not depend on where data stand. */
  readonly fields: readonly Field[];
  /** The same for smaller resolutions, besides their size. */
  readonly sharedFields: readonly Field[];
}

/** Images with a longer side get overviews when nothing is said. */
const LARGE_SIDE = 1024;
const STRIP_BYTES = 256 * 1024;

/** ImageJ's own lines are for types that ImageJ knows. */
const imagejTypes: readonly DType[] = ["uint8", "uint16", "float32"];

/** Decides how an image will lie in its file. */
export function planFile(image: Image, options: WriteOptions): FilePlan {
  const { grid, dtype, bands, meaning } = image;
  const { compression } = options;
  const axes = options.layout === "cog" ? bandAxes(image, "channels") : bandAxes(image, options.bands);
  const stack = isStack(axes);
  const layout =
    options.layout !== "auto"
      ? options.layout
      : grid.crs === "um"
        ? "ome"
        : grid.crs === "px" || stack
          ? "plain"
          : "cog";
  const longest = Math.max(grid.width, grid.height);
  // ImageJ reads no tiles and takes smaller versions for slices, so stacks for it are as simple as can be.
  const simple = stack && layout === "plain";
  const withOverviews =
    options.overviews === "yes" ||
    (options.overviews === "auto" && compression !== "none" && longest > LARGE_SIDE && !simple);
  const levels = withOverviews ? halvedSizes(grid, options.tile) : [{ width: grid.width, height: grid.height }];
  const groups = stack ? bands.map((_, b) => [b]) : bandGroups(image, layout);
  const together = groups[0]!.length;
  const sampleBytes = bytesPerSample(dtype);
  // Whole rows go to the file as they are read, which is the fastest there is; only later reads of small windows pay.
  const tiled = withOverviews || (!simple && (layout !== "plain" || compression !== "none"));
  const rowBytes = grid.width * together * sampleBytes;
  const chunkWidth = tiled ? Math.min(options.tile, padded(grid.width, 16)) : grid.width;
  const chunkHeight = tiled
    ? Math.min(options.tile, padded(grid.height, 16))
    : Math.min(grid.height, Math.max(1, Math.floor(STRIP_BYTES / rowBytes)));
  const raw = levels.reduce(
    (sum, { width, height }) => sum + padded(width, chunkWidth) * padded(height, chunkHeight),
    0,
  );
  // What cannot be pressed grows by less than a thousandth; directories take 16 bytes a tile, and some hundreds a page.
  const overhead = 1e6 + 400 * groups.length * levels.length;
  const big = raw * bands.length * sampleBytes * 1.002 + overhead > 2 ** 32;
  const predictor = compression === "none" || meaning !== "intensity" ? 1 : dtype !== "float32" ? 2 : simple ? 1 : 3;
  const encoding: Encoding = { compression, predictor };
  return {
    layout,
    stack,
    big,
    dtype,
    encoding,
    halving: {
      categorical: isCategorical(image),
      nodata: image.nodata,
      isFloat: dtype === "float32",
      highest: rangeOf(dtype)[1],
    },
    fill: image.nodata !== undefined && !Number.isNaN(image.nodata) ? image.nodata : 0,
    tiled,
    chunkWidth,
    chunkHeight,
    levels,
    pages: pagesOf(image, { layout, axes, groups, encoding, chunk: { tiled, chunkWidth, chunkHeight } }, options),
  };
}

function pagesOf(
  image: Image,
  {
    layout,
    axes,
    groups,
    encoding,
    chunk,
  }: {
    readonly layout: FileLayout;
    readonly axes: BandAxes;
    readonly groups: readonly (readonly number[])[];
    readonly encoding: Encoding;
    readonly chunk: Pick<FilePlan, "tiled" | "chunkWidth" | "chunkHeight">;
  },
  { provenance }: WriteOptions,
): PagePlan[] {
  const placed = layout === "ome" ? [] : placeFields(image);
  const imagej = layout === "plain" && isStack(axes) && imagejTypes.includes(image.dtype);
  const described = imagej ? imagejFields(image, axes) : descriptionFields(image, { layout, groups, axes, provenance });
  let shared: Field[] | undefined;
  return groups.map((group, page) => {
    // Pages of slices are alike: ten thousand of them share their fields.
    if (!shared || !isStack(axes)) shared = sampleFields(image, group, encoding, chunk);
    const fields = [...shared, ...placed, ...(page === 0 ? described : [])];
    return { bands: group, sharedFields: shared, fields };
  });
}

const padded = (side: number, chunk: number): number => Math.ceil(side / chunk) * chunk;

/** OME wants each channel on a page of its own, except for colours; all others keep their bands together. */
function bandGroups({ bands }: Image, layout: FileLayout): number[][] {
  const all = bands.map((_, b) => b);
  if (layout !== "ome" || isColour(bands)) return [all];
  return all.map((b) => [b]);
}

/** True when the bands are red, green and blue, with or without alpha. */
export const isColour = (bands: readonly string[]): boolean =>
  ["red", "green", "blue"].every((name, b) => bands[b]?.toLowerCase() === name) &&
  (bands.length === 3 || (bands.length === 4 && bands[3] === "alpha"));

function sampleFields(
  { dtype, bands, nodata }: Image,
  group: readonly number[],
  { compression, predictor }: Encoding,
  chunk: Pick<FilePlan, "tiled" | "chunkWidth" | "chunkHeight">,
): Field[] {
  const { short, long, ascii } = tiffTypes;
  const count = group.length;
  const colours = isColour(group.map((b) => bands[b]!)) ? 3 : 1;
  const format = dtype === "float32" ? 3 : dtype === "int16" ? 2 : 1;
  const fields: Field[] = [
    [tiffTags.bitsPerSample, short, Array(count).fill(8 * bytesPerSample(dtype))],
    [tiffTags.compression, short, [tiffCompressions[compression]]],
    [tiffTags.photometric, short, [colours === 3 ? tiffPhotometrics.rgb : tiffPhotometrics.blackIsZero]],
    [tiffTags.samplesPerPixel, short, [count]],
    [tiffTags.planarConfiguration, short, [1]],
    [tiffTags.sampleFormat, short, Array(count).fill(format)],
    [tiffTags.software, ascii, "tiepoint"],
  ];
  if (predictor !== 1) fields.push([tiffTags.predictor, short, [predictor]]);
  if (chunk.tiled) {
    fields.push([tiffTags.tileWidth, short, [chunk.chunkWidth]], [tiffTags.tileLength, short, [chunk.chunkHeight]]);
  } else fields.push([tiffTags.rowsPerStrip, long, [chunk.chunkHeight]]);
  if (count > colours) {
    // 2 is alpha that is not multiplied into the colours; 0 is anything else.
    const extra = group.slice(colours).map((b) => (bands[b] === "alpha" ? 2 : 0));
    fields.push([tiffTags.extraSamples, short, extra]);
  }
  if (nodata !== undefined) fields.push([tiffTags.gdalNodata, ascii, String(nodata).toLowerCase()]);
  return fields;
}
