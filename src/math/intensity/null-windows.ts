import { type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { blurPlane } from "../blur.js";
import { cos, log, sin } from "../elementary.js";
import { emptyPlane, type Plane } from "../plane.js";
import { alignLevel } from "./level.js";
import { levelMap, levelPairs } from "./level-maps.js";
import type { IntensityLevels } from "./levels.js";
import { mapDistance } from "./map-distance.js";
import { StripSums } from "./sums.js";

/** What the images look like under a map, beside what they look like under wrong ones. */
export interface NullWindows {
  /** Correlation of detail under the map. */
  readonly ncc: number;
  /** The best correlation under a wrong map, after the same steps. */
  readonly nccElsewhere: number;
  /** How far the map stands out: standard deviations of wrong maps, on Fisher's scale. */
  readonly deviation: number;
}

/** Longest side of the level where maps are compared: enough detail to tell places apart, few enough pixels to be quick. */
const SIDE = 200;

/** Blur that is taken away, pixels of the level: what is left is detail, which shading and vignettes have not. */
const DETAIL = 3;

const RINGS = [0.16, 0.3];
const DIRECTIONS = 12;

/**
 * Null test: the same metric, after the same kind of steps, on windows that cannot correspond.
 *
 * Both images lose what is smooth; the map is then shifted by 16 and 30 % of the image in a dozen directions, and followed from
 * there to the next optimum. Correlations of such windows spread about 0 as chance lets them.
 */
export function nullWindows(fixed: IntensityLevels, moving: IntensityLevels, map: Matrix3): NullWindows | undefined {
  const pairs = levelPairs(fixed, moving, map);
  const side = (l: number) => Math.max(fixed.planes[l]!.width, fixed.planes[l]!.height);
  const pair = pairs.findLast(([l]) => side(l) <= SIDE) ?? pairs[0];
  if (!pair) return undefined;
  using arena = kernels().arena();
  const [l, k] = pair;
  const detail = (plane: Plane): Plane => {
    const smooth = blurPlane(arena, plane, DETAIL);
    const out = emptyPlane(arena, plane.width, plane.height);
    const [from, away] = [plane, smooth].map((p) => arena.f32(p.at, p.stride * p.height)) as [
      Float32Array,
      Float32Array,
    ];
    const to = arena.f32(out.at, out.stride * out.height);
    for (let y = 0; y < plane.height; y++) {
      for (let x = 0; x < plane.width; x++)
        to[y * out.stride + x] = from[y * plane.stride + x]! - away[y * smooth.stride + x]!;
    }
    return out;
  };
  const [f, m] = [detail(fixed.planes[l]!), detail(moving.planes[k]!)];
  const strips = new StripSums(arena, f.height);
  const own = levelMap(map, l, k);
  const follow = (start: Matrix3) =>
    alignLevel(strips, {
      ...{ fixed: f, moving: m, family: "translation", metric: "ecc", robust: false, start },
      ...{ holes: fixed.holes || moving.holes, iterations: 8, tolerance: 0.02, stray: false },
    });
  const here = follow(own);
  if (here.pixels === 0) return undefined;
  const wrong: number[] = [];
  let most = -1;
  for (const ring of RINGS) {
    for (let d = 0; d < DIRECTIONS; d++) {
      const angle = (2 * Math.PI * (d + (ring === RINGS[0] ? 0 : 0.5))) / DIRECTIONS;
      const shift: Matrix3 = [1, 0, ring * cos(angle) * f.width, 0, 1, ring * sin(angle) * f.height, 0, 0, 1];
      const fit = follow(multiplyMatrix3(own, shift));
      if (!(fit.pixels >= 0.3 * here.pixels) || mapDistance(fit.matrix, own, f.width, f.height) < 4) continue;
      wrong.push(fisher(fit.ncc));
      most = Math.max(most, fit.ncc);
    }
  }
  if (wrong.length < 6) return undefined;
  const mean = wrong.reduce((a, b) => a + b, 0) / wrong.length;
  const spread = Math.sqrt(wrong.reduce((a, b) => a + (b - mean) ** 2, 0) / (wrong.length - 1));
  return {
    ncc: here.ncc,
    nccElsewhere: most,
    deviation: (fisher(here.ncc) - mean) / Math.max(spread, 1e-6),
  };
}

/** Fisher's scale, on which correlations of given reliability spread alike. */
const fisher = (r: number): number => {
  const c = Math.min(0.999999, Math.max(-0.999999, r));
  return 0.5 * log((1 + c) / (1 - c));
};
