import type { Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import type { Unknown } from "./families.js";

/** Layout of a strip's sums: see `intensitySums`. */
const COLUMNS = 7;
const RHS = 28 * 5;
const COUNT = RHS + COLUMNS * 3;
const STRIP = COUNT + 2;

/** Pixels that a matrix may carry a place away before the pixels that are summed are chosen anew. */
export const KEEP = 1;

export interface SumsRequest {
  readonly fixed: Plane;
  readonly moving: Plane;
  /** Pixels of fixed to pixels of moving. */
  readonly matrix: Matrix3;
  /** The matrix that says which pixels are summed: those that it sends at least `KEEP` inside of the moving plane. */
  readonly support: Matrix3;
  /** Whether products of columns are wanted too; they stay the same as long as the support does, unless there are weights. */
  readonly products: boolean;
  readonly projective: boolean;
  readonly weights?: Weights | undefined;
}

/** Pixels without observation do not count; outliers count little. */
export interface Weights {
  readonly gain: number;
  readonly offset: number;
  /** Residual that weighs nothing; 0: all that is observed weighs the same. */
  readonly cut: number;
}

/** Sums of columns, and of columns times the moving plane. */
export interface Sums {
  product(a: Unknown, b: Unknown): number;
  rhs(a: Unknown): number;
  readonly movingSquare: number;
}

/** Sums over strips of rows, in a table. Strips are the same whatever the number of threads, and are added up in order. */
export class StripSums {
  readonly strips: number;
  readonly #rows: number;
  readonly #at: number;
  readonly #matrix: number;
  readonly #scratch: ReturnType<ReturnType<typeof kernels>["scratch"]>;
  /** The last sums, and the last that had products. */
  #table = new Float64Array(0);
  #products = new Float64Array(0);

  constructor(
    readonly arena: Arena,
    height: number,
  ) {
    this.#rows = Math.max(4, Math.ceil(height / 64));
    this.strips = Math.ceil(height / this.#rows);
    this.#at = arena.bytes(8 * STRIP * this.strips);
    this.#matrix = arena.bytes(8 * 18);
    this.#scratch = kernels().scratch(arena, 4096);
  }

  free(): void {
    for (const at of [this.#at, this.#matrix, this.#scratch.base]) this.arena.free(at);
  }

  run(request: SumsRequest): Sums {
    const { fixed, moving, weights } = request;
    const matrices = this.arena.f64(this.#matrix, 18);
    matrices.set(request.matrix);
    matrices.set(request.support, 9);
    const products = request.products || weights !== undefined;
    kernels().rows(
      "intensitySums",
      this.strips,
      [
        ...[fixed.at, fixed.stride, fixed.width, fixed.height],
        ...[moving.at, moving.stride, moving.width, moving.height],
        ...[this.#matrix, this.#matrix + 72, KEEP, this.#rows],
        (products ? 1 : 0) | (weights ? 2 : 0) | (request.projective ? 4 : 0),
        ...[weights?.gain ?? 0, weights?.offset ?? 0, weights && weights.cut > 0 ? 1 / weights.cut : 0],
        this.#at,
        this.#scratch,
      ],
      1,
    );
    this.#table = this.arena.f64(this.#at, STRIP * this.strips).slice();
    if (products) this.#products = this.#table;
    return this.#added();
  }

  /** The sums of one strip. */
  of(strip: number): Sums {
    return sumsAt(this.#products, this.#table, STRIP * strip);
  }

  #added(): Sums {
    const products = new Float64Array(STRIP);
    const table = new Float64Array(STRIP);
    for (let from = 0; from < this.#table.length; from += STRIP) {
      for (let i = 0; i < RHS; i++) products[i] = products[i]! + this.#products[from + i]!;
      for (let i = RHS; i < STRIP; i++) table[i] = table[i]! + this.#table[from + i]!;
    }
    return sumsAt(products, table, 0);
  }
}

const sumsAt = (products: Float64Array, table: Float64Array, from: number): Sums => ({
  product(a, b) {
    let sum = 0;
    for (const [u, i, p] of a) for (const [v, j, q] of b) sum += u * v * products[from + 5 * pair(i, j) + p + q]!;
    return sum;
  },
  rhs(a) {
    let sum = 0;
    for (const [u, i, p] of a) sum += u * table[from + RHS + 3 * i + p]!;
    return sum;
  },
  movingSquare: table[from + COUNT + 1]!,
});

/** Place of a pair of columns in the upper triangle of 7 × 7. */
function pair(i: number, j: number): number {
  const a = Math.min(i, j);
  return 7 * a - (a * (a - 1)) / 2 + Math.max(i, j) - a;
}
