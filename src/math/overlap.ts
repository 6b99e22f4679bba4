import { type Grid, toPixel, toWorld } from "../core/grid.js";
import { type Points, pixelPoints } from "../core/points.js";
import { apply, type Transform } from "../core/transform.js";

export interface Overlap {
  /** Evenly spread places of the fixed image that the map puts inside the moving image, fixed world coordinates. */
  readonly places: Points<"world">;
  /** Their share of the fixed image's area. */
  readonly ofFixed: number;
  /** Their area, as a share of the smaller image's (both measured in the moving world). */
  readonly ofSmaller: number;
}

/** Where two images overlap under a transform, probed on a lattice of 40 × 40 places over the fixed image. */
export function findOverlap(transform: Transform, fixed: Grid, moving: Grid): Overlap {
  const side = 40;
  const lattice = new Float64Array(2 * side * side);
  for (let j = 0; j < side; j++) {
    for (let i = 0; i < side; i++) {
      lattice[2 * (side * j + i)] = ((i + 0.5) / side) * fixed.width - 0.5;
      lattice[2 * (side * j + i) + 1] = ((j + 0.5) / side) * fixed.height - 0.5;
    }
  }
  const world = toWorld(fixed, pixelPoints(lattice));
  const mapped = toPixel(moving, apply(transform, world));
  const places: number[] = [];
  for (let k = 0; k < mapped.length; k += 2) {
    const x = mapped[k]!;
    const y = mapped[k + 1]!;
    if (x >= -0.5 && y >= -0.5 && x <= moving.width - 0.5 && y <= moving.height - 0.5)
      places.push(world[k]!, world[k + 1]!);
  }
  const count = places.length / 2;
  const ofFixed = count / (side * side);
  // Area of the fixed image in moving pixels, by the mean area of the lattice's cells.
  let area = 0;
  let cells = 0;
  for (let j = 0; j + 1 < side; j++) {
    for (let i = 0; i + 1 < side; i++) {
      const k = 2 * (side * j + i);
      const right = k + 2;
      const down = k + 2 * side;
      const cross =
        (mapped[right]! - mapped[k]!) * (mapped[down + 1]! - mapped[k + 1]!) -
        (mapped[right + 1]! - mapped[k + 1]!) * (mapped[down]! - mapped[k]!);
      if (!(Math.abs(cross) < Number.POSITIVE_INFINITY)) continue;
      area += Math.abs(cross);
      cells++;
    }
  }
  const fixedArea = cells > 0 ? (area / cells) * side * side : 0;
  const smaller = Math.min(fixedArea, moving.width * moving.height);
  return {
    places: Float64Array.from(places) as Points<"world">,
    ofFixed,
    ofSmaller: smaller > 0 ? Math.min(1, (ofFixed * fixedArea) / smaller) : 0,
  };
}
