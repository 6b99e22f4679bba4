import type { Arena } from "../../kernel/memory.js";
import type { Measure } from "./force.js";
import { difference, isTelling, type Moments } from "./moments.js";
import type { PreparedStage } from "./prepare.js";
import { pullAt } from "./sums.js";
import type { View } from "./view.js";

/** Fixed intensities as gain times moving ones plus offset. */
export interface Brightness {
  gain: number;
  offset: number;
}

/**
 * Square differences after gain and offset: those that give the moving plane the fixed one's mean and variance at the step before.
 * Slopes are the mean of both planes' gradients, which takes the error of either linearisation out of the other.
 *
 * @param brightness  where levels before have left it, if any were; goes along
 * @param value  what the course shows of the moments
 */
export function squareDifference(
  arena: Arena,
  { stage, geometry, fixed, matrix }: PreparedStage,
  moving: View,
  brightness: { now: Brightness | undefined },
  value: (moments: Moments) => number,
): Measure {
  const pull = (coefficients: Float64Array, rowStep: number) => {
    const { gain, offset } = brightness.now ?? { gain: 1, offset: 0 };
    return pullAt(arena, fixed, moving, geometry, coefficients, { rowStep, gain, offset });
  };
  return {
    isCurved: false,
    force(coefficients) {
      if (!brightness.now) {
        brightness.now = { gain: 1, offset: 0 };
        adapt(brightness.now, pull(coefficients, stage.rowStep).moments);
      }
      const { right, moments } = pull(coefficients, stage.rowStep);
      adapt(brightness.now, moments);
      const energy = difference(moments);
      return {
        ...{ isTelling: isTelling(moments), pixels: moments.pixels, right, energy, residual: energy, matrix },
        value: value(moments),
      };
    },
    look(coefficients, rowStep) {
      const { moments } = pull(coefficients, rowStep);
      return { value: value(moments), pixels: moments.pixels };
    },
    free() {},
  };
}

function adapt(brightness: Brightness, moments: Moments): void {
  if (!(isTelling(moments) && moments.covariance > 0)) return;
  brightness.gain = Math.sqrt(moments.fixedVariance / moments.movingVariance);
  brightness.offset = moments.fixedMean - brightness.gain * moments.movingMean;
}
