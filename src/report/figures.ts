import { coarsen, type Grid, toPixel, toWorld, type Window } from "../core/grid.js";
import { type Image, isCategorical, type Pixels, rangeOf } from "../core/image.js";
import { type Points, pixelPoints } from "../core/points.js";
import { apply, asMatrix3, type Transform } from "../core/transform.js";
import { quantile } from "./numbers.js";

/**
 * A small picture of an image, ready for the screen.
 *
 * `data` is planar, 1 (gray) or 3 (RGB) bands of `grid.width` × `grid.height` bytes; `valid` is 1 where there is an observation.
 */
export interface Picture {
  readonly grid: Grid;
  readonly bands: 1 | 3;
  readonly data: Uint8Array;
  readonly valid: Uint8Array;
  /** Sample values that became black and white; absent for labels and for colours shown as they are. */
  readonly range?: readonly [low: number, high: number];
}

/** Samples that are read at one time: 4 million, 16 MB as float32. */
const blockSamples = 1 << 22;

export interface ThumbnailOptions {
  /** Sample values that become black and white; found from the samples when absent. */
  readonly range?: readonly [low: number, high: number];
}

/**
 * A picture of at most `maxSide` pixels along its longer side, made by averaging whole pixels.
 *
 * Reads the coarsest overview that is fine enough, in blocks, so memory stays bounded however large the image is. Labels
 * are picked, not averaged. Pixels without an observation (nodata, NaN, transparent) are left out.
 */
export async function thumbnail(image: Image, maxSide: number, options: ThumbnailOptions = {}): Promise<Picture> {
  const source = fittingLevel(image, maxSide);
  const longer = Math.max(source.grid.width, source.grid.height);
  const factor = Math.max(1, Math.ceil(longer / maxSide));
  const grid = coarsen(source.grid, factor);
  const { shown, alpha } = shownBands(image);
  const means = await blockMeans(source, grid, factor, shown, alpha);
  return isCategorical(image) ? paintClasses(image, grid, means[0]!) : stretch(image, grid, means, options.range);
}

function fittingLevel(image: Image, maxSide: number): Image {
  let best = image;
  for (const level of image.overviews ?? []) {
    if (Math.max(level.grid.width, level.grid.height) >= maxSide && level.grid.width < best.grid.width) best = level;
  }
  return best;
}

/** Red, green and blue where an image has them, otherwise its first band; and the band that says what is transparent. */
function shownBands(image: Image): { shown: readonly number[]; alpha: number | undefined } {
  const find = (name: string) => image.bands.findIndex((b) => b.toLowerCase() === name);
  const [red, green, blue, alpha] = ["red", "green", "blue", "alpha"].map(find) as [number, number, number, number];
  const colour = red >= 0 && green >= 0 && blue >= 0 && !isCategorical(image);
  return {
    shown: colour ? [red, green, blue] : [alpha === 0 ? Math.min(1, image.bands.length - 1) : 0],
    alpha: alpha >= 0 && image.bands.length > 1 ? alpha : undefined,
  };
}

/** Mean of each block of `factor` × `factor` pixels, per band; NaN where a block has no observation. */
async function blockMeans(
  image: Image,
  grid: Grid,
  factor: number,
  shown: readonly number[],
  alpha: number | undefined,
): Promise<Float64Array[]> {
  const bands = alpha === undefined ? shown : [...shown, alpha];
  const size = grid.width * grid.height;
  const sums = shown.map(() => new Float64Array(size));
  const counts = new Float64Array(size);
  const pick = isCategorical(image);
  for (const window of blocks(image, factor, bands.length)) {
    const pixels = await image.read(window, { bands });
    addBlock(pixels, window);
  }
  for (const sum of sums) for (let i = 0; i < size; i++) sum[i] = counts[i]! > 0 ? sum[i]! / counts[i]! : Number.NaN;
  return sums;

  function addBlock({ data, width, height }: Pixels, window: Window): void {
    const plane = width * height;
    const middle = factor >> 1;
    for (let y = 0; y < height; y++) {
      const fineY = window.y + y;
      if (pick && fineY % factor !== Math.min(middle, image.grid.height - 1 - fineY + (fineY % factor))) continue;
      const row = Math.floor(fineY / factor) * grid.width;
      for (let x = 0; x < width; x++) {
        const fineX = window.x + x;
        if (pick && fineX % factor !== Math.min(middle, image.grid.width - 1 - fineX + (fineX % factor))) continue;
        const at = y * width + x;
        if (alpha !== undefined && data[shown.length * plane + at] === 0) continue;
        const first = data[at]!;
        if (first === image.nodata || !Number.isFinite(first)) continue;
        const to = row + Math.floor(fineX / factor);
        counts[to]!++;
        for (let b = 0; b < sums.length; b++) sums[b]![to]! += data[b * plane + at]!;
      }
    }
  }
}

