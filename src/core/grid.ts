import type { Points } from "./points.js";

/** Two-by-three affine map, row-major: x' = a·x + b·y + c, y' = d·x + e·y + f. */
export type Affine2 = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/**
 * What the world axes mean: `px` when a file says nothing of size or place, `um` for bench images
 * (readers convert nm and mm), or an EPSG code, whose own unit then holds.
 */
export type Crs = "px" | "um" | `EPSG:${number}`;

/** Where an image's pixels sit in the world. Integer pixel coordinates are pixel centres; (0, 0) is the first pixel's. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly worldFromPixel: Affine2;
  readonly crs: Crs;
}

/** A half-open rectangle of whole pixels: columns [x, x + width), rows [y, y + height). */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The grid of an image that knows no size or place: the world is its pixels. */
export const pixelGrid = (width: number, height: number): Grid => ({
  width,
  height,
  worldFromPixel: [1, 0, 0, 0, 1, 0],
  crs: "px",
});

export const wholeWindow = (grid: Grid): Window => ({ x: 0, y: 0, width: grid.width, height: grid.height });

/** World positions of pixel points. */
export function toWorld(grid: Grid, points: Points<"pixel">): Points<"world"> {
  return applyAffine(grid.worldFromPixel, points) as Points<"world">;
}

/** Pixel positions of world points; results fall between pixel centres where the points do. */
export function toPixel(grid: Grid, points: Points<"world">): Points<"pixel"> {
  return applyAffine(invertAffine(grid.worldFromPixel), points) as Points<"pixel">;
}

/** Side of a square with the area of one pixel, in world units. */
export function spacing(grid: Grid): number {
  const [a, b, , d, e] = grid.worldFromPixel;
  return Math.sqrt(Math.abs(a * e - b * d));
}

/** Lengths of a pixel's two sides, in world units. */
export function pixelSides({ worldFromPixel: [a, b, , d, e] }: Grid): readonly [x: number, y: number] {
  return [Math.sqrt(a * a + d * d), Math.sqrt(b * b + e * e)];
}

/** The grid that covers the same area of the world with pixels `factor` times as wide; its last pixels may stick out. */
export function coarsen(grid: Grid, factor: number): Grid {
  const [a, b, c, d, e, f] = grid.worldFromPixel;
  const h = (factor - 1) / 2; // centre of the first coarse pixel, in fine pixels
  return {
    ...grid,
    width: Math.ceil(grid.width / factor),
    height: Math.ceil(grid.height / factor),
    worldFromPixel: [a * factor, b * factor, c + (a + b) * h, d * factor, e * factor, f + (d + e) * h],
  };
}

/** The grid of a window: same world, fewer pixels. */
export function cropGrid(grid: Grid, window: Window): Grid {
  const [a, b, c, d, e, f] = grid.worldFromPixel;
  return {
    ...grid,
    width: window.width,
    height: window.height,
    worldFromPixel: [a, b, c + a * window.x + b * window.y, d, e, f + d * window.x + e * window.y],
  };
}

export function applyAffine([a, b, c, d, e, f]: Affine2, p: Float64Array): Float64Array {
  const out = new Float64Array(p.length);
  for (let i = 0; i < p.length; i += 2) {
    const x = p[i]!;
    const y = p[i + 1]!;
    out[i] = a * x + b * y + c;
    out[i + 1] = d * x + e * y + f;
  }
  return out;
}

/** The affine map that applies `first`, then `then`. */
export function composeAffine(first: Affine2, then: Affine2): Affine2 {
  const [a, b, c, d, e, f] = then;
  const [g, h, i, j, k, l] = first;
  return [a * g + b * j, a * h + b * k, a * i + b * l + c, d * g + e * j, d * h + e * k, d * i + e * l + f];
}

/** The reverse map; its elements are not finite when `m` is singular. */
export function invertAffine([a, b, c, d, e, f]: Affine2): Affine2 {
  const det = a * e - b * d;
  return [e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det];
}
