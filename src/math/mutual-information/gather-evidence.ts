import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import { levelPairs } from "../intensity/level-maps.js";
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
  readonly features: "intensity" | "gradient";
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
  const nudged = multiplyMatrix3(map, nudge(options, width, height));
  const again = registerInformationLevels(arena, f, m, { ...options, start: nudged });
  const back = registerInformationLevels(arena, m, f, { ...options, start: invertMatrix3(map) });
  const metric = options.metric === "mattes" ? "normalised" : "mattes";
  const pairs = levelPairs(f, m, map);
  const other = registerInformationLevels(arena, finest(f, pairs), finest(m, pairs), {
    ...options,
    metric,
    start: map,
  });
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

/** The finest levels that are needed to look at both planes once. */
function finest(levels: InformationLevels, pairs: readonly (readonly [number, number])[]): InformationLevels {
  const count = 1 + Math.max(0, ...(pairs[pairs.length - 1] ?? []));
  return { planes: levels.planes.slice(0, count), ranges: levels.ranges.slice(0, count) };
}

/** How far away a second start is: a turn in radians, where the family can turn, and a share of the sides. */
const NUDGES = { intensity: [Math.PI / 180, 0.01], gradient: [Math.PI / 450, 0.004] } as const;

function nudge({ family, features }: GatherOptions, width: number, height: number): Matrix3 {
  const [turn, share] = NUDGES[features];
  const angle = family === "translation" ? 0 : turn;
  const [c, s, x, y] = [cos(angle), sin(angle), (width - 1) / 2, (height - 1) / 2];
  return [c, -s, x - c * x + s * y + share * width, s, c, y - s * x - c * y - share * height, 0, 0, 1];
}
