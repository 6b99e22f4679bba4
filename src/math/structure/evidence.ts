/** What the search by structure says for a map. */
export interface StructureEvidence {
  /** How well the blocks of both images agree on the map, at the level where maps are compared. */
  readonly score: number;
  /** The score over that of the best map elsewhere. */
  readonly margin: number;
  /** Share of blocks whose best place anywhere near agrees with the map; chance gives 4.5 %. */
  readonly consistency: number;
  /** Blocks with structure in both images. */
  readonly blocks: number;
}

type Say = (code: string, message: string, hint: string) => void;

interface Least {
  readonly margin: number;
  readonly score: number;
  readonly consistency: number;
  readonly blocks: number;
}

/**
 * What right maps have. Of 38 unrelated pairs with an answer and 14 of one kind but of different places, none had a margin
 * above 1.29 with 50 blocks or more; of 18 right ones none was below 1.59, and none had a consistency below 33 %.
 */
const SAFE: Least = { margin: 1.4, score: 0.3, consistency: 0.25, blocks: 60 };
/** Below these, chance alone does as well. */
const CHANCE: Least = { margin: 1.2, score: 0.25, consistency: 0.12, blocks: 30 };

const below = (s: StructureEvidence, least: Least): boolean =>
  !(s.margin >= least.margin && s.score >= least.score) ||
  !(s.consistency >= least.consistency && s.blocks >= least.blocks);

/** Rejects what chance may explain, and doubts what is hardly more. */
export function judgeStructure(s: StructureEvidence, reject: Say, suspect: Say): void {
  const found = `the best place is ${s.margin.toFixed(2)} times as good as the best elsewhere, and ${Math.round(100 * s.consistency)} % of ${s.blocks} blocks agree with it`;
  const wanted = `${SAFE.margin} times and ${100 * SAFE.consistency} % of ${SAFE.blocks} blocks are safe`;
  if (below(s, CHANCE)) {
    reject(
      "no-common-structure",
      `No place stands out where the images' edges agree: ${found} (${wanted})`,
      "The images may not show the same place. If they do: crop both to what they share, mask what differs, or mark tie points by hand and give them as a matches file.",
    );
  } else if (below(s, SAFE)) {
    suspect(
      "thin-structure",
      `The images' edges agree in few places: ${found} (${wanted})`,
      "Look at the overlay in the report. Cropping to what both images share, or masking what differs, may help.",
    );
  }
}
