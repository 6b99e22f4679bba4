/** Which unknowns of a system hang together, and in which order to eliminate them; see `blockStructure`. */
export interface BlockStructure {
  readonly count: number;
  readonly size: number;
  readonly order: Int32Array;
  /** For each node, those that it meets when it is eliminated, and the number of the block between. */
  readonly later: readonly (readonly { readonly node: number; readonly block: number }[])[];
  readonly blocks: number;
  /** Number of the block between two nodes, which holds the rows of the one that is eliminated first; −1 for none. */
  blockOf(a: number, b: number): number;
  /** Whether a is eliminated before b. */
  before(a: number, b: number): boolean;
}

/**
 * Prepares a sparse symmetric system of `count` nodes with `size` unknowns each, coupled along edges, by elimination of the
 * node with the fewest neighbours first (minimum degree): chains, windows along a chain and trees stay sparse.
 */
export function blockStructure(
  count: number,
  size: number,
  edges: Iterable<readonly [number, number]>,
): BlockStructure {
  const near = Array.from({ length: count }, () => new Set<number>());
  for (const [a, b] of edges) {
    if (a === b) continue;
    near[a]!.add(b);
    near[b]!.add(a);
  }
  const order = new Int32Array(count);
  const rank = new Int32Array(count).fill(-1);
  const met: number[][] = near.map(() => []);
  const buckets: number[][] = [];
  const put = (v: number) => {
    const d = near[v]!.size;
    while (buckets.length <= d) buckets.push([]);
    buckets[d]!.push(v);
  };
  for (let v = count - 1; v >= 0; v--) put(v);
  for (let done = 0; done < count; ) {
    const bucket = buckets.find((list) => list.length > 0)!;
    const v = bucket.pop()!;
    if (rank[v]! >= 0 || buckets[near[v]!.size] !== bucket) continue; // an entry from before its degree changed
    rank[v] = done;
    order[done++] = v;
    const around = [...near[v]!].sort((a, b) => a - b);
    met[v] = around;
    for (const a of around) {
      const of = near[a]!;
      of.delete(v);
      for (const b of around) if (b !== a) of.add(b);
    }
    for (const a of around) put(a);
  }
  const ids = new Map<number, number>();
  let blocks = 0;
  const later = met.map((list, v) =>
    list.map((node) => {
      ids.set(v * count + node, blocks);
      return { node, block: blocks++ };
    }),
  );
  const before = (a: number, b: number) => rank[a]! < rank[b]!;
  return {
    ...{ count, size, order, later, blocks, before },
    blockOf: (a, b) => ids.get(before(a, b) ? a * count + b : b * count + a) ?? -1,
  };
}

/** A symmetric positive definite system on a structure; `add…` fill it, `solveBlocks` uses it up. */
export interface BlockSystem {
  readonly structure: BlockStructure;
  readonly diagonal: Float64Array;
  readonly between: Float64Array;
  readonly right: Float64Array;
}

export function blockSystem(structure: BlockStructure): BlockSystem {
  const { count, size, blocks } = structure;
  return {
    structure,
    diagonal: new Float64Array(count * size * size),
    between: new Float64Array(blocks * size * size),
    right: new Float64Array(count * size),
  };
}

/** Adds `block` (rows of a, columns of b, row-major) and its mirror image; a = b adds to the diagonal. */
export function addBlock(
  { structure, diagonal, between }: BlockSystem,
  a: number,
  b: number,
  block: Float64Array,
): void {
  const k = structure.size;
  if (a === b) {
    for (let i = 0; i < k * k; i++) diagonal[a * k * k + i] = diagonal[a * k * k + i]! + block[i]!;
    return;
  }
  const at = structure.blockOf(a, b) * k * k;
  const straight = structure.before(a, b);
  for (let r = 0; r < k; r++)
    for (let c = 0; c < k; c++) {
      const to = at + (straight ? r * k + c : c * k + r);
      between[to] = between[to]! + block[r * k + c]!;
    }
}

export interface BlockSolution {
  readonly x: Float64Array;
  /** Blocks on the diagonal of the inverse matrix: covariances where the matrix is an information matrix. */
  readonly covariance?: Float64Array;
}

/**
 * Solves by block Cholesky elimination; with `inverse` also the diagonal blocks of the inverse, by Takahashi's recursion
 * over the entries that the factor has (doi:10.1145/360680.360704). The system is overwritten.
 */
