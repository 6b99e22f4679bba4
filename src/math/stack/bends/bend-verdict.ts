import { type Diagnostic, problem, warning } from "../../../core/diagnostic.js";
import type { Metrics, Verdict } from "../../../core/verdict.js";
import type { BeforeAfter, BendEvidence } from "./gather-evidence.js";

/** A gain counts when it stands so many of its standard errors above 0. */
const CLEAR = 2;
/** Bends count that are so many times as large as what noise makes. */
const OUT_OF_NOISE = 2.5;

/** Weighs what speaks for the bends of a stack: they must make alike what they were not made from. */
export function judgeBends(e: BendEvidence): Verdict {
  const reasons: Diagnostic[] = [];
  const { heldOut, apart } = e;
  const what = `${figure(heldOut.before)} before, ${figure(heldOut.after)} after`;
  if (falls(heldOut)) {
    reasons.push(
      problem(
        "bends-mislead",
        `Pixels that were kept from the registration are less alike with the bends than without: ${what}`,
        "Use the slices as they were placed, without bends. A wider lattice-spacing or more bending may find what bends.",
      ),
    );
  } else if (!rises(heldOut) || !(e.size > OUT_OF_NOISE * e.noise)) {
    reasons.push(
      warning(
        "bends-not-needed",
        rises(heldOut)
          ? `The bends move pixels by ${px(e.size)}, little more than the ${px(e.noise)} that is found where nothing bends`
          : `Pixels that were kept from the registration are no more alike with the bends than without: ${what}`,
        "Slices that do not bend need none: use them as they were placed. Else a wider lattice-spacing or more bending may tell more.",
      ),
    );
  }
  if (falls(apart)) {
    reasons.push(
      warning(
        "slices-apart-less-alike",
        `Slices that were not compared with each other are less alike with the bends than without: ${figure(apart.before)} before, ${figure(apart.after)} after`,
        "A larger trend-length or range holds the bends together over more slices.",
      ),
    );
  }
  if (e.bent < 0.8 * e.slices) {
    reasons.push(
      warning(
        "few-slices-bent",
        `Only ${e.bent} of ${e.slices} slices tell by themselves how they bend; the others bend as their neighbours`,
        "Look at the slices that are named here and by stack/align.",
      ),
    );
  }
  if (!(e.expectedError <= Math.max(2, e.size))) {
    reasons.push(
      warning(
        "bends-uncertain",
        `The expected error of the bends is ${px(e.expectedError)}, and they move pixels by ${px(e.size)}`,
        "A wider lattice-spacing or more bending makes them surer.",
      ),
    );
  }
  const status = reasons.some((r) => r.severity === "error") ? "rejected" : reasons.length > 0 ? "suspect" : "accepted";
  return { status, reasons, metrics: metricsOf(e), stopped: "converged" };
}

const rises = ({ before, after, standardError }: BeforeAfter): boolean =>
  after - before > CLEAR * (Number.isFinite(standardError) ? standardError : 0);
const falls = ({ before, after, standardError }: BeforeAfter): boolean =>
  before - after > CLEAR * (Number.isFinite(standardError) ? standardError : 0);

const figure = (v: number): string => (Number.isFinite(v) ? v.toFixed(3) : "nothing");
const px = (v: number): string => (Number.isFinite(v) ? `${v.toPrecision(2)} px` : "without bound");

function metricsOf(e: BendEvidence): Metrics {
  const all: Metrics = {
    slices: { value: e.slices },
    "slices-bent": { value: e.bent },
    "ncc-before": { value: e.neighbours.before },
    "ncc-after": { value: e.neighbours.after },
    "apart-ncc-before": { value: e.apart.before },
    "apart-ncc-after": { value: e.apart.after },
    "held-out-ncc-before": { value: e.heldOut.before },
    "held-out-ncc-after": { value: e.heldOut.after },
    "bend-size": { value: e.size, unit: "px" },
    "bend-noise": { value: e.noise, unit: "px" },
    "expected-error": { value: e.expectedError, unit: "px" },
    "jacobian-min": { value: e.leastJacobian },
  };
  return Object.fromEntries(Object.entries(all).filter(([, m]) => Number.isFinite(m.value)));
}
