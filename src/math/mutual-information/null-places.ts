import { type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import { levelMap, levelPairs } from "../intensity/level-maps.js";
import { type CentredMap, centredMap, cornerDistance } from "./families.js";
import { binsFor, type Information, JointHistogram } from "./joint-histogram.js";
import { climbLevel } from "./level.js";
import type { InformationLevels } from "./levels.js";

/** The information under a map, and under wrong ones; nats. */
export interface NullPlaces {
  readonly here: number;
  /** The most under a wrong map, after the same steps. */
  readonly elsewhere: number;
  /** Standard deviations of wrong maps by which the map stands out. */
  readonly deviation: number;
}

/** Longest side of the level where maps are compared, pixels. */
const SIDE = 256;
const RINGS = [0.16, 0.3];
const DIRECTIONS = 12;
const BINS = 24;
/** Of what the map overlaps, a wrong one must keep so much. */
const KEPT = 0.3;
/** What comes back nearer than this is the same place, pixels of the level. */
const NEAR = 4;

/**
 * Null test: the same measure, after the same kind of steps, in places that cannot correspond: the map shifted by 16 and 30 % of the
 * image in a dozen directions, and followed from there to the next optimum. Undefined where too few such places can be tried.
 */
export function nullPlaces(
  arena: Arena,
  fixed: InformationLevels,
  moving: InformationLevels,
  map: Matrix3,
): NullPlaces | undefined {
  const pairs = levelPairs(fixed, moving, map);
  const side = (l: number) => Math.max(fixed.planes[l]!.width, fixed.planes[l]!.height);
  const pair = pairs.findLast(([l]) => side(l) <= SIDE) ?? pairs[0];
  if (!pair) return undefined;
  const [l, k] = pair;
  const plane = fixed.planes[l]!;
  const { width, height } = plane;
  const joint = new JointHistogram(arena, plane, moving.planes[k]!, fixed.ranges[l]!, moving.ranges[k]!, {
    ...{ bins: binsFor(width * height, BINS), step: 1, seed: 1, metric: "mattes" },
  });
  const own = levelMap(map, l, k);
  const follow = (start: CentredMap, least: number) =>
    climbLevel(joint, { family: "translation", start, iterations: 10, tolerance: 0.05, least });
  const here = follow(centredMap(own, width, height), 0);
  const least = (KEPT * here.found.samples) / Math.max(1, joint.cells);
  const wrong: number[] = [];
  for (const [r, ring] of RINGS.entries()) {
    for (let d = 0; d < DIRECTIONS; d++) {
      const angle = (2 * Math.PI * (d + 0.5 * r)) / DIRECTIONS;
      const shift: Matrix3 = [1, 0, ring * cos(angle) * width, 0, 1, ring * sin(angle) * height, 0, 0, 1];
      const fit = follow(centredMap(multiplyMatrix3(own, shift), width, height), least);
      if (!(fit.found.samples >= least * joint.cells)) continue;
      if (cornerDistance(fit.map, here.map, width, height) >= NEAR) wrong.push(unbiased(fit.found));
    }
  }
  joint.free();
  if (wrong.length < 6 || !(here.found.samples > 0)) return undefined;
  const mean = wrong.reduce((a, b) => a + b, 0) / wrong.length;
  const spread = Math.sqrt(wrong.reduce((a, b) => a + (b - mean) ** 2, 0) / (wrong.length - 1));
  return {
    here: unbiased(here.found),
    elsewhere: Math.max(...wrong),
    deviation: (unbiased(here.found) - mean) / Math.max(spread, 1e-3),
  };
}

/** Less what so many samples share by chance (G. Miller, 1955; R. Moddemeijer, doi:10.1016/0165-1684(89)90132-1). */
const unbiased = ({ information, occupied, samples }: Information): number =>
  information - (samples > 0 ? occupied / (2 * samples) : 0);
