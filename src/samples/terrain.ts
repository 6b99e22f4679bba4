import { hash, noise, octaves, smoothStep } from "./noise.js";
import type { Scene, SceneSize } from "./scene.js";

/** What has changed between two views of the same land. */
export interface Season {
  /** Shifts the colour of every field at random; another number gives another year. */
  readonly year: number;
  /** 0 is lush, 1 is dry. */
  readonly dryness: number;
}

/**
 * Land from above: relief lit from the north-west, fields with crop rows, roads, a river and woods. Red, green, blue; no labels.
 *
 * Relief, roads and the river stay between seasons, crops change.
 */
export function terrain({ seed }: Pick<SceneSize, "seed">, season: Season): Scene {
  const relief = octaves(seed + 41, 5, 0.52);
  const detail = octaves(seed + 42, 3, 0.6);
  const valley = octaves(seed + 43, 2, 0.4);
  const wood = octaves(seed + 44, 4, 0.55);
  const bendX = noise(seed + 45);
  const bendY = noise(seed + 46);
  const plots = mosaic(seed + 47, 78);
  const parishes = mosaic(seed + 48, 340);
  const found = new Float64Array(3);
  return {
    bands: ["red", "green", "blue"],
    paint(x, y, out) {
      const wx = x + 26 * bendX(x / 190, y / 190);
      const wy = y + 26 * bendY(x / 190, y / 190);
      const fine = detail(x / 5, y / 5);
      // Slope along the light, by a difference over two pixels.
      const slope = relief((x + 1) / 210, (y + 1) / 210) - relief((x - 1) / 210, (y - 1) / 210);
      const light = 1 + clamp(11 * slope, -0.42, 0.42);

      plots(wx, wy, found);
      const plot = found[0]!;
      const hedge = 1 - smoothStep(1.2, 3.2, found[1]!);
      const tint = hash(plot, season.year, seed) / 4294967296;
      const ripe = clamp(season.dryness * 0.7 + 0.6 * (tint - 0.4), 0, 1);
      // Crop rows, each field in a direction of its own: a triangle wave of the position along it.
      const turn = hash(plot, 5, seed);
      const p = (turn & 65535) / 32768 - 1;
      const q = (turn >>> 16) / 32768 - 1;
      const rows = (wx * p + wy * q) / Math.sqrt(p * p + q * q + 1e-9) / 5.2;
      const row = Math.abs(2 * (rows - Math.floor(rows)) - 1) - 0.5;
      let r = 0.2 + 0.42 * ripe + 0.07 * tint;
      let g = 0.33 + 0.2 * ripe + 0.1 * tint;
      let b = 0.15 + 0.15 * ripe;
      const grainy = 1 + 0.1 * fine + 0.13 * row;
      r *= grainy;
      g *= grainy;
      b *= grainy;

      const trees = smoothStep(0.12, 0.17, wood(x / 170, y / 170));
      const crown = 0.75 + 0.75 * fine;
      r += (0.13 * crown - r) * trees;
      g += (0.23 * crown - g) * trees;
      b += (0.11 * crown - b) * trees;
      const edge = hedge * (1 - trees);
      r += (0.14 - r) * edge * 0.75;
      g += (0.22 - g) * edge * 0.75;
      b += (0.1 - b) * edge * 0.75;
      r *= light;
      g *= light;
      b *= light;

      parishes(wx, wy, found);
      const road = 1 - smoothStep(2, 3.4, found[1]!);
      r += (0.74 + 0.1 * fine - r) * road;
      g += (0.71 + 0.1 * fine - g) * road;
      b += (0.66 + 0.1 * fine - b) * road;

      const flow = Math.abs(valley(x / 520, y / 520) + 0.035 * fine * 0.3);
      const water = 1 - smoothStep(0.016, 0.024, flow);
      const bank = (1 - smoothStep(0.024, 0.04, flow)) * (1 - water);
      r += (0.12 - r) * bank * 0.6;
      g += (0.2 - g) * bank * 0.6;
      b += (0.09 - b) * bank * 0.6;
      out[0] = r + (0.09 + 0.02 * fine - r) * water;
      out[1] = g + (0.17 + 0.02 * fine - g) * water;
      out[2] = b + (0.22 + 0.02 * fine - b) * water;
    },
  };
}

const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));

/** Cells of a Voronoi diagram of jittered lattice points: fills `out` with the cell's number and the distance to its border. */
function mosaic(seed: number, pitch: number): (x: number, y: number, out: Float64Array) => void {
  return (x, y, out) => {
    const i = Math.floor(x / pitch);
    const j = Math.floor(y / pitch);
    let best = Number.POSITIVE_INFINITY;
    let bestX = 0;
    let bestY = 0;
    let nextX = 0;
    let nextY = 0;
    let next = Number.POSITIVE_INFINITY;
    let id = 0;
    for (let b = j - 1; b <= j + 1; b++) {
      for (let a = i - 1; a <= i + 1; a++) {
        const h = hash(a, b, seed);
        const cx = (a + 0.12 + (0.76 * (h & 65535)) / 65535) * pitch;
        const cy = (b + 0.12 + (0.76 * (h >>> 16)) / 65535) * pitch;
        const d = (cx - x) * (cx - x) + (cy - y) * (cy - y);
        if (d < best) {
          next = best;
          nextX = bestX;
          nextY = bestY;
          best = d;
          bestX = cx;
          bestY = cy;
          id = h;
        } else if (d < next) {
          next = d;
          nextX = cx;
          nextY = cy;
        }
      }
    }
    const dx = nextX - bestX;
    const dy = nextY - bestY;
    out[0] = id | 0;
    out[1] = (next - best) / (2 * Math.sqrt(dx * dx + dy * dy));
  };
}
