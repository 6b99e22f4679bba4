import type { Arena } from "../../kernel/memory.js";
import type { ShiftMap } from "./consensus.js";
import { REACH, SIDE, SURFACE, type TieGrid } from "./tie-grid.js";

/** How far from the map a bent specimen's content is looked for, pixels of the level. */
const BEND = 6;
const WIDTH = 2 * BEND + 1;

/**
 * Where the content of each block lies, near a map but not bound to it: for transforms that bend.
 *
 * Alone, a block's highest value is often wrong. The surfaces of a block and its eight neighbours, each moved to where the
 * map puts it, are added; what bends slowly is common to them, and what is wrong is not.
 *
 * @returns the shift of each block, interleaved, pixels of the level, and how high its peak stands above the rest, at least 0
 */
export function bentShifts(arena: Arena, grid: TieGrid, map: ShiftMap): { shifts: Float64Array; weight: Float64Array } {
  const { count, centres, cells } = grid;
  const surfaces = arena.f32(grid.surfaces, SURFACE * count);
  const [a, b, c, d, e, f] = map;
  const predicted = Float64Array.from({ length: 2 * count }, (_, i) => {
    const x = centres[i & ~1]!;
    const y = centres[i | 1]!;
    return i & 1 ? d * x + e * y + f : a * x + b * y + c;
  });
  const at = new Map<string, number>();
  for (let n = 0; n < count; n++) at.set(`${cells[2 * n]} ${cells[2 * n + 1]}`, n);
  const shifts = new Float64Array(2 * count);
  const weight = new Float64Array(count);
  const sum = new Float64Array(WIDTH * WIDTH);
  for (let n = 0; n < count; n++) {
    sum.fill(0);
    for (let j = -1; j <= 1; j++) {
      for (let i = -1; i <= 1; i++) {
        const m = at.get(`${cells[2 * n]! + i} ${cells[2 * n + 1]! + j}`);
        if (m !== undefined)
          addSurface(surfaces, m, predicted, sum, i === 0 && j === 0 ? 2 : i === 0 || j === 0 ? 1 : 0.5);
      }
    }
    let best = 0;
    for (let k = 1; k < sum.length; k++) if (sum[k]! > sum[best]!) best = k;
    const x = best % WIDTH;
    const y = Math.floor(best / WIDTH);
    if (x < 1 || y < 1 || x >= WIDTH - 1 || y >= WIDTH - 1) continue;
    shifts[2 * n] = predicted[2 * n]! + x - BEND + summit(sum[best - 1]!, sum[best]!, sum[best + 1]!);
    shifts[2 * n + 1] = predicted[2 * n + 1]! + y - BEND + summit(sum[best - WIDTH]!, sum[best]!, sum[best + WIDTH]!);
    weight[n] = Math.max(0, sum[best]!);
  }
  return { shifts, weight };
}

/** Adds a surface, moved so that the predicted shift is in the middle. */
function addSurface(surfaces: Float32Array, m: number, predicted: Float64Array, sum: Float64Array, part: number): void {
  const px = predicted[2 * m]! + REACH - BEND;
  const py = predicted[2 * m + 1]! + REACH - BEND;
  const x0 = Math.floor(px);
  const y0 = Math.floor(py);
  const u = px - x0;
  const v = py - y0;
  const value = (x: number, y: number): number =>
    x >= 0 && y >= 0 && x < SIDE && y < SIDE ? surfaces[m * SURFACE + SIDE * y + x]! : 0;
  for (let y = 0; y < WIDTH; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const top = (1 - u) * value(x0 + x, y0 + y) + u * value(x0 + x + 1, y0 + y);
      const below = (1 - u) * value(x0 + x, y0 + y + 1) + u * value(x0 + x + 1, y0 + y + 1);
      sum[WIDTH * y + x]! += part * ((1 - v) * top + v * below);
    }
  }
}

function summit(a: number, c: number, b: number): number {
  const bend = a + b - 2 * c;
  return bend < 0 ? Math.min(0.5, Math.max(-0.5, (0.5 * (a - b)) / bend)) : 0;
}
