import { DiagnosticError } from "../core/diagnostic.js";
import type { Image } from "../core/image.js";
import type { RunAccess } from "../core/record.js";
import { html, type Markup } from "./html.js";
import { indexOf, type Mosaic } from "./mosaic-data.js";
import { quantile } from "./numbers.js";
import { encoded } from "./viewer.js";

/** Side of what is shown of an overlap at most, and of what is looked through for it, pixels. */
const [longest, mostRead] = [200, 2048];

/** An overlap of two tiles that is worth a look, and why. */
export interface SeamPick {
  readonly a: string;
  readonly b: string;
  readonly why: string;
}

/** Two tiles where they overlap, in red and cyan: as the layout has them, and as they were placed. `undefined` where a tile is not at hand. */
export async function seamFigure(mosaic: Mosaic, pick: SeamPick, access: RunAccess): Promise<Markup | undefined> {
  try {
    const [a, b] = [await mosaic.image(pick.a), await mosaic.image(pick.b)];
    if (!a || !b) return undefined;
    const index = indexOf(mosaic.positions.tiles);
    const [i, j] = [index.get(pick.a), index.get(pick.b)];
    if (i === undefined || j === undefined) return undefined;
    const { x, y } = mosaic.positions;
    const found = [x[j]! - x[i]!, y[j]! - y[i]!] as const;
    const whole = overlapIn(a, b, found);
    if (!whole) return undefined;
    const nominal = nominalShift(mosaic, pick);
    const { part, values: red } = liveliest(await grayOf(a, whole), whole);
    const range = rangeOf(red);
    const views: (readonly [string, readonly [number, number]])[] = [
      ...(nominal ? [["as the layout has them", nominal] as const] : []),
      ["as placed", found],
    ];
    const shown: Markup[] = [];
    for (const [word, [dx, dy]] of views) {
      const cyan = await shifted(b, { ...part, x: part.x - dx, y: part.y - dy });
      const data = composite(red, cyan, range);
      const src = await encoded(access, { data, width: part.width, height: part.height, bands: 3 }, 88);
      const across = part.width < part.height ? Math.max(90, Math.round((260 * part.width) / part.height)) : 260;
      shown.push(
        html`<figure><img alt="${`${pick.a} in red and ${pick.b} in cyan, ${word}`}" src="${src}" style="width:${across}px"><figcaption>${word}</figcaption></figure>`,
      );
    }
    return html`<div class="seam"><p><strong>${pick.a}</strong> and <strong>${pick.b}</strong>: ${pick.why}</p><div class="views">${shown}</div></div>`;
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

function nominalShift({ nominal }: Mosaic, { a, b }: SeamPick): readonly [number, number] | undefined {
  if (!nominal) return undefined;
  const index = indexOf(nominal.tiles);
  const [i, j] = [index.get(a), index.get(b)];
  return i === undefined || j === undefined
    ? undefined
    : [nominal.x[j]! - nominal.x[i]!, nominal.y[j]! - nominal.y[i]!];
}

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The overlap in whole pixels of `a`; the middle of a very long one. */
function overlapIn(a: Image, b: Image, [dx, dy]: readonly [number, number]): Rectangle | undefined {
  const span = (d: number, first: number, second: number): readonly [from: number, length: number] => {
    const from = Math.max(0, Math.ceil(d));
    const to = Math.min(first, Math.floor(d + second));
    const length = Math.min(to - from, mostRead);
    return [from + ((to - from - length) >> 1), length];
  };
  const [x, width] = span(dx, a.grid.width, b.grid.width);
  const [y, height] = span(dy, a.grid.height, b.grid.height);
  return width < 2 || height < 2 ? undefined : { x, y, width, height };
}

/** The part of at most `longest` pixels a side where most is to be seen. */
function liveliest(
  values: Float64Array,
  whole: Rectangle,
): { readonly part: Rectangle; readonly values: Float64Array } {
  const width = Math.min(longest, whole.width);
  const height = Math.min(longest, whole.height);
  let best = { spread: -1, x: 0, y: 0 };
  const starts = (size: number, length: number) =>
    Array.from({ length: Math.ceil((size - length) / 40) + 1 }, (_, k) => Math.min(40 * k, size - length));
  for (const y of starts(whole.height, height)) {
    for (const x of starts(whole.width, width)) {
      let [n, sum, squares] = [0, 0, 0];
      for (let row = y; row < y + height; row++) {
        for (let column = x; column < x + width; column++) {
          const v = values[row * whole.width + column]!;
          if (Number.isNaN(v)) continue;
          n++;
          sum += v;
          squares += v * v;
        }
      }
      const spread = n > 0 ? squares / n - (sum / n) ** 2 : -1;
      if (spread > best.spread) best = { spread, x, y };
    }
  }
  const cut = new Float64Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (best.y + row) * whole.width + best.x;
    cut.set(values.subarray(from, from + width), row * width);
  }
  return { part: { x: whole.x + best.x, y: whole.y + best.y, width, height }, values: cut };
}

/** Whole pixels in gray; NaN where nothing was observed or the image ends. */
async function grayOf(image: Image, { x, y, width, height }: Rectangle): Promise<Float64Array> {
  const out = new Float64Array(width * height).fill(Number.NaN);
  const left = Math.max(0, x);
  const top = Math.max(0, y);
  const window = {
    ...{ x: left, y: top },
    ...{ width: Math.min(image.grid.width, x + width) - left, height: Math.min(image.grid.height, y + height) - top },
  };
  if (window.width <= 0 || window.height <= 0) return out;
  const colours = ["red", "green", "blue"].map((name) => image.bands.indexOf(name));
  const bands = colours.every((band) => band >= 0) ? colours : [0];
  const { data } = await image.read(window, { bands });
  const plane = window.width * window.height;
  for (let row = 0; row < window.height; row++) {
    for (let column = 0; column < window.width; column++) {
      const at = row * window.width + column;
      if (data[at] === image.nodata) continue;
      let sum = 0;
      for (let band = 0; band < bands.length; band++) sum += data[band * plane + at]!;
      out[(top - y + row) * width + left - x + column] = sum / bands.length;
    }
  }
  return out;
}

/** As `grayOf`, at places between pixels, linear between them. */
async function shifted(image: Image, { x, y, width, height }: Rectangle): Promise<Float64Array> {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const [u, v] = [x - left, y - top];
  const whole = await grayOf(image, { x: left, y: top, width: width + 1, height: height + 1 });
  const at = (column: number, row: number) => whole[row * (width + 1) + column]!;
  return Float64Array.from({ length: width * height }, (_, i) => {
    const [column, row] = [i % width, Math.floor(i / width)];
    const upper = mix(at(column, row), at(column + 1, row), u);
    return mix(upper, mix(at(column, row + 1), at(column + 1, row + 1), u), v);
  });
}

/** A part of 0 does not ask for the other value, which may not be there. */
const mix = (p: number, q: number, t: number): number => (t === 0 ? p : p + t * (q - p));

function rangeOf(values: Float64Array): readonly [number, number] {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort();
  const [low, high] = [quantile(sorted, 0.01), quantile(sorted, 0.995)];
  return high > low ? [low, high] : [low - 1, low + 1];
}

function composite(red: Float64Array, cyan: Float64Array, [low, high]: readonly [number, number]): Uint8Array {
  const size = red.length;
  const data = new Uint8Array(3 * size);
  const level = (v: number) =>
    Number.isNaN(v) ? 0 : Math.round(255 * Math.max(0, Math.min(1, (v - low) / (high - low))));
  for (let i = 0; i < size; i++) {
    data[i] = level(red[i]!);
    data[size + i] = data[2 * size + i] = level(cyan[i]!);
  }
  return data;
}
