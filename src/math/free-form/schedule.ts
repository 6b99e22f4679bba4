/** A level of the pyramid, and the lattice that is fitted there. */
export interface Stage {
  readonly level: number;
  /** Pixels of level 0. */
  readonly spacing: number;
  /** Relative weight of the bending energy. */
  readonly bending: number;
  /** Only every so many rows are summed: for the right-hand side, and for the matrix. */
  readonly rowStep: number;
  readonly matrixStep: number;
  readonly iterations: number;
  /** Root mean square step of the nodes, pixels of the level, at which it ends. */
  readonly tolerance: number;
}

/** Spacing of a lattice in pixels of its level, at least: fewer pixels say too little about a node. */
const LEAST_SPACING = 10;

const ITERATIONS = { standard: [4, 5, 6, 12], fast: [2, 3, 4, 6] } as const;
const TOLERANCE = [0.02, 0.03, 0.03, 0.05];

/**
 * Coarse to fine: the lattice has the wanted spacing as soon as it is some pixels of the level, and twice, four times, ... that
 * before.
 *
 * @param levels  how many the pyramid has
 */
export function stagesOf(
  levels: number,
  options: {
    readonly spacing: number;
    readonly bending: number;
    readonly effort: "fast" | "standard";
    readonly finest: number;
  },
): readonly Stage[] {
  const finest = Math.min(options.finest, levels - 1);
  const stages: Stage[] = [];
  for (let level = levels - 1; level >= finest; level--) {
    let spacing = options.spacing;
    while (spacing / 2 ** level < LEAST_SPACING && level > finest) spacing *= 2;
    const k = Math.min(level, ITERATIONS.standard.length - 1);
    const sparse = level === 0 && spacing >= 16;
    stages.push({
      ...{ level, spacing },
      bending: level === levels - 1 && level > finest ? Math.max(options.bending, 1e-2) : options.bending,
      rowStep: sparse ? 2 : 1,
      matrixStep: sparse ? (options.effort === "fast" ? 4 : 2) : 1,
      iterations: ITERATIONS[options.effort][k]!,
      tolerance: TOLERANCE[k]!,
    });
  }
  return stages;
}
