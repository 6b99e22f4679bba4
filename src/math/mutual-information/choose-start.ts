import type { Matrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { mapDistance } from "../intensity/map-distance.js";
import type { InformationFamily } from "./families.js";
import type { InformationLevels } from "./levels.js";
import { registerInformationLevels } from "./register.js";
import { searchInformationLevels } from "./search.js";

export interface StartOptions {
  readonly family: InformationFamily;
  /** About which is searched, pixels of fixed to pixels of moving. */
  readonly start: Matrix3;
  /** How far the images may be turned, either way, radians. */
  readonly turns: number;
  /** Smallest and largest factor. */
  readonly scales: readonly [number, number];
  /** Share of the fixed image's long side. */
  readonly shift: number;
  readonly random: () => number;
}

export interface ChosenStart {
  readonly movingFromFixed: Matrix3;
  /** What the best place shares, over what the best one elsewhere does; absent where there was none elsewhere. */
  readonly margin?: number;
}

/** Of the places that the search found so many are followed to a finer level, besides the given start. */
const FOLLOWED = 3;
/** Longest side of that level, pixels. */
const SIDE = 300;
/** Places farther apart than this share of the long side are elsewhere. */
const ELSEWHERE = 0.08;

/** Where to begin: the best of what a search finds and of the given start, once each was followed to where detail counts. */
export function chooseStart(
  arena: Arena,
  fixed: InformationLevels,
  moving: InformationLevels,
  { family, start, turns, scales, shift, random }: StartOptions,
): ChosenStart {
  const { width, height } = fixed.planes[0]!;
  const found = searchInformationLevels(arena, fixed, moving, {
    ...{ start, rotation: turns, scale: scales, shift, family, random },
  });
  const long = ({ width: w, height: h }: { readonly width: number; readonly height: number }) => Math.max(w, h);
  const finest = Math.max(
    0,
    fixed.planes.findIndex((plane) => long(plane) <= SIDE),
  );
  const followed = [start, ...found.slice(0, FOLLOWED).map((f) => f.movingFromFixed)].map((from) => {
    const fit = registerInformationLevels(arena, fixed, moving, {
      ...{ family, metric: "normalised", random, start: from, finest },
    });
    return { matrix: fit.movingFromFixed, shared: fit.overlap > 0 ? fit.information - 1 : 0 };
  });
  const sorted = [...followed].sort((a, b) => b.shared - a.shared);
  const best = sorted[0]!;
  const rival = sorted.find(
    ({ matrix, shared }) =>
      shared > 0 && mapDistance(matrix, best.matrix, width, height) > ELSEWHERE * Math.max(width, height),
  );
  return { movingFromFixed: best.matrix, ...(rival ? { margin: best.shared / rival.shared } : {}) };
}
