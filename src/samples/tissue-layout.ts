import { seededRandom } from "../math/random.js";
import { type Bins, binDiscs, type Extent } from "./bins.js";
import { type Bodies, type Body, bodiesOf, direction, spread } from "./blobs.js";
import { type Field, noise } from "./noise.js";
import type { SceneSize } from "./scene.js";

/** A gland in section: an ellipse of epithelium around an open lumen. */
export interface Gland {
  readonly x: number;
  readonly y: number;
  readonly ux: number;
  readonly uy: number;
  readonly long: number;
  readonly short: number;
  /** Radius of the lumen as a share of the gland's. */
  readonly lumen: number;
}

/** Where everything is in a piece of glandular tissue. */
export interface TissueLayout {
  readonly extent: Extent;
  readonly glands: readonly Gland[];
  readonly glandBins: Bins;
  readonly nuclei: Bodies;
  /** Moves a position a little, so that outlines are wavy; fills `out`. */
  bend(x: number, y: number, out: Float64Array): void;
}

/** Glands in a loose lattice, nuclei along their rims, spindle cells and round lymphocytes between them. */
export function tissueLayout({ width, height, seed }: SceneSize): TissueLayout {
  const extent: Extent = { x0: -260, y0: -260, x1: width + 260, y1: height + 260 };
  const random = seededRandom(seed);
  const waveX = noise(seed + 11);
  const waveY = noise(seed + 12);
  const bend = (x: number, y: number, out: Float64Array) => {
    out[0] = x + 13 * waveX(x / 46, y / 46);
    out[1] = y + 13 * waveY(x / 46, y / 46);
  };
  const glands = makeGlands(extent, random);
  const glandBins = binDiscs(
    extent,
    64,
    glands.map((g) => g.x),
    glands.map((g) => g.y),
    glands.map((g) => g.long * 1.15 + 16),
  );
  const candidates = [
    ...glands.flatMap((gland) => ring(gland, 0.86, 11.5, random, bend)),
    ...glands.flatMap((gland) => (random() < 0.6 ? ring(gland, 0.66, 14, random, bend) : [])),
    ...stroma(extent, glands, noise(seed + 13), random),
  ];
  const nuclei = bodiesOf(spread(candidates, extent, 0.86), extent, 3);
  return { extent, glands, glandBins, nuclei, bend };
}

function makeGlands(extent: Extent, random: () => number): Gland[] {
  const pitch = 178;
  const glands: Gland[] = [];
  for (let j = 0; extent.y0 + j * pitch < extent.y1; j++) {
    for (let i = 0; extent.x0 + i * pitch < extent.x1; i++) {
      const [ux, uy] = direction(random);
      const long = 48 + 44 * random();
      const gland = {
        x: extent.x0 + (i + 0.5 * (j & 1) + 0.5 + 0.46 * (random() - 0.5)) * pitch,
        y: extent.y0 + (j + 0.5 + 0.46 * (random() - 0.5)) * pitch,
        ux,
        uy,
        long,
        short: long * (0.62 + 0.36 * random()),
        lumen: 0.3 + 0.22 * random(),
      };
      if (random() < 0.86) glands.push(gland);
    }
  }
  return glands;
}

/** Nuclei side by side along a line that follows the gland's rim at a share of its radius, each pointing to the middle. */
function ring(
  gland: Gland,
  share: number,
  step: number,
  random: () => number,
  bend: (x: number, y: number, out: Float64Array) => void,
): Body[] {
  const bodies: Body[] = [];
  let [cos, sin] = direction(random);
  const at = new Float64Array(2);
  const middle = (gland.long + gland.short) / 2;
  for (let turned = 0; turned < 2 * Math.PI - step / (middle * share) / 2; ) {
    // A turn by a rational rotation: t is half the angle's tangent, near enough to half the angle.
    const t = (step * (0.85 + 0.3 * random())) / (middle * share) / 2;
    const c = (1 - t * t) / (1 + t * t);
    const s = (2 * t) / (1 + t * t);
    [cos, sin] = [cos * c - sin * s, cos * s + sin * c];
    turned += 2 * t;
    const radius = share + 0.07 * (random() - 0.5);
    const p = cos * gland.long * radius;
    const q = sin * gland.short * radius;
    const wantedX = gland.x + p * gland.ux - q * gland.uy;
    const wantedY = gland.y + p * gland.uy + q * gland.ux;
    // The rim is drawn where bend(position) lies on the ellipse, so step back along the bend.
    let x = wantedX;
    let y = wantedY;
    for (let k = 0; k < 3; k++) {
      bend(x, y, at);
      x += wantedX - at[0]!;
      y += wantedY - at[1]!;
    }
    const dx = x - gland.x;
    const dy = y - gland.y;
    const length = Math.sqrt(dx * dx + dy * dy) || 1;
    const tilt = 0.5 * (random() - 0.5);
    const norm = Math.sqrt(1 + tilt * tilt);
    bodies.push({
      x,
      y,
      ux: (dx - tilt * dy) / length / norm,
      uy: (dy + tilt * dx) / length / norm,
      long: 7.2 + 2.6 * random(),
      short: 4.3 + 1.3 * random(),
      stain: 0.62 + 0.38 * random(),
      character: random(),
    });
  }
  return bodies;
}

/** Spindle cells that follow the fibres, and clusters of small round dark lymphocytes, where there is no gland. */
function stroma(extent: Extent, glands: readonly Gland[], crowd: Field, random: () => number): Body[] {
  const bodies: Body[] = [];
  const pitch = 17;
  for (let j = 0; extent.y0 + j * pitch < extent.y1; j++) {
    for (let i = 0; extent.x0 + i * pitch < extent.x1; i++) {
      const x = extent.x0 + (i + 0.1 + 0.8 * random()) * pitch;
      const y = extent.y0 + (j + 0.1 + 0.8 * random()) * pitch;
      const [wx, wy] = direction(random);
      const chance = random();
      const size = random();
      const stain = random();
      const character = random();
      if (glands.some((g) => inside(g, x, y, 1.12))) continue;
      const density = crowd(x / 130, y / 130);
      if (density > 0.28 && chance < 0.75) {
        bodies.push({
          ...{ x, y, ux: wx, uy: wy, long: 4.6 + size, short: 4.1 + 0.8 * size },
          ...{ stain: 0.85 + 0.15 * stain, character },
        });
      } else if (chance < 0.3) {
        // Mostly along the fibres, which run from the upper left to the lower right.
        const fx = 0.83 + 0.35 * wx;
        const fy = 0.36 + 0.35 * wy;
        const length = Math.sqrt(fx * fx + fy * fy);
        bodies.push({
          ...{ x, y, ux: fx / length, uy: fy / length, long: 7.5 + 4.5 * size, short: 2.6 + 1.1 * size },
          ...{ stain: 0.6 + 0.35 * stain, character },
        });
      }
    }
  }
  return bodies;
}

function inside(g: Gland, x: number, y: number, share: number): boolean {
  const dx = x - g.x;
  const dy = y - g.y;
  if (dx * dx + dy * dy > g.long * g.long * 2) return false;
  const p = (dx * g.ux + dy * g.uy) / g.long;
  const q = (dy * g.ux - dx * g.uy) / g.short;
  return p * p + q * q < share * share;
}
