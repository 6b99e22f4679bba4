import { describeTransform } from "../core/describe.js";
import { coarsen, cropGrid, type Grid, spacing, toPixel, toWorld, type Window } from "../core/grid.js";
import type { Image, Pixels } from "../core/image.js";
import type { Matches } from "../core/matches.js";
import { type Points, pixelPoints } from "../core/points.js";
import type { RunAccess } from "../core/record.js";
import { apply, type Transform } from "../core/transform.js";
import { split, type TiePoints } from "./charts.js";
import { initialPlacement, overlay, type Picture, picturePixels, place, thumbnail } from "./figures.js";
import { dataUrl, html, type Markup } from "./html.js";
import { worldUnit } from "./transform-words.js";

/** The pictures of one registration: fixed, and moving before and after, all on the same small grid. */
export interface Pictures {
  readonly fixed: Picture;
  readonly before: Picture;
  readonly after: Picture;
  /** The moving image as it is, for drawings in its own frame. */
  readonly moving: Picture;
  readonly placed: "file" | "centre";
}

/** Longer side of the pictures before they are made to fit. */
const side = 1400;

/** Makes the pictures. Reads each image once, in blocks. */
export async function picturesOf(fixed: Image, moving: Image, transform: Transform): Promise<Pictures> {
  const small = await thumbnail(fixed, side);
  const own = await thumbnail(moving, movingSide(fixed.grid, moving.grid, small.grid, transform));
  const { transform: start, how } = initialPlacement(fixed.grid, moving.grid);
  return {
    fixed: small,
    moving: own,
    before: place(own, small.grid, start),
    after: place(own, small.grid, transform),
    placed: how,
  };
}

/** Side of a moving thumbnail whose pixels are about as large as the fixed one's once both lie together. */
function movingSide(fixed: Grid, moving: Grid, small: Grid, transform: Transform): number {
  const growth = describeTransform({ transform, fixed }).scale; // of the moving image when it is brought to the fixed one
  const finePerCoarse = spacing(small) / growth / spacing(moving);
  const wanted = Math.max(moving.width, moving.height) / finePerCoarse;
  return Number.isFinite(wanted) ? Math.round(Math.min(2400, Math.max(64, wanted))) : side;
}

/** A picture shrunk by a whole factor so that its longer side is at most `most`. */
export function shrink(picture: Picture, most: number): Picture {
  const factor = Math.ceil(Math.max(picture.grid.width, picture.grid.height) / most);
  if (factor <= 1) return picture;
  const grid = coarsen(picture.grid, factor);
  const size = grid.width * grid.height;
  const full = picture.grid.width * picture.grid.height;
  const data = new Uint8Array(size * picture.bands);
  const valid = new Uint8Array(size);
  for (let y = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++) {
      const sums = [0, 0, 0];
      let n = 0;
      for (let v = y * factor; v < Math.min((y + 1) * factor, picture.grid.height); v++) {
        for (let u = x * factor; u < Math.min((x + 1) * factor, picture.grid.width); u++) {
          const i = v * picture.grid.width + u;
          if (!picture.valid[i]) continue;
          n++;
          for (let b = 0; b < picture.bands; b++) sums[b]! += picture.data[b * full + i]!;
        }
      }
      if (n === 0) continue;
      const to = y * grid.width + x;
      valid[to] = 1;
      for (let b = 0; b < picture.bands; b++) data[b * size + to] = Math.round(sums[b]! / n);
    }
  }
  return { ...picture, grid, data, valid };
}

/** An address for an `<img>`. JPEG is packed several times as fast as WebP, which is for pictures with holes. */
export async function encoded(access: RunAccess, pixels: Pixels, quality: number): Promise<string> {
  const format = pixels.bands === 4 ? "webp" : "jpeg";
  return dataUrl(await access.encode(pixels, format, quality), format);
}

