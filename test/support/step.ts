import { wholeWindow } from "../../src/core/grid.js";
import type { Image } from "../../src/core/image.js";
import type { Outcome } from "../../src/core/plugin.js";

/** All samples of an image, planar. */
export const samplesOf = async (image: Image): Promise<number[]> => [
  ...(await image.read(wholeWindow(image.grid))).data,
];

/** The image that a step gave; throws what it complained of instead. */
export function imageOf(outcome: Outcome<{ readonly image: "image" }>): Image {
  if (outcome.ok) return outcome.value.image;
  throw new Error(outcome.diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
}

/** Reads an image in windows of the given size and puts them together: what a reader in tiles sees. */
export async function samplesInTiles(image: Image, width: number, height: number): Promise<number[]> {
  const { grid } = image;
  const out = new Array<number>(image.bands.length * grid.width * grid.height);
  for (let y = 0; y < grid.height; y += height) {
    for (let x = 0; x < grid.width; x += width) {
      const window = { x, y, width: Math.min(width, grid.width - x), height: Math.min(height, grid.height - y) };
      const { data } = await image.read(window);
      data.forEach((v, i) => {
        const column = i % window.width;
        const row = Math.floor(i / window.width) % window.height;
        const band = Math.floor(i / (window.width * window.height));
        out[(band * grid.height + y + row) * grid.width + x + column] = v;
      });
    }
  }
  return out;
}