/** Windows that cover the image, each of whole blocks and whole tiles where that fits the memory. */
function* blocks(image: Image, factor: number, bandCount: number): Generator<Window> {
  const { width, height } = image.grid;
  const columns = Math.min(width, Math.max(1, Math.floor(blockSamples / bandCount / Math.max(1, image.tile.height))));
  const rows = Math.max(1, Math.floor(blockSamples / bandCount / columns));
  const snap = (n: number, whole: number) => (n >= whole ? whole : Math.max(factor, Math.floor(n / factor) * factor));
  const stepX = snap(columns, width);
  const stepY = snap(rows, height);
  for (let y = 0; y < height; y += stepY)
    for (let x = 0; x < width; x += stepX)
      yield { x, y, width: Math.min(stepX, width - x), height: Math.min(stepY, height - y) };
}

/** Maps values to bytes: colours of 8 bits stay, everything else spreads between the 0.5 % and 99.5 % points. */
function stretch(
  image: Image,
  grid: Grid,
  means: readonly Float64Array[],
  wanted?: readonly [number, number],
): Picture {
  const size = grid.width * grid.height;
  const valid = new Uint8Array(size);
  for (let i = 0; i < size; i++) valid[i] = Number.isNaN(means[0]![i]!) ? 0 : 1;
  const natural = means.length === 3 && image.dtype === "uint8";
  const range = natural ? rangeOf("uint8") : (wanted ?? spread(means));
  const data = new Uint8Array(size * means.length);
  means.forEach((mean, b) => {
    data.set(toBytes(mean, range), b * size);
  });
  return { grid, bands: means.length === 3 ? 3 : 1, data, valid, ...(natural ? {} : { range }) };
}

function toBytes(values: Float64Array, [low, high]: readonly [number, number]): Uint8Array {
  const out = new Uint8Array(values.length);
  const scale = high > low ? 255 / (high - low) : 0;
  for (let i = 0; i < values.length; i++) {
    const v = (values[i]! - low) * scale;
    out[i] = v >= 255 ? 255 : v > 0 ? Math.round(v) : 0;
  }
  return out;
}

function spread(means: readonly Float64Array[]): [number, number] {
  const sample: number[] = [];
  for (const mean of means) {
    const step = Math.max(1, Math.floor(mean.length / 40_000));
    for (let i = 0; i < mean.length; i += step) if (!Number.isNaN(mean[i]!)) sample.push(mean[i]!);
  }
  sample.sort((a, b) => a - b);
  if (sample.length === 0) return [0, 1];
  const low = quantile(sample, 0.005);
  const high = quantile(sample, 0.995);
  return high > low ? [low, high] : [sample[0]!, Math.max(sample[sample.length - 1]!, sample[0]! + 1e-12)];
}

/** Class ids become colours that differ between neighbours in number; 0 stays black. A mask becomes white. */
function paintClasses(image: Image, grid: Grid, ids: Float64Array): Picture {
  const size = grid.width * grid.height;
  const valid = new Uint8Array(size);
  const data = new Uint8Array(size * 3);
  for (let i = 0; i < size; i++) {
    const id = ids[i]!;
    if (Number.isNaN(id)) continue;
    valid[i] = 1;
    if (id === 0) continue;
    let hash = Math.imul(Math.round(id) + 0x9e3779b9, 0x85ebca6b);
    hash ^= hash >>> 13;
    for (let b = 0; b < 3; b++)
      data[b * size + i] = image.meaning === "mask" ? 255 : 70 + ((hash >>> (8 * b)) & 127) + 40;
  }
  return { grid, bands: 3, data, valid };
}

