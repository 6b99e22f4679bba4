import { DiagnosticError } from "../core/diagnostic.js";
import { type Affine2, invertAffine } from "../core/grid.js";
import type { RunAccess } from "../core/record.js";
import { html, type Markup } from "./html.js";
import { quantile } from "./numbers.js";
import type { SlicePixels, Stack } from "./stack-data.js";
import { encoded } from "./viewer.js";

/** Slices and samples along a section, at most. */
const [mostSlices, mostAcross] = [400, 800];
/** Pixels of slices that are looked through for the sections of a stack. */
const pixelBudget = 4e8;
const identity: Affine2 = [1, 0, 0, 0, 1, 0];

interface Section {
  /** Slice by slice from above; NaN where nothing was observed. */
  readonly values: Float64Array;
  readonly across: number;
  readonly down: number;
}

/** Cuts through a stack along x and along y, as the slices came and as they were aligned. `undefined` where the slices are not at hand. */
export async function orthogonalViews(stack: Stack, access: RunAccess): Promise<Markup | undefined> {
  try {
    const first = await stack.pixels(0);
    const all = stack.transforms.slices.length;
    if (!first || all < 3) return undefined;
    const { width, height } = first.image.grid;
    const affordable = Math.floor(pixelBudget / (width * height));
    const count = Math.min(all, mostSlices, Math.max(24, affordable));
    const slices = Array.from({ length: count }, (_, k) => Math.floor((k * all) / count));
    const cuts = await sections(stack, slices, width, height);
    const range = rangeOf(cuts.map(({ section }) => section));
    const shown: Markup[] = [];
    for (const { name, section } of cuts) {
      const high = Math.max(90, Math.min(300, Math.round((section.down * 480) / section.across)));
      const data = Uint8Array.from(section.values, (v) => level(v, range));
      const src = await encoded(access, { data, width: section.across, height: section.down, bands: 1 }, 80);
      shown.push(
        html`<figure><img alt="${name}" src="${src}" style="height:${high}px"><figcaption>${name}</figcaption></figure>`,
      );
    }
    return html`<h3>Cuts through the stack</h3><div class="cuts">${shown}</div><p class="note">The first slice is at the top${count < all && `; ${count} of ${all} slices, evenly spread`}. What is one thing from slice to slice should run as a smooth line.</p>`;
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

async function sections(stack: Stack, slices: readonly number[], width: number, height: number) {
  const { frameFromSlice } = stack.transforms;
  const across = Math.min(mostAcross, width);
  const along = Math.min(mostAcross, height);
  const line = (samples: number) => ({
    values: new Float64Array(samples * slices.length).fill(Number.NaN),
    ...{ across: samples, down: slices.length },
  });
  const cuts = [
    { name: "along x, as the slices came", section: line(across), vertical: false, aligned: false },
    { name: "along x, aligned", section: line(across), vertical: false, aligned: true },
    { name: "along y, as the slices came", section: line(along), vertical: true, aligned: false },
    { name: "along y, aligned", section: line(along), vertical: true, aligned: true },
  ];
  for (const [row, slice] of slices.entries()) {
    const pixels = await stack.pixels(slice);
    if (!pixels) continue;
    for (const { section, vertical, aligned } of cuts) {
      const sliceFromFrame = aligned ? invertAffine(frameFromSlice[slice]!) : identity;
      const n = section.across;
      const places = Array.from({ length: n }, (_, k): readonly [number, number] => {
        const t = (k + 0.5) / n;
        const [x, y] = vertical ? [(width - 1) / 2, t * height - 0.5] : [t * width - 0.5, (height - 1) / 2];
        const [a, b, c, d, e, f] = sliceFromFrame;
        return [Math.round(a * x + b * y + c), Math.round(d * x + e * y + f)];
      });
      section.values.set(await samplesAt(pixels, places), row * n);
    }
  }
  return cuts;
}

/** Samples at whole pixels, by one read of what holds them; NaN outside. */
async function samplesAt({ image, band }: SlicePixels, places: readonly (readonly [number, number])[]) {
  const out = new Float64Array(places.length).fill(Number.NaN);
  const { width, height } = image.grid;
  const inside = places.filter(([x, y]) => x >= 0 && y >= 0 && x < width && y < height);
  if (inside.length === 0) return out;
  const xs = inside.map(([x]) => x);
  const ys = inside.map(([, y]) => y);
  const window = { x: Math.min(...xs), y: Math.min(...ys), width: 1, height: 1 };
  window.width = Math.max(...xs) - window.x + 1;
  window.height = Math.max(...ys) - window.y + 1;
  const { data } = await image.read(window, { bands: [band] });
  places.forEach(([x, y], k) => {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    const v = data[(y - window.y) * window.width + x - window.x]!;
    if (v !== image.nodata) out[k] = v;
  });
  return out;
}

function rangeOf(sections: readonly Section[]): readonly [number, number] {
  const sorted = Float64Array.from(
    sections.flatMap(({ values }) => [...values.filter((v) => Number.isFinite(v))]),
  ).sort();
  const [low, high] = [quantile(sorted, 0.005), quantile(sorted, 0.995)];
  return high > low ? [low, high] : [low - 1, low + 1];
}

const level = (v: number, [low, high]: readonly [number, number]): number =>
  Number.isFinite(v) ? Math.round(255 * Math.max(0, Math.min(1, (v - low) / (high - low)))) : 0;
