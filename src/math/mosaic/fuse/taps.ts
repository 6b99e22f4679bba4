import { sin } from "../../elementary.js";

/** Interpolations of a few samples each, of which a shift by whole pixels leaves the samples alone. */
export const fuseInterpolations = ["nearest", "linear", "cubic", "lanczos3"] as const;
export type FuseInterpolation = (typeof fuseInterpolations)[number];

/** Which samples along one axis make a sample between pixels. */
export interface Taps {
  /** 1, 2, 4 or 6. */
  readonly count: number;
  /** The first lies this many samples before the one at or left of the position. */
  readonly lead: number;
  readonly weights: readonly number[];
}

/** Taps at a fraction of a pixel, from 0 to below 1: those of `warpBand`'s interpolations. */
export function tapsAt(interpolation: FuseInterpolation, f: number): Taps {
  if (interpolation === "nearest") return { count: 1, lead: f >= 0.5 ? -1 : 0, weights: [1] };
  if (f === 0) return { count: 1, lead: 0, weights: [1] };
  switch (interpolation) {
    case "linear":
      return { count: 2, lead: 0, weights: [1 - f, f] };
    case "cubic":
      return { count: 4, lead: 1, weights: [keys(1 + f), keys(f), keys(1 - f), keys(2 - f)] };
    case "lanczos3": {
      const raw = [-2, -1, 0, 1, 2, 3].map((tap) => sinc(f - tap) * sinc((f - tap) / 3));
      const sum = raw.reduce((s, w) => s + w, 0);
      return { count: 6, lead: 2, weights: raw.map((w) => w / sum) };
    }
  }
}

/** Keys' kernel, a = -0.5. Source: R. Keys, IEEE TASSP 29 (1981), doi:10.1109/TASSP.1981.1163711 */
const keys = (t: number): number => (t < 1 ? (1.5 * t - 2.5) * t * t + 1 : ((-0.5 * t + 2.5) * t - 4) * t + 2);

const sinc = (t: number): number => (t === 0 ? 1 : sin(Math.PI * t) / (Math.PI * t));
