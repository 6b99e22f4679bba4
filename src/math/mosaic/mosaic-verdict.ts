import { type Diagnostic, problem, warning } from "../../core/diagnostic.js";
import type { Metric, Metrics, Verdict } from "../../core/verdict.js";
import type { Placement } from "./solve.js";
import { quantileOf, rms } from "./statistics.js";

/** What is known of a mosaic. Lengths in pixels of the tiles. */
export interface MosaicEvidence {
  readonly placement: Placement;
  readonly tiles: number;
  /** Neighbours whose overlap is no chance. */
  readonly real: number;
  /** Of those that the others contradict: where the overlap fits as well as theirs does, and by how much the worst is off, pixels. */
  readonly deformed: { readonly count: number; readonly most: number };
  /** Least score that counts, and the best that pairs which cannot correspond reached. */
  readonly threshold: number;
  /** Neighbours by the layout. */
  readonly edges: number;
  /** Real edges that lie near the end of the reach. */
  readonly atBorder: number;
  readonly reach: number;
  /** Side of a tile, pixels. */
  readonly side: number;
}

/**
 * Weighs the evidence: whether the places of tiles come from their overlaps or from the layout, and whether the overlaps agree.
 */
export function judgeMosaic(e: MosaicEvidence): Verdict {
  const reasons: Diagnostic[] = [];
  const { islands, joined, outlier, weights, residual, loops } = e.placement;
  const used = [...weights.keys()].filter((k) => weights[k]! > 0);
  // Many tiles may be held roughly only; what no edge holds lies where the stage would have it.
  const connected = Math.max(islands.sizes[0] ?? 0, joined.sizes[0] ?? 0);
  const share = connected / Math.max(1, e.tiles);
  const outliers = outlier.reduce((n, o) => n + o, 0);
  const spread = rms(used.map((k) => residual[k]!));
  if (e.tiles > 1 && used.length === 0) {
    reasons.push(
      problem(
        "no-edge-is-real",
        `None of ${e.edges} overlaps is told from chance (best score needed: ${e.threshold.toFixed(2)}): every tile lies where the layout puts it`,
        "Check the layout: order, overlap and axes. If it is right, the overlaps show nothing that could be matched; a larger max-shift looks further.",
      ),
    );
  } else if (share < 0.2) {
    reasons.push(
      problem(
        "few-tiles-connected",
        `Overlaps connect ${connected} of ${e.tiles} tiles only; the others lie where the layout puts them`,
        "Check the layout: order, overlap and axes. A larger max-shift looks further.",
      ),
    );
  } else if (share < 0.5) {
    reasons.push(
      warning(
        "few-tiles-connected",
        `Overlaps connect ${connected} of ${e.tiles} tiles; the others lie where the stage would have them`,
        "Look at the layout in the report. Where the sample is sparse, that may be all there is to see.",
      ),
    );
  }
  if (e.real > 0 && outliers > 0.25 * e.real) {
    const text = `${outliers} of ${e.real} overlaps contradict the others`;
    const hint =
      "The sample may repeat itself, or the layout be wrong: check its order, and that max-shift is not larger than need be.";
    reasons.push(
      outliers > 0.5 * e.real ? problem("edges-contradict", text, hint) : warning("edges-contradict", text, hint),
    );
  }
  const misfit = Math.max(spread, Number.isFinite(loops.rms) ? loops.rms / 2 : 0);
  if (misfit > Math.max(2, 0.002 * e.side)) {
    reasons.push(
      warning(
        "tiles-do-not-fit",
        `Where overlaps were found, they disagree by ${misfit.toFixed(1)} px`,
        "The lens may distort, or the sample have depth or have moved: shifts alone do not bring such tiles together.",
      ),
    );
  }
  if (e.deformed.count > 0.02 * used.length) {
    reasons.push(
      warning(
        "tiles-deformed",
        `${e.deformed.count} of the overlaps fit as well as the others and yet contradict them by up to ${e.deformed.most.toFixed(1)} px`,
        "Look at the seams in the report. The tiles may be deformed or turned against one another: shifts alone do not bring them together.",
      ),
    );
  }
  if (e.real >= 4 && e.atBorder > 0.1 * e.real) {
    reasons.push(
      warning(
        "shifts-at-the-limit",
        `${e.atBorder} of ${e.real} overlaps lie at the end of what was searched (${e.reach.toFixed(0)} px)`,
        "Set max-shift higher, or correct the layout: its overlap or pixel size may be off.",
      ),
    );
  }
  const status = reasons.some((r) => r.severity === "error") ? "rejected" : reasons.length > 0 ? "suspect" : "accepted";
  return { status, reasons, metrics: metricsOf(e, used, outliers, spread), stopped: "converged" };
}

function metricsOf(e: MosaicEvidence, used: readonly number[], outliers: number, spread: number): Metrics {
  const { islands, residual, sigma, stage, loops, floor } = e.placement;
  const px = (value: number): Metric => ({ value, unit: "px" });
  const connected = islands.sizes[0] ?? 0;
  const errors = [...islands.of.keys()]
    .filter((i) => islands.of[i] === 0)
    .map((i) => Math.sqrt(sigma[2 * i]! ** 2 + sigma[2 * i + 1]! ** 2));
  const metrics: Record<string, Metric> = {
    tiles: { value: e.tiles },
    edges: { value: e.edges },
    "edges-used": { value: used.length },
    outliers: { value: outliers },
    islands: { value: islands.sizes.length },
    "connected-tiles": { value: (100 * connected) / Math.max(1, e.tiles), unit: "%" },
    "residual-rms": px(spread),
    "residual-p95": px(
      quantileOf(
        used.map((k) => residual[k]!),
        0.95,
      ),
    ),
    "expected-error": px(connected > 1 ? rms(errors) : Number.NaN),
    "loop-closure": px(loops.rms),
    "edge-floor": px(floor),
    "null-score": { value: e.threshold },
    "stage-jitter": px(Math.sqrt((stage.jitter[0] ** 2 + stage.jitter[1] ** 2) / 2)),
    reach: px(e.reach),
  };
  // A number that could not be had is absent, never NaN.
  return Object.fromEntries(Object.entries(metrics).filter(([, { value }]) => Number.isFinite(value)));
}
