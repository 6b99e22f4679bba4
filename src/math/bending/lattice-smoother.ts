import { cubicBasis } from "../../core/bending/control-lattice.js";
import { ok, type Result } from "../../core/diagnostic.js";
import { applyAffine, type Grid, invertAffine, spacing } from "../../core/grid.js";
import { sequence } from "../../core/transform.js";
import { fitMap } from "../fit.js";
import { meanOf, type Partitions, sumsOver, withoutParts } from "./neighbourhoods.js";
import type { Smoother, SmoothFit } from "./smoother.js";

/** Added to the diagonal of the energy: coefficients that nothing speaks of are 0. */
const RIDGE = 1e-6;

/**
 * Cubic B-spline displacements on a lattice before an affine map: the map of least weighted mean square distance plus
 * smoothing times the bending energy of the displacement, ∫∫ d_xx² + 2 d_xy² + d_yy² over 8π, in units in which the places
 * have a mean square distance of 1 from their middle: as a thin plate counts its own.
 *
 * The affine map is fitted first. Coefficients follow from banded normal equations; a residual without a place is the
 * residual over one minus its leverage.
 *
 * @param places  interleaved
 * @param weight  of each place, above 0
 * @param lattice  must reach two steps beyond all places
 * @param partitions  places that are left out together; each alone when absent
 */