/** One gray band of a picture (Rec. 601 luma for colours). */
export function grayOf(picture: Picture): Uint8Array {
  if (picture.bands === 1) return picture.data;
  const size = picture.grid.width * picture.grid.height;
  const gray = new Uint8Array(size);
  const { data } = picture;
  for (let i = 0; i < size; i++)
    gray[i] = (77 * data[i]! + 150 * data[size + i]! + 29 * data[2 * size + i]! + 128) >> 8;
  return gray;
}

/**
 * The moving picture as it falls on the pixels of `grid` (the fixed picture's), sampled bilinearly.
 *
 * Bending transforms are evaluated on every eighth pixel and interpolated between: far below what a screen shows.
 *
 * @param transform  fixed world to moving world; where it is undefined nothing is drawn
 */
export function place(moving: Picture, grid: Grid, transform: Transform): Picture {
  const step = asMatrix3(transform) ? 1 : 8;
  const at = movingPixels(moving.grid, grid, transform, step);
  const size = grid.width * grid.height;
  const data = new Uint8Array(size * moving.bands);
  const valid = new Uint8Array(size);
  const columns = Math.ceil((grid.width - 1) / step) + 1;
  for (let y = 0; y < grid.height; y++) {
    const v = Math.floor(y / step);
    const fy = y / step - v;
    const nextRow = fy > 0 ? columns : 0;
    for (let x = 0; x < grid.width; x++) {
      const u = Math.floor(x / step);
      const fx = x / step - u;
      const next = fx > 0 ? 1 : 0;
      const k = v * columns + u;
      const px = mix(at, 2 * k, 2 * next, 2 * nextRow, fx, fy);
      const py = mix(at, 2 * k + 1, 2 * next, 2 * nextRow, fx, fy);
      if (sample(moving, px, py, data, y * grid.width + x, size)) valid[y * grid.width + x] = 1;
    }
  }
  return { grid, bands: moving.bands, data, valid };
}

function mix(a: Float64Array, at: number, right: number, down: number, fx: number, fy: number): number {
  const top = a[at]! * (1 - fx) + a[at + right]! * fx;
  const bottom = a[at + down]! * (1 - fx) + a[at + right + down]! * fx;
  return top * (1 - fy) + bottom * fy;
}

/** Where a lattice over `grid`, one node each `step` pixels, falls in the moving picture, in its pixels. */
function movingPixels(moving: Grid, grid: Grid, transform: Transform, step: number): Float64Array {
  const columns = Math.ceil((grid.width - 1) / step) + 1;
  const rows = Math.ceil((grid.height - 1) / step) + 1;
  const nodes = new Float64Array(columns * rows * 2);
  for (let v = 0, k = 0; v < rows; v++) {
    for (let u = 0; u < columns; u++) {
      nodes[k++] = u * step;
      nodes[k++] = v * step;
    }
  }
  return toPixel(moving, apply(transform, toWorld(grid, nodes as Points<"pixel">)));
}

/** Writes the bilinear sample at (x, y) into element `to` of each band; false, and nothing written, where there is none. */
function sample(from: Picture, x: number, y: number, into: Uint8Array, to: number, plane: number): boolean {
  const { width, height } = from.grid;
  if (!(x >= -0.5 && y >= -0.5 && x < width - 0.5 && y < height - 0.5)) return false;
  const cx = Math.min(Math.max(x, 0), width - 1);
  const cy = Math.min(Math.max(y, 0), height - 1);
  const x0 = Math.floor(cx);
  const y0 = Math.floor(cy);
  const fx = cx - x0;
  const fy = cy - y0;
  const a = y0 * width + x0;
  const b = a + (fx > 0 ? 1 : 0);
  const down = fy > 0 ? width : 0;
  if (!from.valid[a] || !from.valid[b] || !from.valid[a + down] || !from.valid[b + down]) return false;
  const size = width * height;
  const d = from.data;
  for (let band = 0; band < from.bands; band++) {
    const start = band * size;
    const top = d[start + a]! * (1 - fx) + d[start + b]! * fx;
    const bottom = d[start + a + down]! * (1 - fx) + d[start + b + down]! * fx;
    into[band * plane + to] = Math.round(top * (1 - fy) + bottom * fy);
  }
  return true;
}