export function solveBlocks(system: BlockSystem, inverse = false): BlockSolution {
  const { structure, diagonal, between, right } = system;
  const { size: k, order, later, count } = structure;
  const kk = k * k;
  for (const v of order) {
    cholesky(diagonal, v * kk, k);
    lowerSolve(diagonal, v * kk, right, v * k, k, 1);
    const list = later[v]!;
    for (const { block } of list) lowerSolve(diagonal, v * kk, between, block * kk, k, k);
    for (let i = 0; i < list.length; i++) {
      const yi = list[i]!.block * kk;
      const a = list[i]!.node;
      for (let r = 0; r < k; r++) {
        let s = 0;
        for (let m = 0; m < k; m++) s += between[yi + m * k + r]! * right[v * k + m]!;
        right[a * k + r] = right[a * k + r]! - s;
      }
      for (let j = i; j < list.length; j++) {
        const yj = list[j]!.block * kk;
        const b = list[j]!.node;
        const straight = a === b || structure.before(a, b);
        const to = a === b ? a * kk : structure.blockOf(a, b) * kk;
        const into = a === b ? diagonal : between;
        for (let r = 0; r < k; r++)
          for (let c = 0; c < k; c++) {
            let s = 0;
            for (let m = 0; m < k; m++) s += between[yi + m * k + r]! * between[yj + m * k + c]!;
            const t = to + (straight ? r * k + c : c * k + r);
            into[t] = into[t]! - s;
          }
      }
    }
  }
  const x = new Float64Array(count * k);
  for (let n = count - 1; n >= 0; n--) {
    const v = order[n]!;
    for (let r = 0; r < k; r++) {
      let s = right[v * k + r]!;
      for (const { node, block } of later[v]!)
        for (let c = 0; c < k; c++) s -= between[block * kk + r * k + c]! * x[node * k + c]!;
      x[v * k + r] = s;
    }
    upperSolve(diagonal, v * kk, x, v * k, k, 1);
  }
  return inverse ? { x, covariance: inverseDiagonal(system) } : { x };
}

function inverseDiagonal({ structure, diagonal, between }: BlockSystem): Float64Array {
  const { size: k, order, later, count } = structure;
  const kk = k * k;
  const z = new Float64Array(count * kk);
  const zb = new Float64Array(between.length);
  const read = (a: number, b: number, r: number, c: number): number => {
    if (a === b) return z[a * kk + r * k + c]!;
    const at = structure.blockOf(a, b) * kk;
    return structure.before(a, b) ? zb[at + r * k + c]! : zb[at + c * k + r]!;
  };
  for (let n = count - 1; n >= 0; n--) {
    const v = order[n]!;
    const list = later[v]!;
    const w = list.map(({ block }) => {
      const m = between.slice(block * kk, (block + 1) * kk);
      upperSolve(diagonal, v * kk, m, 0, k, k);
      return m;
    });
    for (const { node, block } of list) {
      for (let r = 0; r < k; r++)
        for (let c = 0; c < k; c++) {
          let s = 0;
          for (let i = 0; i < list.length; i++)
            for (let m = 0; m < k; m++) s += w[i]![r * k + m]! * read(list[i]!.node, node, m, c);
          zb[block * kk + r * k + c] = -s;
        }
    }
    const own = new Float64Array(kk);
    for (let r = 0; r < k; r++) own[r * k + r] = 1;
    lowerSolve(diagonal, v * kk, own, 0, k, k);
    upperSolve(diagonal, v * kk, own, 0, k, k);
    for (let r = 0; r < k; r++)
      for (let c = 0; c < k; c++) {
        let s = own[r * k + c]!;
        for (let i = 0; i < list.length; i++)
          for (let m = 0; m < k; m++) s -= w[i]![r * k + m]! * zb[list[i]!.block * kk + c * k + m]!;
        z[v * kk + r * k + c] = s;
      }
  }
  return z;
}

/** Lower triangle in place. A pivot that is not positive is set to 1, so that its unknown stays where it is. */
function cholesky(m: Float64Array, at: number, k: number): void {
  for (let j = 0; j < k; j++) {
    let d = m[at + j * k + j]!;
    for (let c = 0; c < j; c++) d -= m[at + j * k + c]! ** 2;
    const root = d > 0 ? Math.sqrt(d) : 1;
    m[at + j * k + j] = root;
    for (let r = j + 1; r < k; r++) {
      let s = m[at + r * k + j]!;
      for (let c = 0; c < j; c++) s -= m[at + r * k + c]! * m[at + j * k + c]!;
      m[at + r * k + j] = s / root;
    }
  }
}

function lowerSolve(l: Float64Array, at: number, x: Float64Array, from: number, k: number, columns: number): void {
  for (let r = 0; r < k; r++)
    for (let c = 0; c < columns; c++) {
      let s = x[from + r * columns + c]!;
      for (let m = 0; m < r; m++) s -= l[at + r * k + m]! * x[from + m * columns + c]!;
      x[from + r * columns + c] = s / l[at + r * k + r]!;
    }
}

function upperSolve(l: Float64Array, at: number, x: Float64Array, from: number, k: number, columns: number): void {
  for (let r = k - 1; r >= 0; r--)
    for (let c = 0; c < columns; c++) {
      let s = x[from + r * columns + c]!;
      for (let m = r + 1; m < k; m++) s -= l[at + m * k + r]! * x[from + m * columns + c]!;
      x[from + r * columns + c] = s / l[at + r * k + r]!;
    }
}
