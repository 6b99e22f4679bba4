import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import type { IntensityEvidence } from "./evidence.js";
import type { IntensityFamily } from "./families.js";
import type { IntensityLevels } from "./levels.js";
import { mapDistance } from "./map-distance.js";
import { nullWindows } from "./null-windows.js";
import { type IntensityFit, registerLevels } from "./register.js";

/** What two starts, both directions and wrong places say of a map. A second start stops at half the size. */
export function gatherEvidence(
  arena: Arena,
  f: IntensityLevels,
  m: IntensityLevels,
  fit: IntensityFit,
  options: { readonly family: IntensityFamily; readonly metric: "ecc" | "ssd"; readonly robust: boolean },
  pixel: number,
): IntensityEvidence {
  const { width, height } = f.planes[0]!;
  const { movingFromFixed: map } = fit;
  const again = registerLevels(arena, f, m, {
    ...options,
    start: multiplyMatrix3(map, nudge(options.family, width, height)),
    finest: 1,
  });
  const back = registerLevels(arena, m, f, { ...options, start: invertMatrix3(map), coarsest: 1 });
  const windows = nullWindows(f, m, map);
  const distance = (other: IntensityFit, through: Matrix3) =>
    other.overlap > 0 ? pixel * mapDistance(map, through, width, height) : Number.NaN;
  return {
    ...{ ncc: fit.ncc, sigma: pixel * fit.sigma, converged: fit.converged, iterations: fit.iterations, gain: fit.gain },
    detail: windows && { ncc: windows.ncc, elsewhere: windows.nccElsewhere, deviation: windows.deviation },
    starts: distance(again, again.movingFromFixed),
    roundTrip: distance(back, invertMatrix3(back.movingFromFixed)),
  };
}

/** Three degrees, where the family can turn, and 3 % of the sides away. */
function nudge(family: IntensityFamily, width: number, height: number): Matrix3 {
  const angle = family === "translation" ? 0 : (3 * Math.PI) / 180;
  const [c, s, x, y] = [cos(angle), sin(angle), (width - 1) / 2, (height - 1) / 2];
  return [c, -s, x - c * x + s * y + 0.03 * width, s, c, y - s * x - c * y - 0.03 * height, 0, 0, 1];
}