/** Fixed in magenta, moving in green: what agrees is gray, what does not is coloured by the brighter one. Three bands. */
export function overlay(fixed: Picture, moving: Picture): Pixels {
  const f = grayOf(fixed);
  const m = grayOf(moving);
  const size = f.length;
  const data = new Uint8Array(size * 3);
  for (let i = 0; i < size; i++) {
    const magenta = fixed.valid[i] ? f[i]! : 0;
    data[i] = magenta;
    data[size + i] = moving.valid[i] ? m[i]! : 0;
    data[2 * size + i] = magenta;
  }
  return { data, width: fixed.grid.width, height: fixed.grid.height, bands: 3 };
}

/** Pixels for an encoder; with `alpha` a last band that is 0 where there is no observation. */
export function picturePixels(picture: Picture, alpha: boolean): Pixels {
  const { width, height } = picture.grid;
  if (!alpha) return { data: picture.data, width, height, bands: picture.bands };
  const size = width * height;
  const data = new Uint8Array(size * 4);
  for (let b = 0; b < 3; b++)
    data.set(
      picture.data.subarray(picture.bands === 3 ? b * size : 0, (picture.bands === 3 ? b + 1 : 1) * size),
      b * size,
    );
  for (let i = 0; i < size; i++) data[3 * size + i] = picture.valid[i] ? 255 : 0;
  return { data, width, height, bands: 4 };
}

/** Share of the pixels that have an observation, 0 to 1. */
export function validShare(picture: Picture): number {
  let sum = 0;
  for (const v of picture.valid) sum += v;
  return sum / Math.max(1, picture.valid.length);
}

/**
 * Where the moving image lies before registration: where its file puts it, when that overlaps the fixed image; otherwise centre on centre.
 *
 * @returns a map from fixed world to moving world, and how it was chosen
 */
export function initialPlacement(fixed: Grid, moving: Grid): { transform: Transform; how: "file" | "centre" } {
  const identity: Transform = { type: "affine", matrix: [1, 0, 0, 0, 1, 0] };
  if (fixed.crs === moving.crs && worldOverlap(fixed, moving) >= 0.1) return { transform: identity, how: "file" };
  const [fx, fy] = centre(fixed);
  const [mx, my] = centre(moving);
  return { transform: { type: "affine", matrix: [1, 0, mx - fx, 0, 1, my - fy] }, how: "centre" };
}

function centre(grid: Grid): [number, number] {
  const [x, y] = toWorld(grid, pixelPoints([(grid.width - 1) / 2, (grid.height - 1) / 2]));
  return [x!, y!];
}

/** Share of the fixed image's area, in a lattice of 17 × 17 places, that lies on the moving image when both stay where their files put them. */
function worldOverlap(fixed: Grid, moving: Grid): number {
  const nodes: number[] = [];
  for (let v = 0; v <= 16; v++)
    for (let u = 0; u <= 16; u++) nodes.push((u / 16) * (fixed.width - 1), (v / 16) * (fixed.height - 1));
  const at = toPixel(moving, toWorld(fixed, pixelPoints(nodes)));
  let inside = 0;
  for (let i = 0; i < at.length; i += 2) {
    if (at[i]! >= -0.5 && at[i]! < moving.width - 0.5 && at[i + 1]! >= -0.5 && at[i + 1]! < moving.height - 0.5)
      inside++;
  }
  return inside / (at.length / 2);
}
