import { type Diagnostic, problem } from "../../core/diagnostic.js";
import type { Looked } from "./one-grid.js";
import type { FreeFormOptions } from "./register.js";

/** Bytes per pixel of the grid: two planes, their levels, and what the sums take. */
const PIXEL_BYTES: Readonly<Record<FreeFormOptions["metric"], number>> = { ssd: 22, ncc: 28, "mutual-information": 28 };

/** Rows of the banded factor reach over three rows of the lattice, twice: two unknowns a node. */
function factorBytes({ width, height }: Looked, spacing: number): number {
  const [columns, rows] = [Math.ceil(width / spacing) + 3, Math.ceil(height / spacing) + 3];
  return 4 * 2 * columns * rows * (2 * (3 * columns + 3) + 1);
}

/** Why two images cannot be held on the grid on which they are compared; nothing where they can. */
export function lackOfMemory(
  looked: Looked,
  spacing: number,
  metric: FreeFormOptions["metric"],
  memory: number,
): Diagnostic[] {
  const planes = PIXEL_BYTES[metric] * looked.width * looked.height;
  const factor = factorBytes(looked, spacing);
  if (planes + factor <= memory) return [];
  const mb = (n: number) => `${Math.ceil(n / 1e6)} MB`;
  return [
    problem(
      "memory-too-small",
      `Bending images of ${looked.width} x ${looked.height} px takes about ${mb(planes)}, and its lattice ${mb(factor)}, but the step may hold ${mb(memory)}`,
      factor > planes
        ? "Use a wider lattice-spacing, or give more with --memory."
        : "Give more with --memory, or bend at a coarser level with a smaller max-side.",
    ),
  ];
}