/** Ways to make pictures smaller, the finest first: pixels per side that become one, and quality of the encoder. */
const attempts: readonly (readonly [divisor: number, quality: number])[] = [
  [1, 78],
  [1, 60],
  [2, 74],
  [2, 56],
  [3, 54],
  [4, 46],
  [6, 40],
];

/**
 * The viewer of one registration, in at most `budget` characters of markup: the finest pictures that fit.
 *
 * Its still pictures stand in for it on paper and where no script runs.
 */
export async function viewerOf(
  access: RunAccess,
  pictures: Pictures,
  fullWidth: number,
  name: string,
  budget: number,
): Promise<Markup> {
  let pixelsPerCharacter = 0;
  for (const [divisor, quality] of attempts) {
    const { width, height } = pictures.fixed.grid;
    const pixels = (width * height) / divisor ** 2;
    // Do not make what cannot fit, going by how well an earlier attempt could be packed.
    if (pixelsPerCharacter > 0 && (2.4 * pixels) / pixelsPerCharacter > budget) continue;
    const most = Math.ceil(Math.max(width, height) / divisor);
    const fixed = shrink(pictures.fixed, most);
    const first = await encoded(access, picturePixels(fixed, fixed.valid.includes(0)), quality);
    pixelsPerCharacter = pixels / first.length;
    if (first.length * 2.4 > budget) continue;
    const small = { ...pictures, fixed, before: shrink(pictures.before, most), after: shrink(pictures.after, most) };
    const markup = await viewerMarkup(access, small, first, fullWidth, name, quality);
    if (markup.text.length <= budget) return markup;
  }
  return html`<p class="note">The pictures would make this report too large; they are left out.</p>`;
}

async function viewerMarkup(
  access: RunAccess,
  { fixed, before, after, placed }: Pictures,
  fixedUrl: string,
  fullWidth: number,
  name: string,
  quality: number,
): Promise<Markup> {
  const img = async (role: string, picture: Picture) =>
    html`<img hidden data-role="${role}" alt="" src="${await encoded(access, picturePixels(picture, true), quality)}">`;
  const still = async (moving: Picture) => {
    const f = shrink(fixed, 560);
    return encoded(access, overlay(f, shrink(moving, 560)), Math.min(quality, 74));
  };
  const unit = worldUnit(fixed.grid);
  const factor = Math.max(1, Math.round(fullWidth / fixed.grid.width));
  const modes = ["Overlay", "Swipe", "Flicker", "Checkerboard", "Difference"];
  const beforeWords =
    placed === "file"
      ? "where the files put the images"
      : "centre on centre, for the files put the images where they do not meet";
  return html`<div class="viewer" data-factor="${factor}" data-spacing="${unit === "px" ? factor : spacing(fixed.grid)}" data-unit="${unit}">
<div class="bar"><div class="choice" role="group" aria-label="View">${modes.map((m, i) => html`<button type="button" data-mode="${["overlay", "swipe", "flicker", "checker", "difference"][i]}" aria-pressed="${i === 0 ? "true" : "false"}">${m}<kbd>${i + 1}</kbd></button>`)}</div>
<div class="choice" role="group" aria-label="Before or after registration"><button type="button" data-state="before" aria-pressed="false">Before</button><button type="button" data-state="after" aria-pressed="true">After<kbd>B</kbd></button></div>
<div class="choice" role="group" aria-label="Zoom"><button type="button" data-zoom="out" aria-label="Smaller">−</button><button type="button" data-zoom="fit">Fit</button><button type="button" data-zoom="in" aria-label="Larger">+</button></div></div>
<canvas tabindex="0" role="img" aria-label="${`Fixed and moving image of ${name}, laid over each other. Keys 1 to 5 choose the view, B shows before or after, plus and minus zoom, arrows move.`}"></canvas>
<div class="under"><label><span data-label>Balance</span><input type="range" min="0" max="100" value="50"></label><span data-legend></span><span data-where></span></div>
<img hidden data-role="fixed" alt="" src="${fixedUrl}">${await img("before", before)}${await img("after", after)}</div>
<div class="pair still"><figure><img alt="${`Overlay before registration of ${name}`}" src="${await still(before)}"><figcaption>Before: ${beforeWords}. Magenta where the fixed image is brighter, green where the moving one is.</figcaption></figure><figure><img alt="${`Overlay after registration of ${name}`}" src="${await still(after)}"><figcaption>After: gray, black and white where the two agree, coloured where they do not.</figcaption></figure></div>
<p class="note screen">“Before” shows the images ${beforeWords}. Click the picture, then turn the wheel to zoom; drag to move; double-click to see all.</p>`;
}

