import type { Image } from "./image.js";
import type { ParamSchemas } from "./plugin.js";

/** What the bands of an image are: channels of one picture, or a stack of slices at depths (z) and times (t). */
export interface BandAxes {
  readonly channels: number;
  readonly depth: number;
  readonly times: number;
}

/** What a writer can be told of the bands. */
export type BandsAre = "auto" | "channels" | "slices" | "times";

/** The parameter of writers whose files can hold stacks. */
export const bandsParam = {
  bands: {
    type: "string",
    enum: ["auto", "channels", "slices", "times"],
    default: "auto",
    description:
      "What the bands are: channels of one picture, or slices or times, each of which gets a page of its own. auto: by their names (z0, t3, page 7), or slices where they are more than 16 off a map.",
  },
} as const satisfies ParamSchemas;

/** More bands than this are no channels of a picture, unless it lies on a map. */
const MOST_CHANNELS = 16;

/**
 * Tells channels from slices. Bands of a stack follow each other by time, then depth.
 *
 * On a map (EPSG) bands are channels unless something else is said: satellites have hundreds.
 */
export function bandAxes({ bands, grid }: Pick<Image, "bands" | "grid">, are: BandsAre): BandAxes {
  const n = bands.length;
  const channels = { channels: n, depth: 1, times: 1 };
  const slices = { channels: 1, depth: n, times: 1 };
  const times = { channels: 1, depth: 1, times: n };
  if (are === "slices") return slices;
  if (are === "times") return times;
  if (are === "channels" || n === 1 || grid.crs.startsWith("EPSG:")) return channels;
  if (bands.every((name) => /^(t|time|frame) ?\d+$/i.test(name))) return times;
  if (bands.every((name) => /^(z|slice|page) ?\d+$/i.test(name))) return slices;
  return timesAndDepths(bands) ?? (n > MOST_CHANNELS ? slices : channels);
}

/** "t0 z0", "t0 z1", …: each time with all depths, in order. */
function timesAndDepths(bands: readonly string[]): BandAxes | undefined {
  const places = bands.map((name) => /^t(\d+) z(\d+)$/.exec(name));
  const first = places[0];
  if (!first || !places.every((p) => p !== null)) return undefined;
  const depth = places.findIndex((p) => p![1] !== first[1]);
  const regular = depth > 0 && bands.length % depth === 0 && places.every((p, i) => p![2] === places[i % depth]![2]);
  return regular ? { channels: 1, depth, times: bands.length / depth } : undefined;
}

/** True where each band is a slice or a time. */
export const isStack = ({ depth, times }: BandAxes): boolean => depth * times > 1;
