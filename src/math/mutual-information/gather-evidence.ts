import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import { mapDistance } from "../intensity/map-distance.js";
import type { InformationEvidence } from "./evidence.js";
import type { InformationFamily } from "./families.js";
import type { InformationLevels } from "./levels.js";
import { lookLocally } from "./local-look.js";
import { nullPlaces } from "./null-places.js";
import { type MutualInformationFit, registerInformationLevels } from "./register.js";

export interface GatherOptions {
  readonly family: InformationFamily;
  readonly metric: "mattes" | "normalised";
  readonly bins: number;
  readonly sampling?: number | "all";
  readonly random: () => number;
}

/** What is said of a map by blocks, a second start, the other direction, the other metric, and wrong places. */
export function gatherEvidence(
  arena: Arena,
  f: InformationLevels,
  m: InformationLevels,
  fit: MutualInformationFit,
  options: GatherOptions,
  pixel: number,
): Omit<InformationEvidence, "edges" | "margin"> & { readonly places: Float64Array } {
  const [fixed, moving] = [f.planes[0]!, m.planes[0]!];
  const { width, height } = fixed;
  const { movingFromFixed: map } = fit;
  const nudged = multiplyMatrix3(map, nudge(options.family, width, height));
  const again = registerInformationLevels(arena, f, m, { ...options, start: nudged });
  const back = registerInformationLevels(arena, m, f, { ...options, start: invertMatrix3(map) });
  const metric = options.metric === "mattes" ? "normalised" : "mattes";
  const other = registerInformationLevels(arena, finest(f), finest(m), { ...options, metric, start: map });
  const distance = ({ overlap }: MutualInformationFit, through: Matrix3) =>
    overlap > 0 ? pixel * mapDistance(map, through, width, height) : Number.NaN;
  const { blocks, consistency, deviation, misfit, places } = lookLocally(arena, fixed, moving, map);
  return {
    ...{ metric: options.metric, information: fit.information, atStart: fit.informationAtStart },
    ...{ sigma: pixel * fit.sigma, iterations: fit.iterations },
    rest: fit.converged ? 0 : pixel * (fit.steps.at(-1)?.step ?? Number.POSITIVE_INFINITY),
    local: { blocks, consistency, deviation, misfit: pixel * misfit },
    elsewhere: nullPlaces(arena, f, m, map),
    starts: distance(again, again.movingFromFixed),
    roundTrip: distance(back, invertMatrix3(back.movingFromFixed)),
    metrics: distance(other, other.movingFromFixed),
    places,
  };
}

const finest = ({ planes, ranges }: InformationLevels): InformationLevels => ({
  planes: planes.slice(0, 1),
  ranges: ranges.slice(0, 1),
});

/** One degree, where the family can turn, and 1 % of the sides away. */
function nudge(family: InformationFamily, width: number, height: number): Matrix3 {
  const angle = family === "translation" ? 0 : Math.PI / 180;
  const [c, s, x, y] = [cos(angle), sin(angle), (width - 1) / 2, (height - 1) / 2];
  return [c, -s, x - c * x + s * y + 0.01 * width, s, c, y - s * x - c * y - 0.01 * height, 0, 0, 1];
}
