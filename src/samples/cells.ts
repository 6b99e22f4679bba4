import { seededRandom } from "../math/random.js";
import { type Bins, binAt, type Extent } from "./bins.js";
import { type Bodies, type Body, bodiesOf, bodyAt, direction, spread } from "./blobs.js";
import { noise, octaves, smoothStep } from "./noise.js";
import type { Scene, SceneSize } from "./scene.js";

/**
 * Nuclei of cultured cells in fluorescence: bright, round to oval, in loose colonies on a dark, faintly uneven ground.
 * One gray band; the nuclei are the labels.
 */
export function cells({ width, height, seed }: SceneSize): Scene {
  const extent: Extent = { x0: -200, y0: -200, x1: width + 200, y1: height + 200 };
  const nuclei = bodiesOf(spread(scatter(extent, seed), extent, 0.9), extent, 14);
  const texture = octaves(seed + 31, 2, 0.6);
  const ground = octaves(seed + 32, 2);
  return {
    bands: ["gray"],
    paint(x, y, out) {
      const t = texture(x / 5, y / 5);
      let light = 0.05 + 0.015 * ground(x / 160, y / 160);
      const bin = binAt(nuclei.bins, x, y);
      if (bin >= 0) light += glowOf(nuclei, nuclei.bins, bin, x, y, t);
      out[0] = light;
    },
    label: (x, y) => bodyAt(nuclei, x, y) + 1,
  };
}

function glowOf(nuclei: Bodies, { starts, items }: Bins, bin: number, x: number, y: number, texture: number): number {
  let light = 0;
  for (let k = starts[bin]!; k < starts[bin + 1]!; k++) {
    const body = nuclei.list[items[k]!]!;
    const dx = x - body.x;
    const dy = y - body.y;
    const p = (dx * body.ux + dy * body.uy) / body.long;
    const q = (dy * body.ux - dx * body.uy) / body.short;
    const depth = Math.sqrt(p * p + q * q);
    const soft = 1.1 / body.short;
    const cover = 1 - smoothStep(1 - soft, 1 + soft, depth);
    const halo = 1 - smoothStep(0.7, 2.1, depth);
    // Dark nucleoli sit off the middle.
    const a = p - 0.45 * (body.character - 0.5);
    const b = q - 0.45 * (body.stain - 0.7);
    const nucleolus = 1 - smoothStep(0.02, 0.07, a * a + b * b);
    const dome = 1.05 - 0.3 * depth * depth;
    light += body.stain * (0.035 * halo + cover * 0.7 * dome * (1 + 0.3 * texture) * (1 - 0.4 * nucleolus));
  }
  return light;
}

function scatter(extent: Extent, seed: number): Body[] {
  const random = seededRandom(seed);
  const colony = noise(seed + 33);
  const bodies: Body[] = [];
  const pitch = 30;
  for (let y = extent.y0; y < extent.y1; y += pitch) {
    for (let x = extent.x0; x < extent.x1; x += pitch) {
      const [ux, uy] = direction(random);
      const short = 8.5 + 3.5 * random();
      const body = {
        x: x + pitch * random(),
        y: y + pitch * random(),
        ux,
        uy,
        long: short * (1.05 + 0.5 * random()),
        short,
        stain: 0.45 + 0.55 * random(),
        character: random(),
      };
      if (random() < 0.62 + 0.6 * colony(body.x / 140, body.y / 140)) bodies.push(body);
    }
  }
  return bodies;
}
