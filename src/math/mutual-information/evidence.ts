import type { EdgeLook } from "../structure/edge-look.js";
import type { NullPlaces } from "./null-places.js";

/** What registration by mutual information says for its map; pixels of the moving image. */
export interface InformationEvidence {
  readonly metric: "mattes" | "normalised";
  /** Under the map and under the start: nats, or the normalised value. */
  readonly information: number;
  readonly atStart: number;
  /** Expected error by the curvature at the optimum, and by how much strips disagree about it. */
  readonly sigma: number;
  readonly iterations: number;
  /** How far the last step moved a corner, where steps had not come to rest; 0 where they had. */
  readonly rest: number;
  /** What blocks say that have not chosen what intensities are worth; see `lookLocally`. */
  readonly local: {
    readonly blocks: number;
    readonly consistency: number;
    readonly deviation: number;
    readonly misfit: number;
  };
  /** What edges say; absent where there are too few. */
  readonly edges?: EdgeLook | undefined;
  /** Information under wrong maps; absent where none could be tried. */
  readonly elsewhere?: NullPlaces | undefined;
  /** Information of the best start over that of the best one elsewhere; absent where there was but one. */
  readonly margin?: number | undefined;
  /** How far the map is from that of a second start; NaN where that came to nothing. */
  readonly starts: number;
  /** How far from where it began a place comes back through the map of moving to fixed. */
  readonly roundTrip: number;
  /** How far the map is from that of the other metric. */
  readonly metrics: number;
}

type Say = (code: string, message: string, hint: string) => void;

/** What right maps reach: blocks by what intensities are worth stand out, and edges agree; or most blocks do. */
const SAFE = { deviation: 6.5, edges: 0.3, blocks: 0.3, blocksAlone: 0.5 } as const;
/** Below these, chance alone does as well. */
const CHANCE = { blocks: 0.12, deviation: 4.5, edges: 0.3 } as const;
/** Fewer blocks tell nothing. */
const LEAST_BLOCKS = 12;
const LEAST_EDGE_BLOCKS = 60;

/** Two ways to the map may differ by so much, as a share of the moving image's diagonal. */
const APART = 0.005;

/** Rejects what chance may explain, and doubts an optimum that is not the only one. */
export function judgeInformation(e: InformationEvidence, diagonal: number, reject: Say, suspect: Say): void {
  const { blocks, consistency, deviation } = e.local;
  const byWorth = blocks >= LEAST_BLOCKS ? consistency : 0;
  const byEdges = e.edges && e.edges.blocks >= LEAST_EDGE_BLOCKS ? e.edges.consistency : undefined;
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const found = `${percent(consistency)} of ${blocks} blocks lie where the map puts them${byEdges === undefined ? "" : `, and by their edges ${percent(byEdges)}`}; chance gives 5 %`;
  const isChance = !(byWorth >= CHANCE.blocks && deviation >= CHANCE.deviation) && !((byEdges ?? 0) >= CHANCE.edges);
  const isSafe =
    byWorth >= SAFE.blocksAlone ||
    (deviation >= SAFE.deviation && (byEdges === undefined ? byWorth >= SAFE.blocks : byEdges >= SAFE.edges));
  if (isChance) {
    reject(
      "no-better-than-elsewhere",
      `Parts of the images do not confirm the map: ${found}`,
      "The images may not show the same place, or lie farther apart than was looked: give a start, or try match/structure.",
    );
  } else if (!isSafe) {
    suspect("thin-evidence", `Few parts of the images confirm the map: ${found}`, "Look at the overlay in the report.");
  }
  const apart = Math.max(0.5, APART * diagonal);
  if (!(e.rest <= apart)) {
    suspect(
      "not-converged",
      `After ${e.iterations} steps the map still moves by ${e.rest.toPrecision(2)} px`,
      "Try a stiffer model, a start nearer to the truth, or a mask for what is in one image alone.",
    );
  }
  if (!(e.starts <= apart)) {
    suspect(
      "starts-disagree",
      Number.isFinite(e.starts)
        ? `From a second start nearby the map comes out ${e.starts.toPrecision(2)} px away`
        : "From a second start nothing is found",
      "The optimum is narrow or one of several: give a better start, or try model: rigid first.",
    );
  }
  if (!(e.roundTrip <= apart)) {
    suspect(
      "one-way",
      Number.isFinite(e.roundTrip)
        ? `Matched the other way round, the map comes out ${e.roundTrip.toPrecision(2)} px away`
        : "Matched the other way round, nothing is found",
      "Something may be in one image alone, or shading may be strong: mask it, or use preprocess/background first.",
    );
  }
}

/**
 * How far off a map may be, pixels of the moving image: curvature knows noise; shading, and what else biases the measure, shows
 * when the images change sides, and between two metrics.
 *
 * Of 34 accepted made pairs with other shading, noise and intensities the true error was 0.6 times as large in the median, and
 * 1.4 times at most.
 */
export const informationError = ({ sigma, roundTrip, metrics, local }: InformationEvidence): number =>
  Math.sqrt(sigma ** 2 + roundTrip ** 2 + (1.5 * metrics) ** 2 + local.misfit ** 2);
