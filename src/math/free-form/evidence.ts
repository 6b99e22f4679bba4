/** What a deformable registration says for its map; lengths in pixels of the moving image. */
export interface FreeFormEvidence {
  /** What was climbed or descended, in words, and its values under the start and under the bend. */
  readonly measure: string;
  readonly before: number;
  readonly after: number;
  readonly converged: boolean;
  readonly iterations: number;
  /** Share of the fixed image that is compared. */
  readonly shared: number;
  /** Correlation of detail under start and bend, and under the best bend of wrong windows; absent where none could be tried. */
  readonly detail?:
    | { readonly before: number; readonly after: number; readonly elsewhere: number; readonly deviation: number }
    | undefined;
  /** How far the bend is from that of a second start where pixels tell it: the median, and the share where they part. */
  readonly starts: { readonly distance: number; readonly apart: number };
  /** How far from where it began a place comes back through the bend of moving to fixed. */
  readonly roundTrip: { readonly distance: number; readonly apart: number };
  /** Share of the lattice's nodes about which the pixels say next to nothing. */
  readonly undetermined: number;
  /** Smallest change of area; 0 and less where the bend folds. */
  readonly leastJacobian: number;
  /** Root mean square and largest displacement by the bend. */
  readonly bend: number;
  readonly largestBend: number;
  /** Distance between the nodes of the lattice. */
  readonly spacing: number;
  /** What noise does to the bend where pixels tell it, root mean square. */
  readonly noise: number;
}

type Say = (code: string, message: string, hint: string) => void;

/** Standard deviations of wrong windows by which a right bend stands out, and those below which chance does as well. */
const SAFE = 5;
const CHANCE = 3;

/** Share of the places that may come out elsewhere: weak corners do. */
const PARTED = 0.25;

/** Rejects what a bend of anything would reach, and doubts one that is not the only one. */
export function judgeFreeForm(e: FreeFormEvidence, reject: Say, suspect: Say): void {
  if (!(e.leastJacobian > 0)) {
    reject("folds", "The bend folds over itself", "Use a wider lattice-spacing, or more bending.");
  } else if (e.leastJacobian < 0.2) {
    suspect(
      "nearly-folds",
      `The bend shrinks areas to ${percent(e.leastJacobian)} in places: it nearly folds`,
      "Use a wider lattice-spacing or more bending, or align the images better before (start:).",
    );
  }
  if (e.detail) {
    const { before, after, elsewhere, deviation } = e.detail;
    const found = `detail correlates by ${after.toFixed(2)} after the bend and by up to ${elsewhere.toFixed(2)} after bends of windows that cannot correspond, ${deviation.toFixed(1)} of their standard deviations away`;
    if (!(deviation >= CHANCE) || !(after > elsewhere)) {
      reject(
        "no-better-than-elsewhere",
        `Wrong places can be bent to fit as well: ${found}`,
        "The images may not show the same place, or the start is too far off: align them first (match/auto, match/structure) and give that as start:.",
      );
    } else if (deviation < SAFE) {
      suspect(
        "thin-evidence",
        `The place stands out little: ${found} (${SAFE} is safe)`,
        "Look at the overlay in the report.",
      );
    }
    if (after < before - 0.02) {
      suspect(
        "less-alike",
        `Detail correlates less after the bend (${after.toFixed(2)}) than before (${before.toFixed(2)})`,
        "Try metric: ncc, or a wider lattice-spacing.",
      );
    }
  } else {
    suspect(
      "untested",
      "The images are too small, or show too little, to try whether wrong windows could be bent to fit as well",
      "Look at the overlay in the report.",
    );
  }
  if (!e.converged) {
    suspect(
      "not-converged",
      `After ${e.iterations} steps the bend still moves`,
      "The images may be too far apart, or differ in more than place: align them better before (start:), try metric: ncc, or a wider lattice-spacing.",
    );
  }
  if (e.undetermined > 0.5) {
    suspect(
      "mostly-undetermined",
      `At ${percent(e.undetermined)} of the lattice's nodes the images are too flat, or not compared: the bend there is carried on from elsewhere`,
      "Use a wider lattice-spacing, or masks that leave the parts out.",
    );
  }
  const parted = ({ distance, apart }: FreeFormEvidence["starts"]) =>
    Number.isFinite(distance)
      ? `over ${percent(apart)} of what the images tell, by ${distance.toPrecision(2)} px in the median`
      : "everywhere";
  if (e.starts.apart > PARTED) {
    suspect(
      "starts-disagree",
      `From a second start the bend comes out elsewhere ${parted(e.starts)}`,
      "The images may repeat themselves or be very smooth: a wider lattice-spacing or more bending may help.",
    );
  }
  if (e.roundTrip.apart > PARTED) {
    suspect(
      "one-way",
      `Bent the other way round, places come back elsewhere ${parted(e.roundTrip)}`,
      "Something may be in one image alone: mask it, or use a wider lattice-spacing.",
    );
  }
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** Named numbers; `px` gives those in pixels their unit. */
export function freeFormMetrics(e: FreeFormEvidence): Record<string, { value: number; unit?: string }> {
  const px = (value: number) => ({ value, unit: "px" });
  return {
    "measure-before": { value: e.before },
    "measure-after": { value: e.after },
    iterations: { value: e.iterations },
    shared: { value: 100 * e.shared, unit: "%" },
    ...(e.detail
      ? {
          "detail-ncc-before": { value: e.detail.before },
          "detail-ncc": { value: e.detail.after },
          "null-ncc": { value: e.detail.elsewhere },
          "null-deviation": { value: e.detail.deviation },
        }
      : {}),
    "second-start": px(e.starts.distance),
    "second-start-apart": { value: 100 * e.starts.apart, unit: "%" },
    "round-trip": px(e.roundTrip.distance),
    "round-trip-apart": { value: 100 * e.roundTrip.apart, unit: "%" },
    undetermined: { value: 100 * e.undetermined, unit: "%" },
    "least-jacobian": { value: e.leastJacobian },
    bend: px(e.bend),
    "largest-bend": px(e.largestBend),
    "lattice-spacing": px(e.spacing),
  };
}
