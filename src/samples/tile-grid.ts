import type { Image } from "../core/image.js";
import { seededRandom } from "../math/random.js";
import { picture } from "./camera.js";
import { cells } from "./cells.js";

/** One tile of a made-up microscope grid. */
export interface SampleTile {
  /** File name without extension: `tile_r00_c03`. */
  readonly name: string;
  readonly row: number;
  readonly column: number;
  readonly image: Image;
  /** Where the stage says that the first pixel is, pixels. */
  readonly nominal: readonly [x: number, y: number];
  /** Where it is, exactly. */
  readonly true: readonly [x: number, y: number];
}

export interface TileGridOptions {
  readonly rows?: number;
  readonly columns?: number;
  /** Side of a tile, pixels. */
  readonly tile?: number;
  /** Share of a tile that its neighbour shows too. */
  readonly overlap?: number;
  /** Largest error of the stage along each axis, pixels. */
  readonly jitter?: number;
  readonly seed?: number;
}

/**
 * A culture of cells taken tile by tile: 16 bits, the light falls off towards the corners, the camera is turned by 0.2 degrees
 * against the stage, and the stage misses its mark by some pixels.
 *
 * Every tile is drawn from the scene at its exact place, so nothing is resampled and the truth is exact.
 */
export function sampleTiles(options: TileGridOptions = {}): SampleTile[] {
  const { rows = 4, columns = 5, tile = 256, overlap = 0.12, jitter = 5, seed = 1 } = options;
  const step = tile * (1 - overlap);
  const margin = tile / 4;
  const scene = cells({
    width: Math.ceil((columns - 1) * step + tile + 2 * margin),
    height: Math.ceil((rows - 1) * step + tile + 2 * margin),
    seed,
  });
  const random = seededRandom(seed);
  const turn = 0.0035;
  const tiles: SampleTile[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const nominal = [column * step, row * step] as const;
      const miss = () => jitter * (2 * random() - 1);
      const place = [nominal[0] - turn * nominal[1] + miss(), nominal[1] + turn * nominal[0] + miss()] as const;
      const image = picture(scene, {
        ...{ width: tile, height: tile, dtype: "uint16", noise: 0.012, shading: 0.3, gain: 0.6, offset: 0.05 },
        seed: seed * 1000 + tiles.length,
        sceneFromPixel: (x, y, out) => {
          out[0] = x + place[0] + margin;
          out[1] = y + place[1] + margin;
        },
      });
      const two = (n: number) => String(n).padStart(2, "0");
      tiles.push({ name: `tile_r${two(row)}_c${two(column)}`, row, column, image, nominal, true: place });
    }
  }
  return tiles;
}
