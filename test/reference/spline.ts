import { doubles, type Plane } from "./plane.js";

const Z = Math.sqrt(3) - 2;
const SQUARE = 64;
const HALO = 16;
const TAPS = 20;
const powers = Float64Array.from({ length: 2 * TAPS + 1 }, (_, k) => Z ** Math.abs(k - TAPS));

/** Position of a sample beyond the ends, mirrored about the outermost ones. */
export function fold(v: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const m = ((v % period) + period) % period;
  return m < size ? m : period - m;
}

/** Linear between valid ones, level beyond them; untouched where there is none. */
function filled(line: readonly number[]): number[] {
  const valid = line.flatMap((v, i) => (Number.isNaN(v) ? [] : [i]));
  if (valid.length === 0) return [...line];
  return line.map((v, i) => {
    if (!Number.isNaN(v)) return v;
    const [before, after] = [valid.findLast((k) => k < i), valid.find((k) => k > i)];
    if (before === undefined) return line[after!]!;
    if (after === undefined) return line[before]!;
    return line[before]! + (line[after]! - line[before]!) * ((i - before) / (after - before));
  });
}

/** The inverse of the samples (1/6, 4/6, 1/6) of a B-spline as one long sum: samples [from, end) of a line of `size`. */
function filtered(line: readonly number[], from: number, size: number): number[] {
  const beyond = Float64Array.from({ length: line.length + 2 * TAPS }, (_, i) => {
    const k = fold(from + i - TAPS, size) - from;
    return line[Math.min(Math.max(k, 0), line.length - 1)]!;
  });
  return line.map((_, i) => {
    let sum = 0;
    for (let k = 0; k <= 2 * TAPS; k++) sum += powers[k]! * beyond[i + k]!;
    return ((-6 * Z) / (1 - Z * Z)) * sum;
  });
}

const range = (square: number, size: number) => ({
  from: Math.max(0, square * SQUARE - HALO),
  end: Math.min(size, (square + 1) * SQUARE + HALO),
});

/** Coefficients of the cubic B-spline through a plane; see the kernel `splineCoefficients` for squares and holes. */
export function splineCoefficients(p: Plane): Plane {
  const out = doubles(p.width, p.height, () => Number.NaN);
  for (let squareY = 0; squareY * SQUARE < p.height; squareY++) {
    for (let squareX = 0; squareX * SQUARE < p.width; squareX++) {
      const [across, down] = [range(squareX, p.width), range(squareY, p.height)];
      const columns: number[][] = [];
      for (let x = across.from; x < across.end; x++) {
        const column = Array.from({ length: down.end - down.from }, (_, k) => p.data[(down.from + k) * p.width + x]!);
        columns.push(filtered(filled(column), down.from, p.height));
      }
      for (let y = squareY * SQUARE; y < Math.min(p.height, (squareY + 1) * SQUARE); y++) {
        const line = filtered(filled(columns.map((c) => c[y - down.from]!)), across.from, p.width);
        for (let x = squareX * SQUARE; x < Math.min(p.width, (squareX + 1) * SQUARE); x++) {
          const hole = Number.isNaN(p.data[y * p.width + x]!);
          out.data[y * p.width + x] = hole ? Number.NaN : line[x - across.from]!;
        }
      }
    }
  }
  return out;
}