/** Tie points in pixels of two backdrops, with residuals in pixels of the full moving image. */
export function tiePointsOf(
  matches: Matches,
  transform: Transform,
  fixed: Picture,
  moving: Picture,
  movingGrid: Grid,
): TiePoints {
  const there = apply(transform, matches.fixed);
  const seen = toPixel(movingGrid, matches.moving);
  const put = toPixel(movingGrid, there);
  const residual = new Float64Array(matches.fixed.length / 2);
  for (let i = 0; i < residual.length; i++) {
    const dx = put[2 * i]! - seen[2 * i]!;
    const dy = put[2 * i + 1]! - seen[2 * i + 1]!;
    residual[i] = Math.sqrt(dx * dx + dy * dy);
  }
  return {
    fixed: toPixel(fixed.grid, matches.fixed),
    moving: toPixel(moving.grid, matches.moving),
    predicted: toPixel(moving.grid, there),
    residual,
    ...(matches.inlier ? { inlier: matches.inlier } : {}),
  };
}

const closeSide = 180;
const mostMovingPixels = 4_000_000;

/** A place to look at closely: a fixed pixel, and what it is. */
interface Spot {
  readonly x: number;
  readonly y: number;
  readonly title: string;
}

/**
 * Small cut-outs at full resolution, where a thumbnail cannot show a miss of a few pixels.
 *
 * Without tie points they stand at the middle and towards two corners; with them, at the best, a typical and the worst kept one.
 */
export async function closeLooks(
  access: RunAccess,
  fixed: Image,
  moving: Image,
  transform: Transform,
  pictures: Pictures,
  matches: Matches | undefined,
  points: TiePoints | undefined,
): Promise<Markup | undefined> {
  if (pictures.fixed.grid.width * 2 > fixed.grid.width) return undefined;
  const figures: Markup[] = [];
  for (const spot of spots(fixed.grid, matches, points)) {
    const window = around(spot, fixed.grid);
    const source = movingWindow(window, fixed.grid, moving.grid, transform);
    if (!source || source.width * source.height > mostMovingPixels) continue;
    const f = await cut(fixed, window, pictures.fixed.range);
    const m = place(await cut(moving, source, pictures.moving.range), f.grid, transform);
    const strip = sideBySide([picturePixels(f, true), picturePixels(m, true), withAlpha(overlay(f, m))]);
    figures.push(
      html`<figure><img alt="${spot.title}" src="${await encoded(access, strip, 72)}"><figcaption>${spot.title}, around fixed pixel ${Math.round(spot.x)}, ${Math.round(spot.y)}</figcaption></figure>`,
    );
  }
  return figures.length === 0
    ? undefined
    : html`<h3>A close look</h3><p class="note">Cut-outs of ${closeSide} pixels at full resolution: fixed, moving after registration, and both laid over each other.</p><div class="pair close">${figures}</div>`;
}

