import type { Arena } from "../../kernel/memory.js";
import { smoothPlane } from "../intensity/levels.js";
import type { Plane } from "../plane.js";
import { locallyNormalised } from "./local-contrast.js";

/** A plane as the sums see it. A large one is never there as a whole: its rows are made when they are asked for. */
export interface View {
  readonly width: number;
  readonly height: number;
  /** Whether all of it is in memory. */
  readonly whole: boolean;
  /** @param use  is given the plane; only rows [from, to) of it may be looked at, and only until it returns */
  rows(from: number, to: number, use: (plane: Plane) => void): void;
  free(): void;
}

/** What is done to a plane of the pyramid before it is compared. */
export interface Treatment {
  /** Of the smoothing, pixels; 0: none. */
  readonly sigma: number;
  readonly pivot: number;
  readonly scale: number;
  /** Half the side of the squares over which mean and variance are brought to 0 and 1; 0: not at all. */
  readonly radius: number;
}

/** Pixels above which a plane is made band by band: 64 MB. */
const LARGE = 2 ** 24;

export function viewOf(arena: Arena, plane: Plane, treatment: Treatment): View {
  const { width, height } = plane;
  const margin = (treatment.sigma > 0 ? 2 : 0) + treatment.radius;
  if (margin === 0) return { width, height, whole: true, rows: (_from, _to, use) => use(plane), free() {} };
  if (width * height <= LARGE) {
    const made = treated(arena, plane, treatment);
    return { width, height, whole: true, rows: (_from, _to, use) => use(made), free: () => arena.free(made.at) };
  }
  return {
    ...{ width, height, whole: false },
    rows(from, to, use) {
      const top = Math.max(0, from - margin);
      const end = Math.min(height, to + margin);
      const band = treated(arena, { ...plane, at: plane.at + 4 * plane.stride * top, height: end - top }, treatment);
      // The address that row 0 would have.
      use({ ...band, at: band.at - 4 * band.stride * top, height });
      arena.free(band.at);
    },
    free() {},
  };
}

function treated(arena: Arena, plane: Plane, { sigma, pivot, scale, radius }: Treatment): Plane {
  const smooth = sigma > 0 ? smoothPlane(arena, plane, sigma, { pivot, scale }) : plane;
  if (radius === 0) return smooth;
  const local = locallyNormalised(arena, smooth, radius);
  if (smooth !== plane) arena.free(smooth.at);
  return local;
}
