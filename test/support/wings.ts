import { type Context, type Image, type PointSet, seededRandom, wholeWindow } from "tiepoint/plugin";
import train from "../../plugins/landmarks/train/index.js";
import { type WingSample, wingSample } from "../../src/samples/wing.js";
import { memoryImage } from "./image.js";

/** Made-up wings by item: `from` to `from + count - 1` are their seeds. Drawn once, at 160 x 120 px. */
export async function wings(from: number, count: number): Promise<ReadonlyMap<string, WingSample>> {
  const out = new Map<string, WingSample>();
  for (let seed = from; seed < from + count; seed++) {
    const { image, landmarks } = wingSample({ width: 160, seed });
    const { data } = await image.read(wholeWindow(image.grid));
    out.set(`wing ${seed}`, { image: memoryImage(data, image.grid), landmarks });
  }
  return out;
}

export const imagesOf = (samples: ReadonlyMap<string, WingSample>): Map<string, Image> =>
  new Map([...samples].map(([id, { image }]) => [id, image]));
export const pointsOf = (samples: ReadonlyMap<string, WingSample>): Map<string, PointSet> =>
  new Map([...samples].map(([id, { landmarks }]) => [id, landmarks]));

export const context = (seed = 1): Context => ({
  ...{ signal: new AbortController().signal, random: seededRandom(seed), memory: 1e9, progress: () => {} },
});

/** Quick training: what it gives is not as good as with the defaults. */
export const quick = { tolerance: 0.05, folds: 2, levels: 6, trees: 30, depth: 4, searchTrees: 8, samples: 600 };

export const trained = async (
  images: ReadonlyMap<string, Image>,
  points: ReadonlyMap<string, PointSet>,
  params: Partial<typeof quick> = {},
  seed = 1,
) => {
  const outcome = await train.run({ images, points }, { ...quick, ...params }, context(seed));
  if (!outcome.ok) throw new Error(outcome.diagnostics.map((d) => d.message).join("\n"));
  return outcome;
};

/** Mean distance of points of one order. */
export function meanError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 2) sum += Math.sqrt((a[i]! - b[i]!) ** 2 + (a[i + 1]! - b[i + 1]!) ** 2);
  return (2 * sum) / a.length;
}
