import { type Grid, spacing } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Transform } from "../../core/transform.js";
import type { Metrics } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import { lazyImage } from "../lazy.js";
import { blockPositions, pixelMapping } from "../positions.js";
import { lattice } from "./bending-error.js";
import { roundTrip } from "./round-trip.js";
import { bendingShape } from "./shape.js";

/**
 * How much a transform magnifies area at each pixel of a grid: the determinant of its derivatives, in world units of either
 * side; 0 and less where it folds, NaN where it is not defined. Central differences over two pixels, good to 1 %.
 */
export function jacobianImage(transform: Transform, grid: Grid): Image {
  // Both sides in pixels of the same grid: what is left is the transform's own magnification.
  const mapping = pixelMapping(transform, grid, grid);
  const face = {
    ...({ grid, dtype: "float32", bands: ["area"], meaning: "intensity", tile: { width: 512, height: 512 } } as const),
  };
  return lazyImage(
    face,
    async (block, bands, out) => {
      using arena = kernels().arena();
      const around = { x: block.x - 1, y: block.y - 1, width: block.width + 2, height: block.height + 2 };
      const at = blockPositions(arena, mapping, around);
      const p = arena.f64(at, 2 * around.width * around.height);
      const row = 2 * around.width;
      for (let y = 0; y < block.height; y++) {
        for (let x = 0; x < block.width; x++) {
          const i = row * (y + 1) + 2 * (x + 1);
          const [a, d] = [p[i + 2]! - p[i - 2]!, p[i + 3]! - p[i - 1]!];
          const [b, e] = [p[i + row]! - p[i - row]!, p[i + row + 1]! - p[i - row + 1]!];
          for (let k = 0; k < bands.length; k++)
            out.data[out.from + k * out.plane + y * out.stride + x] = (a * e - b * d) / 4;
        }
      }
    },
    2 ** 18,
  );
}

/** What the Jacobian is over a grid, looked at in 48 × 48 places, and how well the transform can be reversed. */
export function jacobianMetrics(transform: Transform, grid: Grid): Metrics {
  const places = lattice(grid, new Float64Array(0));
  const corners = lattice(grid, new Float64Array(0));
  const step = spacing(grid);
  const plain = bendingShape(transform, places, corners, step, false);
  const mirrored = plain.folded > 0.5;
  const shape = mirrored ? bendingShape(transform, places, corners, step, true) : plain;
  const [least, largest] = shape.area;
  const median = shape.scale ** 2;
  const { worst, lost } = roundTrip(transform, grid);
  const numbers: Record<string, { value: number; unit?: string }> = {
    "jacobian-median": { value: mirrored ? -median : median },
    "least-area": { value: least },
    "largest-area": { value: largest },
    folded: { value: 100 * shape.folded, unit: "%" },
    anisotropy: { value: shape.anisotropy },
    "inverse-error": { value: worst, unit: "px" },
    "no-way-back": { value: 100 * lost, unit: "%" },
  };
  return Object.fromEntries(Object.entries(numbers).filter(([, { value }]) => Number.isFinite(value)));
}