function spots(grid: Grid, matches: Matches | undefined, points: TiePoints | undefined): Spot[] {
  const at = (u: number, v: number, title: string): Spot => ({ x: grid.width * u, y: grid.height * v, title });
  if (matches && points) {
    const ranked = split(points)
      .kept.filter((i) => Number.isFinite(points.residual[i]!))
      .sort((a, b) => points.residual[a]! - points.residual[b]! || a - b);
    const pixel = toPixel(grid, matches.fixed);
    const pick = (share: number, title: string): Spot => {
      const i = ranked[Math.round(share * (ranked.length - 1))]!;
      return { x: pixel[2 * i]!, y: pixel[2 * i + 1]!, title };
    };
    if (ranked.length >= 3) {
      return [
        pick(1, "The kept tie point that fits worst"),
        pick(0.5, "A typical tie point"),
        at(0.5, 0.5, "The middle of the image"),
      ];
    }
  }
  return [
    at(0.5, 0.5, "The middle of the image"),
    at(0.2, 0.2, "Towards the upper left"),
    at(0.8, 0.8, "Towards the lower right"),
  ];
}

function around({ x, y }: Spot, grid: Grid): Window {
  const width = Math.min(closeSide, grid.width);
  const height = Math.min(closeSide, grid.height);
  const clamp = (v: number, most: number) => Math.min(Math.max(Math.round(v), 0), most);
  return {
    x: clamp(x - width / 2, grid.width - width),
    y: clamp(y - height / 2, grid.height - height),
    width,
    height,
  };
}

/** The moving pixels that a window of the fixed image needs; nothing where it falls outside. */
function movingWindow(window: Window, fixed: Grid, moving: Grid, transform: Transform): Window | undefined {
  const nodes: number[] = [];
  for (let v = 0; v <= 8; v++)
    for (let u = 0; u <= 8; u++)
      nodes.push(window.x + (u / 8) * window.width - 0.5, window.y + (v / 8) * window.height - 0.5);
  const at = toPixel(moving, apply(transform, toWorld(fixed, pixelPoints(nodes) as Points<"pixel">)));
  let [x0, y0, x1, y1] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (let i = 0; i < at.length; i += 2) {
    if (!Number.isFinite(at[i]!) || !Number.isFinite(at[i + 1]!)) continue;
    x0 = Math.min(x0, at[i]!);
    x1 = Math.max(x1, at[i]!);
    y0 = Math.min(y0, at[i + 1]!);
    y1 = Math.max(y1, at[i + 1]!);
  }
  const left = Math.max(0, Math.floor(x0) - 2);
  const top = Math.max(0, Math.floor(y0) - 2);
  const right = Math.min(moving.width, Math.ceil(x1) + 3);
  const bottom = Math.min(moving.height, Math.ceil(y1) + 3);
  return right - left >= 2 && bottom - top >= 2
    ? { x: left, y: top, width: right - left, height: bottom - top }
    : undefined;
}

/** A picture of a window at full resolution, with the same black and white as the picture of the whole. */
async function cut(image: Image, window: Window, range: readonly [number, number] | undefined): Promise<Picture> {
  const part: Image = {
    ...image,
    grid: cropGrid(image.grid, window),
    overviews: [],
    read: (w, options) => image.read({ ...w, x: w.x + window.x, y: w.y + window.y }, options),
  };
  return thumbnail(part, Math.max(window.width, window.height), { ...(range ? { range } : {}) });
}

function withAlpha({ data, width, height }: Pixels): Pixels {
  const size = width * height;
  const out = new Uint8Array(size * 4).fill(255);
  out.set(data as Uint8Array);
  return { data: out, width, height, bands: 4 };
}

/** RGBA pictures of one height in a row, with a clear gap between. */
function sideBySide(parts: readonly Pixels[]): Pixels {
  const gap = 6;
  const height = parts[0]!.height;
  const width = parts.reduce((w, p) => w + p.width + gap, -gap);
  const data = new Uint8Array(width * height * 4);
  let left = 0;
  for (const part of parts) {
    for (let b = 0; b < 4; b++) {
      for (let y = 0; y < height; y++) {
        const from = (b * height + y) * part.width;
        data.set((part.data as Uint8Array).subarray(from, from + part.width), (b * height + y) * width + left);
      }
    }
    left += part.width + gap;
  }
  return { data, width, height, bands: 4 };
}
