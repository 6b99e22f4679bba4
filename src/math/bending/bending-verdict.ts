import { type Diagnostic, problem, warning } from "../../core/diagnostic.js";
import type { Metrics, Verdict } from "../../core/verdict.js";
import type { BendingShape } from "./shape.js";

export interface BendingEvidence {
  readonly shape: BendingShape;
  readonly smoothing: number;
  /** Effective number of free parameters per coordinate. */
  readonly freedom: number;
  /** Whether somebody has marked the points, and vouches for them. */
  readonly marked: boolean;
  /** Length of the straight part's residuals, root mean square, as a share of what the points span. */
  readonly departure: number;
  /** Whether the tie points were found near a map, by the second look of another estimator. */
  readonly nearMap: boolean;
  readonly points: number;
}

/** Fewer points than these say nothing about chance. */
const FEW = 8;

/** A verdict with what is said of a bending map besides. */
export function withBending(verdict: Verdict, e: BendingEvidence): Verdict {
  const { shape } = e;
  const reasons: Diagnostic[] = [];
  for (const reason of verdict.reasons) {
    // Whoever marks points vouches for them; chance says nothing of so few, and eight that agree closely are enough.
    if (e.marked && e.points < FEW && reason.code === "chance" && e.departure < 0.1) {
      reasons.push(
        warning(
          "few-points",
          `${e.points} points are too few to tell from the points alone that they belong together`,
          "Look at the overlay in the report; 12 points, spread over the image, are safe.",
        ),
      );
    } else if (e.nearMap && reason.code === "chance") {
      reasons.push(
        warning(
          "found-near-a-map",
          "The tie points were found near a map, and do not agree with a smooth one much better than those of a wrong map would",
          "The verdict of the step that found them tells whether the images show the same place. Look at the overlay in the report.",
        ),
      );
    } else if (!(e.marked && reason.code === "thin-evidence" && (verdict.metrics["log10-nfa"]?.value ?? 0) < -15))
      reasons.push(reason);
  }
  if (shape.foldedInside > 0) {
    reasons.push(
      problem(
        "folds",
        `The map folds over itself between the tie points, over ${percent(shape.foldedInside)} of what they enclose`,
        "A tie point is wrong, or two lie close together and disagree: correct them, or smooth more (smoothing: 0.01).",
      ),
    );
  } else if (shape.folded > 0) {
    reasons.push(
      warning(
        "folds-outside",
        `The map folds over itself beyond the tie points, over ${percent(shape.folded)} of the fixed image`,
        "Add tie points there, or crop the fixed image to where they are.",
      ),
    );
  }
  // Whoever marks points marks what counts: what lies around a wing is none of it.
  if (!e.marked && shape.outside > 0.75) {
    reasons.push(
      warning(
        "mostly-extrapolated",
        `${percent(shape.outside)} of the fixed image lies outside of the tie points, where the map is only nearly straight`,
        "Add tie points near the borders, or crop the fixed image to where they are.",
      ),
    );
  }
  const metrics: Metrics = {
    ...verdict.metrics,
    "folded-inside": { value: 100 * shape.foldedInside, unit: "%" },
    folded: { value: 100 * shape.folded, unit: "%" },
    extrapolated: { value: 100 * shape.outside, unit: "%" },
    ...(Number.isFinite(shape.area[0])
      ? { "least-area": { value: shape.area[0] }, "largest-area": { value: shape.area[1] } }
      : {}),
    freedom: { value: e.freedom },
    ...(Number.isFinite(e.smoothing) ? { smoothing: { value: e.smoothing } } : {}),
  };
  const status = reasons.some((r) => r.severity === "error") ? "rejected" : reasons.length > 0 ? "suspect" : "accepted";
  return { ...verdict, status, reasons, metrics };
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
