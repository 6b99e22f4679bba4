import { pixelGrid } from "../../src/core/grid.js";
import type { Image } from "../../src/core/image.js";
import { seededRandom } from "../../src/core/random.js";
import { memoryImage } from "./image.js";

export interface LitTiles {
  readonly count: number;
  readonly size?: number;
  /** Round spots per tile; of those a share `full` of the tiles has, the others have none. */
  readonly spots?: number;
  readonly full?: number;
  readonly background?: number;
  readonly dark?: number;
  /** Light is lost in the corners, as a share. */
  readonly vignette?: number;
  /** Spots are darker than the background, as in a stained section. */
  readonly absorbing?: boolean;
  readonly seed?: number;
}

/** What light falls on pixel (x, y) of a tile of `size`: less with the square of the distance from a point right of the middle. */
export const lightAt = (x: number, y: number, size: number, vignette: number): number => {
  const u = (2 * x) / size - 1.2;
  const v = (2 * y) / size - 1;
  return 1 - (vignette * (u * u + v * v)) / 2;
};

/** Tiles of spots on a background, seen by a camera with noise and a dark signal, each somewhere else. */
export function litTiles(options: LitTiles): Map<string, Image> {
  const { count, size = 96, spots = 40, full = 1, background = 60, dark = 100, vignette = 0.35, seed = 1 } = options;
  const random = seededRandom(seed);
  const tiles = new Map<string, Image>();
  for (let k = 0; k < count; k++) {
    const scene = new Float64Array(size * size).fill(background);
    const has = random() < full ? spots : 0;
    for (let s = 0; s < has; s++) {
      const [cx, cy, radius] = [size * random(), size * random(), 2 + 3 * random()];
      const height = options.absorbing ? -0.8 * background * random() : 200 + 1200 * random();
      for (let y = Math.max(0, Math.ceil(cy - radius)); y < Math.min(size, cy + radius); y++)
        for (let x = Math.max(0, Math.ceil(cx - radius)); x < Math.min(size, cx + radius); x++) {
          const fall = 1 - ((x - cx) ** 2 + (y - cy) ** 2) / radius ** 2;
          if (fall > 0) scene[y * size + x] = Math.max(5, scene[y * size + x]! + height * fall);
        }
    }
    const data = Uint16Array.from(scene, (s, i) => {
      const noise = random() + random() + random() + random() - 2;
      return dark + s * lightAt(i % size, Math.floor(i / size), size, vignette) + 6 * noise;
    });
    tiles.set(`t${k}`, memoryImage(data, pixelGrid(size, size)));
  }
  return tiles;
}
