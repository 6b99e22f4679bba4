import { type Diagnostic, problem, warning } from "../../core/diagnostic.js";
import type { Metrics, Verdict } from "../../core/verdict.js";
import type { StackEvidence } from "./align-stack.js";

/** Weighs what speaks for an alignment of a stack: gates that make it nonsense reject, gates that make it doubtful suspect. */
export function judgeStack(e: StackEvidence): Verdict {
  const reasons: Diagnostic[] = [];
  const share = e.placed / e.slices;
  if (share < 0.5) {
    reasons.push(
      problem(
        "stack-not-aligned",
        `Only ${e.placed} of ${e.slices} slices could be placed: most pairs look no more alike than chance gives`,
        "Check that the files are one stack in order (stack/order orders them). A channel with more structure, or matcher: features, may help.",
      ),
    );
  } else {
    if (e.parts > 0) {
      reasons.push(
        warning(
          "stack-in-parts",
          `The stack falls into ${e.parts + 1} parts that nothing connects`,
          "A larger range may bridge the gap; matcher: features looks for large moves.",
        ),
      );
    }
    if (e.faults > Math.max(1, 0.2 * e.slices)) {
      reasons.push(
        warning("many-bad-slices", `${e.faults} of ${e.slices} slices are bad`, "Look at the slices that are named."),
      );
    }
  }
  if (share >= 0.5 && e.closure > Math.max(3, 0.01 * e.diagonal)) {
    reasons.push(
      warning(
        "pairs-disagree",
        `Pairs of slices contradict each other by ${e.closure.toPrecision(2)} px`,
        "A looser model may follow the slices better; so may a smaller range, where structure changes fast.",
      ),
    );
  }
  if (share >= 0.5 && !(e.worst <= Math.max(3, 0.02 * e.diagonal))) {
    reasons.push(
      warning(
        "uncertain",
        `The expected error reaches ${Number.isFinite(e.worst) ? `${e.worst.toPrecision(2)} px` : "no bound"} along the stack`,
        "Errors add up along the stack: a larger range, or against: first or mean where all slices show one thing, holds them.",
      ),
    );
  }
  const status = reasons.some((r) => r.severity === "error") ? "rejected" : reasons.length > 0 ? "suspect" : "accepted";
  return { status, reasons, metrics: metricsOf(e), stopped: "converged" };
}

function metricsOf(e: StackEvidence): Metrics {
  const px = (value: number) => ({ value, unit: "px" });
  const all: Metrics = {
    slices: { value: e.slices },
    placed: { value: e.placed },
    "bad-slices": { value: e.faults },
    parts: { value: e.parts + 1 },
    pairs: { value: e.pairsUsed },
    "pair-outliers": { value: e.pairsTold - e.pairsUsed },
    "expected-error": px(e.error),
    "worst-error": px(e.worst),
    "loop-closure": px(e.closure),
    likeness: { value: e.score },
    chance: { value: e.chance },
    unchecked: { value: e.unchecked },
  };
  return Object.fromEntries(Object.entries(all).filter(([, m]) => Number.isFinite(m.value)));
}
