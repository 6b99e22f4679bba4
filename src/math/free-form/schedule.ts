/** A level of the pyramid, and the lattice that is fitted there. */
export interface Stage {
  readonly level: number;
  readonly isLast: boolean;
  /** Pixels of level 0. */
  readonly spacing: number;
  /** Weight of the bending energy relative to the mean diagonal of the data's matrix. */
  readonly bending: number;
  /** Half the side of the squares that are brought to mean 0 and variance 1, pixels of the level; 0: none are. */
  readonly radius: number;
  /** Of the joint histogram, for mutual information. */
  readonly bins: number;
  /** Only every so many rows are summed. */
  readonly rowStep: number;
  readonly iterations: number;
  /** Root mean square step of the nodes, pixels of the level, at which it ends. */
  readonly tolerance: number;
}

/** Spacing of a lattice in pixels of its level, at least: fewer pixels say too little about a node. */
const LEAST_SPACING = 10;
/**
 * Bending at levels above the last, at least: what differs there is less noise than details that blocks of pixels hold in part,
 * and what a level leaves too stiff the next one bends.
 */
const COARSE_BENDING = [0, 0.003, 0.03, 0.1];
/** Half the side of squares of local contrast: a share of the spacing, and pixels of the level at least. */
const LOCAL_SHARE = 0.25;
const LEAST_RADIUS = 4;

const BINS = 32;
const COARSE_BINS = 16;

/** Finest level first. */
const ITERATIONS = { standard: [6, 6, 8, 12], fast: [2, 3, 4, 6] } as const;
const TOLERANCE = [0.02, 0.03, 0.03, 0.05];
export interface ScheduleOptions {
  readonly metric: "ssd" | "ncc" | "mutual-information";
  readonly spacing: number;
  readonly bending: number;
  readonly effort: "fast" | "standard";
  readonly finest: number;
}

/**
 * Coarse to fine: the lattice has the wanted spacing as soon as that is some pixels of the level; before, twice that, four times, ...
 *
 * @param levels  how many the pyramid has
 */
export function stagesOf(levels: number, options: ScheduleOptions): readonly Stage[] {
  const finest = Math.max(0, Math.min(options.finest, levels - 1));
  const stages: Stage[] = [];
  for (let level = levels - 1; level >= finest; level--) {
    let spacing = options.spacing;
    while (spacing / 2 ** level < LEAST_SPACING && level > finest) spacing *= 2;
    const k = Math.min(level - finest, 3);
    const own = spacing / 2 ** level;
    stages.push({
      ...{ level, spacing, isLast: level === finest },
      bending: Math.max(options.bending, COARSE_BENDING[k]!),
      radius: options.metric === "ncc" ? Math.max(LEAST_RADIUS, Math.round(LOCAL_SHARE * own)) : 0,
      bins: level === 0 ? BINS : COARSE_BINS,
      rowStep: rowStepOf(own, level, options.effort),
      iterations: ITERATIONS[options.effort][k]! * (options.metric === "mutual-information" ? 2 : 1),
      tolerance: TOLERANCE[k]!,
    });
  }
  return stages;
}

/**
 * Rows between those that are summed. A node with many pixels is placed as exactly by half of them (the errors are those of the
 * images' interpolation), in half the time; by a quarter nearly so.
 *
 * @param spacing  pixels of the level
 */
function rowStepOf(spacing: number, level: number, effort: ScheduleOptions["effort"]): number {
  if (spacing < 16) return 1;
  if (effort === "fast") return spacing < 32 ? 2 : 4;
  return level === 0 ? 2 : 1;
}
