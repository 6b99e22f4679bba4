import { type Grid, spacing, toPixel, toWorld } from "../core/grid.js";
import { type Points, pixelPoints, worldPoints } from "../core/points.js";
import { apply, asMatrix3, invert, type Matrix3, type Transform } from "../core/transform.js";
import { atan2, fixed as decimals, number } from "./numbers.js";

/** A map near one point: turn, size, slant, and where the point goes. World units of its two sides. */
export interface LocalMap {
  /** Radians; positive from the first axis towards the second, which is clockwise on a screen whose y points down. */
  readonly rotation: number;
  /** Square root of the change of area. */
  readonly scale: number;
  /** Largest over smallest stretch, at least 1. */
  readonly anisotropy: number;
  readonly mirrored: boolean;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** How a transform bends, over a lattice on the fixed image. */
export interface Deformation {
  /** Change of area, in world units: smallest and largest of the lattice. */
  readonly area: readonly [smallest: number, largest: number];
  /** Share of the lattice where the map folds over, 0 to 1. */
  readonly folding: number;
  /** Largest departure from the best affine map, moving world units. */
  readonly bend: number;
}

/** Lattice of a grid: `(count + 1)²` pixel points, row by row, from the first pixel's centre to the last's. */
export function lattice(grid: Grid, count: number): Points<"pixel"> {
  const nodes: number[] = [];
  for (let v = 0; v <= count; v++) {
    for (let u = 0; u <= count; u++) {
      nodes.push((u / count) * Math.max(1, grid.width - 1), (v / count) * Math.max(1, grid.height - 1));
    }
  }
  return pixelPoints(nodes);
}

/** The map near a world point, by central differences of half a step; not finite where the transform is not defined. */
export function localMap(transform: Transform, [x, y]: readonly [number, number], step: number): LocalMap {
  const h = step / 2;
  const p = apply(transform, worldPoints([x - h, y, x + h, y, x, y - h, x, y + h, x, y]));
  const a = (p[2]! - p[0]!) / step;
  const d = (p[3]! - p[1]!) / step;
  const b = (p[6]! - p[4]!) / step;
  const e = (p[7]! - p[5]!) / step;
  const det = a * e - b * d;
  const sign = det < 0 ? -1 : 1; // a mirrored map turns as the map after undoing the mirror along y
  const sum = a * a + b * b + d * d + e * e;
  const root = Math.sqrt(Math.max(0, sum * sum - 4 * det * det));
  const small = Math.sqrt(Math.max(0, (sum - root) / 2));
  const large = Math.sqrt((sum + root) / 2);
  return {
    rotation: atan2(d - sign * b, a + sign * e),
    scale: Math.sqrt(Math.abs(det)),
    anisotropy: small > 0 ? large / small : Number.POSITIVE_INFINITY,
    mirrored: det < 0,
    from: [x, y],
    to: [p[8]!, p[9]!],
  };
}

/** What the transform does between the two images, by a lattice of 32 × 32 cells; nodes outside of its domain are left out. */
export function deformation(transform: Transform, fixed: Grid): Deformation {
  const count = 32;
  const from = toWorld(fixed, lattice(fixed, count));
  const to = apply(transform, from);
  const row = 2 * (count + 1);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let folded = 0;
  let cells = 0;
  const areaOf = (p: Float64Array, i: number) =>
    (p[i + 2]! - p[i]!) * (p[i + row + 1]! - p[i + 1]!) - (p[i + row]! - p[i]!) * (p[i + 3]! - p[i + 1]!);
  let mirrored = 0;
  const areas: number[] = [];
  for (let v = 0; v < count; v++) {
    for (let u = 0; u < count; u++) {
      const i = v * row + 2 * u;
      const area = areaOf(to, i) / areaOf(from, i);
      if (!Number.isFinite(area)) continue;
      areas.push(area);
      if (area < 0) mirrored++;
    }
  }
  const side = mirrored * 2 > areas.length ? -1 : 1; // most of the map says whether it mirrors; the rest is folded
  for (const area of areas) {
    cells++;
    if (area * side <= 0) folded++;
    low = Math.min(low, area * side);
    high = Math.max(high, area * side);
  }
  return { area: [low, high], folding: cells > 0 ? folded / cells : 0, bend: bendOf(from, to) };
}

/** Largest distance of `to` from its least-squares affine fit on `from`. */
function bendOf(from: Float64Array, to: Float64Array): number {
  const keep: number[] = [];
  for (let i = 0; i < to.length; i += 2) if (Number.isFinite(to[i]!) && Number.isFinite(to[i + 1]!)) keep.push(i);
  if (keep.length < 3) return 0;
  const mean = (p: Float64Array, k: number) => keep.reduce((s, i) => s + p[i + k]!, 0) / keep.length;
  const [cx, cy, tx, ty] = [mean(from, 0), mean(from, 1), mean(to, 0), mean(to, 1)];
  let [xx, xy, yy, xu, yu, xv, yv] = [0, 0, 0, 0, 0, 0, 0];
  for (const i of keep) {
    const x = from[i]! - cx;
    const y = from[i + 1]! - cy;
    xx += x * x;
    xy += x * y;
    yy += y * y;
    xu += x * (to[i]! - tx);
    yu += y * (to[i]! - tx);
    xv += x * (to[i + 1]! - ty);
    yv += y * (to[i + 1]! - ty);
  }
  const det = xx * yy - xy * xy;
  if (!(det > 0)) return 0;
  const solve = (p: number, q: number) => [(yy * p - xy * q) / det, (xx * q - xy * p) / det] as const;
  const [a, b] = solve(xu, yu);
  const [d, e] = solve(xv, yv);
  let worst = 0;
  for (const i of keep) {
    const x = from[i]! - cx;
    const y = from[i + 1]! - cy;
    const u = to[i]! - tx - a * x - b * y;
    const v = to[i + 1]! - ty - d * x - e * y;
    worst = Math.max(worst, Math.sqrt(u * u + v * v));
  }
  return worst;
}

/** Unit of a grid's world, as it is written after a number. */
export const worldUnit = (grid: Grid): string =>
  grid.crs === "px" ? "px" : grid.crs === "um" ? "µm" : `map units (${grid.crs})`;

/** Sentences about one direction of a registration. */
export interface Direction {
  readonly title: string;
  readonly sentences: readonly string[];
}

/**
 * The transform in words, both ways: how it is stored (fixed to moving), and what happens to the moving picture.
 *
 * Turns are told as they look on the screen. Where a map bends, turn and scale hold at the image centre.
 */
export function describe(transform: Transform, fixed: Grid, moving: Grid): readonly Direction[] {
  const step = spacing(fixed) * Math.max(1, Math.min(fixed.width, fixed.height) / 8);
  const centre = toWorld(fixed, pixelPoints([(fixed.width - 1) / 2, (fixed.height - 1) / 2]));
  const there = localMap(transform, [centre[0]!, centre[1]!], step);
  const back = invertLocal(there);
  return [
    {
      title: "What happens to the moving image, to lie on the fixed one",
      sentences: sentences(back, moving, fixed, "moving", "fixed"),
    },
    {
      title: "What the file holds: where each place of the fixed image is found in the moving one",
      sentences: sentences(there, fixed, moving, "fixed", "moving"),
    },
  ];
}

const invertLocal = (m: LocalMap): LocalMap => ({
  ...m,
  rotation: m.mirrored ? m.rotation : -m.rotation,
  scale: 1 / m.scale,
  from: m.to,
  to: m.from,
});

function sentences(m: LocalMap, from: Grid, to: Grid, fromName: string, toName: string): string[] {
  if (![m.rotation, m.scale, m.to[0], m.to[1]].every(Number.isFinite)) {
    return ["The transform is not defined at the centre of the image."];
  }
  const out: string[] = [];
  const unit = worldUnit(from);
  const [a, b, , d, e] = from.worldFromPixel;
  const clockwise = m.rotation * (a * e - b * d < 0 ? -1 : 1) > 0;
  const degrees = (Math.abs(m.rotation) * 180) / Math.PI;
  if (m.mirrored) out.push("It is mirrored.");
  out.push(
    degrees < 0.0005
      ? "It is not turned."
      : `It is turned by ${decimals(degrees, 3)}° ${clockwise ? "clockwise" : "counter-clockwise"}.`,
  );
  const percent = (m.scale - 1) * 100;
  out.push(
    Math.abs(percent) < 0.005
      ? "Its size stays the same."
      : `It is ${percent > 0 ? "enlarged" : "shrunk"}: ${decimals(m.scale, 4)} times its size (${percent > 0 ? "+" : ""}${decimals(percent, 2)} %), measured in ${unit}.`,
  );
  if (m.anisotropy > 1.0005) {
    out.push(
      `It is stretched more in one direction than across it, by ${decimals((m.anisotropy - 1) * 100, 2)} % (squares become ${m.anisotropy > 1.05 ? "clearly" : "slightly"} slanted or oblong).`,
    );
  }
  const pixel = toPixel(from, worldPoints(m.from));
  const landed = toPixel(to, worldPoints(m.to));
  out.push(
    `Pixel (${number(pixel[0]!, 6)}, ${number(pixel[1]!, 6)}) of the ${fromName} image lies on pixel (${number(landed[0]!, 6)}, ${number(landed[1]!, 6)}) of the ${toName} image.`,
  );
  if (from.crs === to.crs) {
    const dx = m.to[0] - m.from[0];
    const dy = m.to[1] - m.from[1];
    const inPixels =
      from.crs === "px"
        ? ""
        : ` (${decimals(dx / spacing(to), 2)} and ${decimals(dy / spacing(to), 2)} pixels of the ${toName} image)`;
    out.push(`There it moves by ${decimals(dx, 2)} along x and ${decimals(dy, 2)} along y, in ${unit}${inPixels}.`);
  }
  return out;
}

/** What kind of map a transform is, in words. */
export function kindOf(transform: Transform): string {
  switch (transform.type) {
    case "affine":
      return "Affine map: shift, rotation, scale and shear, the same everywhere";
    case "projective":
      return "Projective map: a plane seen from another side; straight lines stay straight";
    case "tps":
      return `Thin-plate spline: bends smoothly through ${transform.knots.length / 2} tie points`;
    case "bspline":
      return `B-spline: bends smoothly on a lattice of ${transform.lattice.width} × ${transform.lattice.height} control values`;
    case "displacement":
      return `Displacement field: a shift of its own for each of ${transform.grid.width} × ${transform.grid.height} places`;
    case "sequence":
      return `Sequence of ${transform.steps.length} maps, applied one after the other`;
    case "inverse":
      return `Inverse of: ${kindOf(transform.of).replace(/^./, (c) => c.toLowerCase())}`;
  }
}

/** The 3 × 3 matrices of a map that does not bend, in world coordinates, both ways; otherwise nothing. */
export function matrices(transform: Transform): { there: Matrix3; back: Matrix3 } | undefined {
  const there = asMatrix3(transform);
  const back = there && asMatrix3(invert({ type: "projective", matrix: there }));
  return there && back && [...there, ...back].every(Number.isFinite) ? { there, back } : undefined;
}
