import type { Refined } from "./refine.js";
import { apart, type Found } from "./search.js";

/** What the spectra and the correlation say for a turn, a scale and a shift. */
export interface FourierEvidence {
  /** Height of the peak over turn and scale that led there, and of the highest one elsewhere: standard deviations. */
  readonly peak: number;
  readonly peakElsewhere: number;
  /** Whitened correlation of the overlap at the place, 0 to 1. */
  readonly score: number;
  /** That over the best one at any other turn, scale or shift that was tried. */
  readonly margin: number;
  /** That over the best one of the same turn and half a turn more. */
  readonly halfTurn: number;
}

/**
 * How far the best place stands out from all others.
 *
 * @param refined  the best places, refined, best first: those that the intensities draw to one map are one place
 * @param places  all that were found, best first
 */
export function standsOut(
  refined: readonly Refined[],
  places: readonly Found[],
  { width, height }: { readonly width: number; readonly height: number },
): FourierEvidence {
  const [best, ...rest] = refined as [Refined, ...Refined[]];
  const { found } = best;
  const maps = refined.map((one) => ({ matrix: one.fit.movingFromFixed, one }));
  const away = apart(maps, width, height).slice(1);
  const rivals = away.map(({ one }) => (one.score * found.score) / best.score);
  const same = rest.filter((one) => !away.some((other) => other.one === one)).map((one) => one.found);
  const others = places.filter((one) => one !== found && !same.includes(one));
  const rival = Math.max(0.01, found.rival, ...rivals, ...others.filter(isNew).map(({ score }) => score));
  const twins = others.filter((one) => one.turn === found.turn && one.isTwin !== found.isTwin);
  const heights = others.filter(({ turn }) => turn !== found.turn).map(({ turn }) => turn.height);
  return {
    ...{ peak: found.turn.height, peakElsewhere: Math.max(0, ...heights), score: found.score },
    margin: Math.min(100, found.score / rival),
    halfTurn: Math.min(100, found.score / Math.max(0.01, ...twins.map(({ score }) => score))),
  };

  function isNew(place: Found): boolean {
    return !refined.some((one) => one.found === place);
  }
}

type Say = (code: string, message: string, hint: string) => void;

/** The best place must beat any other by this factor to be believed, and by the larger one to be safe. */
const [CLEAR, SAFE] = [1.25, 1.6];

/** Rejects a place that does not stand out, and doubts one that hardly does. */
export function judgeFourier(e: FourierEvidence, reject: Say, suspect: Say): void {
  const found = `the best place agrees ${e.margin.toFixed(2)} times as well as the best elsewhere`;
  const turned = `and ${e.halfTurn.toFixed(2)} times as well as half a turn further`;
  if (!(e.margin >= CLEAR)) {
    reject(
      "no-clear-turn",
      `No turn and scale stands out: ${found} ${turned} (${SAFE} times is safe)`,
      "The images may not show the same place, or share too little of it: try match/features, which needs a smaller overlap, or match/structure for images of different kinds. A smaller rotation: or scale: leaves fewer places to mistake.",
    );
  } else if (e.margin < SAFE) {
    suspect(
      "ambiguous",
      `Another turn, scale or shift agrees nearly as well: ${found} ${turned} (${SAFE} times is safe)`,
      "The scene may repeat itself: look at the overlay, or give a smaller rotation: or scale:.",
    );
  }
}
