import type { Matrix3 } from "../../core/transform.js";
import { multiplyMatrix3 } from "../../core/transform.js";
import type { Capture } from "../../core/verdict.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import type { IntensityFamily } from "./families.js";
import { alignLevel } from "./level.js";
import { fullMap, levelMap, levelPairs } from "./level-maps.js";
import type { IntensityLevels } from "./levels.js";
import { mapDistance } from "./map-distance.js";
import { StripSums } from "./sums.js";

/** Degrees between the turns that are tried: steps at the coarsest level find the way from half as far and more. */
const TURN = 15;

/** Shifts that are tried at each turn, as a share of the fixed image's sides. */
const SHIFT = 0.22;

/** Factor of scale, either way, that the stiff search and the descent follow by themselves: on made scenes, all at 1.1, half at 1.2. */
const SCALE = 1.12;

/** A place counts when at least this share of the fixed image is compared there: tiny overlaps agree by chance. */
const LEAST_OVERLAP = 0.25;

/** Places that are followed one level up. */
const FOLLOWED = 5;

/**
 * Where to begin: tries turns and shifts at the coarsest level, follows the best few one level up, and gives the best.
 *
 * @param start  pixels of fixed to pixels of moving
 * @param turns  how far the images may be turned from the start, either way, radians
 */
export function searchStart(
  arena: Arena,
  fixed: IntensityLevels,
  moving: IntensityLevels,
  start: Matrix3,
  options: { readonly family: IntensityFamily; readonly metric: "ecc" | "ssd"; readonly turns: number },
): Matrix3 {
  const pairs = levelPairs(fixed, moving, start);
  if (pairs.length === 0) return start;
  const { family, metric } = options;
  const { width, height } = fixed.planes[0]!;
  const holes = fixed.holes || moving.holes;
  const stiff = family === "translation" ? "translation" : "rigid";
  const follow = (maps: readonly Matrix3[], pair: number, iterations: number) => {
    const [l, k] = pairs[pair]!;
    const plane = fixed.planes[l]!;
    const strips = new StripSums(arena, plane.height);
    const found: { readonly matrix: Matrix3; readonly score: number }[] = [];
    for (const map of maps) {
      const fit = alignLevel(strips, {
        ...{ fixed: plane, moving: moving.planes[k]!, family: stiff, metric, robust: false, holes },
        ...{ start: levelMap(map, l, k), iterations, tolerance: 0.05, stray: false },
      });
      const overlap = fit.pixels / (plane.width * plane.height);
      if (!(overlap >= LEAST_OVERLAP) || !(fit.gain > 0) || !Number.isFinite(fit.ncc)) continue;
      found.push({ matrix: fullMap(fit.matrix, l, k), score: fit.ncc });
    }
    strips.free();
    // The first of equals, as they were tried.
    found.sort((a, b) => b.score - a.score);
    const near = 2 * 2 ** l;
    return found.filter(({ matrix }, i) =>
      found.slice(0, i).every((other) => mapDistance(matrix, other.matrix, width, height) > near),
    );
  };
  const steps = family === "translation" ? 0 : Math.ceil((options.turns * 180) / Math.PI / TURN - 1e-9);
  const maps: Matrix3[] = [];
  for (let r = 0; r <= 2 * steps; r++) {
    // 0, 1, −1, 2, −2, …; a half turn is the same either way.
    const turn = (r % 2 === 1 ? 1 : -1) * Math.ceil(r / 2);
    if (turn * TURN <= -180) continue;
    for (const y of [0, -SHIFT, SHIFT]) {
      for (const x of [0, -SHIFT, SHIFT])
        maps.push(
          multiplyMatrix3(start, turnAbout(width, height, (turn * TURN * Math.PI) / 180, x * width, y * height)),
        );
    }
  }
  const coarse = follow(maps, 0, 14).slice(0, FOLLOWED);
  const best =
    pairs.length > 1 && coarse.length > 1
      ? follow(
          coarse.map(({ matrix }) => matrix),
          1,
          10,
        )
      : coarse;
  return best[0]?.matrix ?? start;
}

/**
 * Starts from which the search finds the map: half a step beyond those it tries.
 *
 * @param width, height  of the fixed image
 */
export const captureOf = (family: IntensityFamily, turns: number, width: number, height: number): Capture => ({
  rotation: family === "translation" ? 0 : turns,
  scale: family === "translation" || family === "rigid" ? [1, 1] : [1 / SCALE, SCALE],
  shift: (1.5 * SHIFT * Math.min(width, height)) / Math.max(width, height),
});

/** A turn about the middle of an image, and a shift. */
function turnAbout(width: number, height: number, angle: number, x: number, y: number): Matrix3 {
  const [c, s] = [cos(angle), sin(angle)];
  const [mx, my] = [(width - 1) / 2, (height - 1) / 2];
  return [c, -s, mx - c * mx + s * my + x, s, c, my - s * mx - c * my + y, 0, 0, 1];
}