export function latticeSmoother(
  places: Float64Array,
  weight: Float64Array,
  lattice: Grid,
  partitions?: Partitions,
): Result<Smoother> {
  const n = weight.length;
  const { width, height } = lattice;
  const m = width * height;
  const band = 3 * width + 4; // half-width of the normal matrix, its diagonal included
  let total = 0;
  for (const w of weight) total += w;
  const share = weight.map((w) => w / total);

  // Sixteen weights for each place, and the first coefficient of each of their four rows.
  const taps = new Float64Array(16 * n);
  const first = new Int32Array(n);
  const at = applyAffine(invertAffine(lattice.worldFromPixel), places);
  const [across, down] = [new Float64Array(8), new Float64Array(8)];
  for (let i = 0; i < n; i++) {
    const column = Math.min(width - 3, Math.max(1, Math.floor(at[2 * i]!)));
    const row = Math.min(height - 3, Math.max(1, Math.floor(at[2 * i + 1]!)));
    cubicBasis(at[2 * i]! - column, across);
    cubicBasis(at[2 * i + 1]! - row, down);
    first[i] = (row - 1) * width + column - 1;
    for (let j = 0; j < 4; j++) for (let k = 0; k < 4; k++) taps[16 * i + 4 * j + k] = down[j]! * across[k]!;
  }
  const normal = new Float64Array(m * band); // row r holds columns r .. r + band - 1
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < 16; a++) {
      const r = first[i]! + (a >> 2) * width + (a & 3);
      for (let b = a; b < 16; b++) {
        const c = first[i]! + (b >> 2) * width + (b & 3);
        normal[band * r + c - r] = normal[band * r + c - r]! + share[i]! * taps[16 * i + a]! * taps[16 * i + b]!;
      }
    }
  }
  const unit = spread(places) / spacing(lattice);
  const energy = bendingEnergy(width, height, band).map((v, i) => v * unit * unit + (i % band === 0 ? RIDGE : 0));

  // The smoothing that was asked for last is likely to be asked for again.
  let kept: { smoothing: number; factor: Float64Array; leverage: Float64Array; rows: Float64Array[] } | undefined;
  const factored = (smoothing: number) => {
    if (kept?.smoothing === smoothing) return kept;
    const A = normal.map((v, i) => v + Math.max(smoothing, 1e-12) * energy[i]!);
    factorise(A, m, band);
    const leverage = new Float64Array(n);
    const rows: Float64Array[] = [];
    const x = new Float64Array(m);
    for (let i = 0; i < n; i++) {
      x.fill(0);
      for (let a = 0; a < 16; a++) x[first[i]! + (a >> 2) * width + (a & 3)] = taps[16 * i + a]!;
      forward(A, x, m, band, first[i]!);
      let sum = 0;
      for (let r = first[i]!; r < m; r++) sum += x[r]! * x[r]!;
      leverage[i] = share[i]! * sum;
      if (partitions) rows.push(x.slice());
    }
    kept = { smoothing, factor: A, leverage, rows };
    return kept;
  };

  /** Residuals at places that the fit is not shown; a fit to values v is Σⱼ rowsᵢ·rowsⱼ shareⱼ vⱼ. */
  const without = (parted: Partitions, residual: Float64Array, rows: readonly Float64Array[]) => {
    const root = share.map(Math.sqrt);
    const element = (i: number, j: number): number => {
      const [p, q] = [rows[i]!, rows[j]!];
      let sum = 0;
      for (let r = 0; r < p.length; r++) sum += p[r]! * q[r]!;
      return (i === j ? 1 : 0) - root[i]! * root[j]! * sum;
    };
    const right = residual.map((v, i) => v * root[i >> 1]!);
    return withoutParts(parted, element, right).map((left) => left.map((v, i) => v / root[i >> 1]!));
  };

  const solve = (
    values: Float64Array,
    smoothing: number,
  ): SmoothFit & { readonly heldOuts: readonly Float64Array[] } => {
    const straight = fitMap("affine", places, values, undefined, weight);
    if (!straight.ok) throw new Error("Internal error: places on a line");
    const [a, b, c, d, e, f] = straight.value;
    const affine = [a, b, c, d, e, f] as const;
    const isAffine = smoothing === Number.POSITIVE_INFINITY;
    // What is to be bent before the affine map: the values led back, less the places.
    const bend = applyAffine(invertAffine(affine), values).map((v, i) => v - places[i]!);
    const left = new Float64Array(2 * n);
    let lefts: Float64Array[];
    const coefficients = new Float64Array(2 * m);
    let freedom = 3;
    if (isAffine) {
      for (let i = 0; i < n; i++)
        for (let k = 0; k < 2; k++) left[2 * i + k] = -bend[2 * i + k]! / (partitions ? 1 : 1 - 3 * share[i]!);
      lefts = partitions ? without(partitions, left, affineRows(places, share)) : [left];
    } else {
      const { factor, leverage, rows } = factored(smoothing);
      for (let k = 0; k < 2; k++) {
        const x = new Float64Array(m);
        for (let i = 0; i < n; i++) {
          for (let t = 0; t < 16; t++) {
            const r = first[i]! + (t >> 2) * width + (t & 3);
            x[r] = x[r]! + share[i]! * taps[16 * i + t]! * bend[2 * i + k]!;
          }
        }
        forward(factor, x, m, band, 0);
        backward(factor, x, m, band);
        for (let r = 0; r < m; r++) coefficients[2 * r + k] = x[r]!;
        for (let i = 0; i < n; i++) {
          let sum = 0;
          for (let t = 0; t < 16; t++) sum += taps[16 * i + t]! * x[first[i]! + (t >> 2) * width + (t & 3)]!;
          left[2 * i + k] = (sum - bend[2 * i + k]!) / (partitions ? 1 : Math.max(1e-9, 1 - leverage[i]!));
        }
      }
      lefts = partitions ? without(partitions, left, rows) : [left];
      freedom += leverage.reduce((sum, h) => sum + h, 0);
    }
    const heldOuts = lefts.map((l) => l.map((_, i) => (i & 1 ? d * l[i - 1]! + e * l[i]! : a * l[i]! + b * l[i + 1]!)));
    return {
      transform: isAffine
        ? { type: "affine", matrix: affine }
        : sequence({ type: "bspline", lattice, coefficients }, { type: "affine", matrix: affine }),
      ...{ heldOuts, heldOut: meanOf(heldOuts), freedom },
    };
  };

  return ok({
    solve,
    heldOutSquares(values, smoothing) {
      const squares = solve(values, smoothing).heldOuts.map((left) =>
        share.map((w, i) => w * (left[2 * i]! ** 2 + left[2 * i + 1]! ** 2)),
      );
      return partitions ? sumsOver(partitions, squares) : squares[0]!;
    },
  });
}

/** Rows of the weighted affine fit, as those of the lattice: 1, x and y made orthonormal over the places. */
function affineRows(places: Float64Array, share: Float64Array): Float64Array[] {
  let [x0, y0, xx, xy, yy] = [0, 0, 0, 0, 0];
  for (const [i, w] of share.entries()) [x0, y0] = [x0 + w * places[2 * i]!, y0 + w * places[2 * i + 1]!];
  for (const [i, w] of share.entries()) {
    const [x, y] = [places[2 * i]! - x0, places[2 * i + 1]! - y0];
    [xx, xy, yy] = [xx + w * x * x, xy + w * x * y, yy + w * y * y];
  }
  const across = Math.sqrt(xx);
  const down = Math.sqrt(yy - (xy * xy) / xx);
  return Array.from(share, (_, i) => {
    const [x, y] = [places[2 * i]! - x0, places[2 * i + 1]! - y0];
    return Float64Array.of(1, x / across, (y - (xy / xx) * x) / down);
  });
}

