import type { Matrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { levelMap, levelPairs } from "../intensity/level-maps.js";
import type { IntensityLevels } from "../intensity/levels.js";
import { type IntensityFit, registerLevels } from "../intensity/register.js";
import { capturePairs } from "../pairs/capture.js";
import { warpPlane } from "../plane.js";
import type { Found } from "./search.js";

/** A place, and where the intensities draw it. */
export interface Refined {
  readonly found: Found;
  readonly fit: IntensityFit;
  /** Whitened correlation of the overlap under the refined map, times the root of the overlap as a share of the fixed plane. */
  readonly score: number;
}

/** As many places are refined, if they agree at least this well beside the best. */
const [MOST, SHARE] = [4, 0.6];

/** Refines the best places by intensity; best first after it. */
export function refinePlaces(
  arena: Arena,
  fixed: IntensityLevels,
  moving: IntensityLevels,
  places: readonly Found[],
): Refined[] {
  const refined: Refined[] = [];
  for (const found of places.slice(0, MOST)) {
    if (found.score < SHARE * places[0]!.score) break;
    const fit = registerLevels(arena, fixed, moving, {
      ...{ family: "similarity", start: found.matrix },
      // A place is off by some pixels of the level where it was found.
      coarsest: found.level + 2,
    });
    if (!(fit.overlap > 0)) continue;
    refined.push({ found, fit, score: agreement(arena, fixed, moving, fit.movingFromFixed, found.level) });
  }
  return refined.sort((a, b) => b.score - a.score);
}

/** How well whitened planes agree under a map, within a few pixels of a level. */
function agreement(arena: Arena, fixed: IntensityLevels, moving: IntensityLevels, map: Matrix3, level: number): number {
  const pairs = levelPairs(fixed, moving, map);
  const [l, k] = pairs.find(([l]) => l <= level) ?? pairs.at(-1) ?? [0, 0];
  const [f, m] = [fixed.planes[l]!, moving.planes[k]!];
  const warped = warpPlane(arena, m, levelMap(map, l, k), f.width, f.height, "linear");
  const [place] = capturePairs(arena, [{ a: f, b: warped, expected: [0, 0], reach: [3, 3] }]);
  arena.free(warped.at);
  return place ? place.score * Math.sqrt(place.overlap / (f.width * f.height)) : 0;
}
