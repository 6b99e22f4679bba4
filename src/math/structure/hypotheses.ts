import { applyMatrix3, type Matrix3 } from "../../core/transform.js";

/** A guess of how two images lie, from a search that looks everywhere. */
export interface Hypothesis {
  /** Fixed pixel to moving pixel, both of the full images. */
  readonly matrix: Matrix3;
  /** Normalised correlation of the fields, 0 to 1, weighted by the overlap; comparable within one source only. */
  readonly score: number;
  /** Radians, 0 to 2 pi: how far a direction in the fixed image turns, from x towards y, on its way to the moving one. */
  readonly rotation: number;
  /** Moving pixels per fixed pixel. */
  readonly scale: number;
  /** Whether the moving image is a mirror image. */
  readonly flipped: boolean;
  /** How much longer along one direction than across it the moving image is shown; 1 for none. */
  readonly tilt: number;
  /** Which search found it: fine or coarse structure, coarse structure with the border left in, or under tilts. */
  readonly source: "fine" | "coarse" | "unmasked" | "tilted";
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Root of the mean squared distance between where two maps send points spread over the fixed image; moving pixels. */
export function mapDistance(a: Matrix3, b: Matrix3, { width, height }: Size): number {
  const points: number[] = [];
  for (const x of [0, width / 2, width - 1]) for (const y of [0, height / 2, height - 1]) points.push(x, y);
  const p = applyMatrix3(a, Float64Array.from(points));
  const q = applyMatrix3(b, Float64Array.from(points));
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += (p[i]! - q[i]!) ** 2;
  return Math.sqrt(sum / 9);
}

/** The first `count` that lie further than `distance` from all before them. */
export function distinctMaps<T extends { readonly matrix: Matrix3 }>(
  candidates: Iterable<T>,
  fixed: Size,
  distance: number,
  count = Number.POSITIVE_INFINITY,
): T[] {
  const kept: T[] = [];
  for (const c of candidates) {
    if (kept.length >= count) break;
    // Not "none is nearer": a distance that is not a number keeps nothing.
    if (kept.every((o) => mapDistance(c.matrix, o.matrix, fixed) > distance)) kept.push(c);
  }
  return kept;
}