/** Root mean square distance of places from their middle. */
function spread(places: Float64Array): number {
  const n = places.length / 2;
  let [x0, y0, square] = [0, 0, 0];
  for (let i = 0; i < n; i++) [x0, y0] = [x0 + places[2 * i]! / n, y0 + places[2 * i + 1]! / n];
  for (let i = 0; i < n; i++) square += ((places[2 * i]! - x0) ** 2 + (places[2 * i + 1]! - y0) ** 2) / n;
  return Math.sqrt(square);
}

/**
 * Upper band of the energy's matrix, over the cells of the lattice in which the displacement is free: within its two
 * outermost cells it fades to 0.
 */
function bendingEnergy(width: number, height: number, band: number): Float64Array {
  const out = new Float64Array(width * height * band);
  const [across, down] = [products(width), products(height)];
  const of = (table: Products, order: 0 | 1 | 2, i: number, j: number) =>
    table[order][7 * Math.min(i, j) + Math.abs(i - j)]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let v = y; v <= Math.min(y + 3, height - 1); v++) {
        for (let u = v === y ? x : Math.max(0, x - 3); u <= Math.min(x + 3, width - 1); u++) {
          const sum =
            of(across, 2, x, u) * of(down, 0, y, v) +
            2 * of(across, 1, x, u) * of(down, 1, y, v) +
            of(across, 0, x, u) * of(down, 2, y, v);
          out[band * (y * width + x) + (v - y) * width + u - x] = sum / (8 * Math.PI);
        }
      }
    }
  }
  return out;
}

type Products = readonly [Float64Array, Float64Array, Float64Array];

/** Places and weights of Gauss' rule of four points on [0, 1]: exact for the products of cubics. */
const GAUSS = [
  [0.06943184420297371, 0.17392742256872692],
  [0.33000947820757187, 0.32607257743127305],
  [0.6699905217924281, 0.32607257743127305],
  [0.9305681557970262, 0.17392742256872692],
] as const;

/**
 * Inner products of cubic B-splines on a row of `count` knots, of their first and of their second derivatives, over the
 * cells from the second to the last but one: element 7 i + j is that of splines i and i + j.
 */
function products(count: number): Products {
  const tables = [0, 1, 2].map(() => new Float64Array(7 * count)) as unknown as Products;
  const basis = new Float64Array(8);
  for (let cell = 1; cell < count - 2; cell++) {
    for (const [t, weight] of GAUSS) {
      cubicBasis(t, basis);
      const second = [1 - t, 3 * t - 2, 1 - 3 * t, t];
      for (let a = 0; a < 4; a++) {
        for (let b = a; b < 4; b++) {
          const at = 7 * (cell - 1 + a) + b - a;
          tables[0][at] = tables[0][at]! + weight * basis[a]! * basis[b]!;
          tables[1][at] = tables[1][at]! + weight * basis[4 + a]! * basis[4 + b]!;
          tables[2][at] = tables[2][at]! + weight * second[a]! * second[b]!;
        }
      }
    }
  }
  return tables;
}

/** Cholesky in place: the upper band of A becomes U with A = Uᵀ U. A must be positive definite. */
function factorise(A: Float64Array, m: number, band: number): void {
  for (let r = 0; r < m; r++) {
    const row = band * r;
    const pivot = Math.sqrt(Math.max(A[row]!, 1e-300));
    const end = Math.min(band, m - r);
    for (let c = 0; c < end; c++) A[row + c] = A[row + c]! / pivot;
    for (let k = 1; k < end; k++) {
      const u = A[row + k]!;
      if (u === 0) continue;
      const other = band * (r + k);
      for (let c = k; c < end; c++) A[other + c - k] = A[other + c - k]! - u * A[row + c]!;
    }
  }
}

/** Solves Uᵀ x = b in place; `from` is the first element that is not 0. */
function forward(U: Float64Array, x: Float64Array, m: number, band: number, from: number): void {
  for (let r = from; r < m; r++) {
    const row = band * r;
    const value = x[r]! / U[row]!;
    x[r] = value;
    const end = Math.min(band, m - r);
    for (let c = 1; c < end; c++) x[r + c] = x[r + c]! - U[row + c]! * value;
  }
}

/** Solves U x = b in place. */
function backward(U: Float64Array, x: Float64Array, m: number, band: number): void {
  for (let r = m - 1; r >= 0; r--) {
    const row = band * r;
    const end = Math.min(band, m - r);
    let sum = x[r]!;
    for (let c = 1; c < end; c++) sum -= U[row + c]! * x[r + c]!;
    x[r] = sum / U[row]!;
  }
}
