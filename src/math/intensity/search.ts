import type { Matrix3 } from "../../core/transform.js";
import { multiplyMatrix3 } from "../../core/transform.js";
import type { Capture } from "../../core/verdict.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import { searchSpectra } from "../fourier-mellin/search.js";
import { localStretch } from "../plausibility.js";
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

/** Factor of scale, either way, within which spectra find the map. */
const SCALE = 2;

/** Spectra are taken at a level with no longer side than this; a start that shears more is not left for what they find. */
const [SPECTRUM_SIDE, SHEAR] = [256, 1.05];

/** A place counts when at least this share of what could overlap is compared there: tiny overlaps agree by chance. */
const LEAST_OVERLAP = 0.25;

/** Places that are followed one level up. */
const FOLLOWED = 5;

/**
 * Where to begin: tries turns and shifts at the coarsest level, follows the best few one level up, together with what the spectra
 * say where the family may scale, and gives the best.
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
  const follow = (maps: readonly Matrix3[], level: number, iterations: number) => {
    const found: { readonly matrix: Matrix3; readonly score: number }[] = [];
    for (const map of maps) {
      // A map of another scale looks at another level of the moving image.
      const own = levelPairs(fixed, moving, map);
      const [l, k] = own.find(([of]) => of <= level) ?? own.at(-1) ?? pairs[0]!;
      const [plane, other] = [fixed.planes[l]!, moving.planes[k]!];
      const strips = new StripSums(arena, plane.height);
      const fit = alignLevel(strips, {
        ...{ fixed: plane, moving: other, family: stiff, metric, robust: false, holes },
        ...{ start: levelMap(map, l, k), iterations, tolerance: 0.05, stray: false },
      });
      strips.free();
      const { scale } = localStretch(levelMap(map, l, k), plane.width / 2, plane.height / 2);
      const most = Math.min(plane.width * plane.height, (other.width * other.height) / scale ** 2);
      if (!(fit.pixels >= LEAST_OVERLAP * most) || !(fit.gain > 0) || !Number.isFinite(fit.ncc)) continue;
      found.push({ matrix: fullMap(fit.matrix, l, k), score: fit.ncc });
    }
    // The first of equals, as they were tried.
    found.sort((a, b) => b.score - a.score);
    const near = 2 * 2 ** level;
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
  const coarse = follow(maps, pairs[0]![0], 14).slice(0, FOLLOWED);
  const scaled =
    family === "translation" || family === "rigid" ? [] : bySpectra(arena, fixed, moving, start, options.turns);
  const best =
    scaled.length > 0 || (pairs.length > 1 && coarse.length > 1)
      ? follow([...coarse.map(({ matrix }) => matrix), ...scaled], (pairs[1] ?? pairs[0]!)[0], 10)
      : coarse;
  return best[0]?.matrix ?? start;
}

/** The place of which the spectra are surest, if they are. */
function bySpectra(
  arena: Arena,
  fixed: IntensityLevels,
  moving: IntensityLevels,
  start: Matrix3,
  rotation: number,
): Matrix3[] {
  const { width, height } = fixed.planes[0]!;
  const { anisotropy, reflected } = localStretch(start, (width - 1) / 2, (height - 1) / 2);
  if (reflected || anisotropy > SHEAR) return [];
  const level = ({ planes }: IntensityLevels) => {
    const fits = planes.findIndex((p) => Math.max(p.width, p.height) <= SPECTRUM_SIDE);
    return fits < 0 ? planes.length - 1 : fits;
  };
  const [l, k] = [level(fixed), level(moving)];
  const [f, m] = [fixed.planes[l]!, moving.planes[k]!];
  const places = searchSpectra(arena, f, m, [levelMap(start, l, k)], { rotation, scale: SCALE });
  const [best, next] = places;
  if (!best || !(best.score >= CLEAR * Math.max(best.rival, next?.score ?? 0))) return [];
  return [fullMap(best.matrix, l, k)];
}

/** How much better than any other a place of the spectra must be to be looked at. */
const CLEAR = 1.25;

/**
 * Starts from which the search finds the map: half a step beyond those it tries, and the scales that spectra tell.
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
