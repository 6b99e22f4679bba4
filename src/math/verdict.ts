import { type Diagnostic, problem, warning } from "../core/diagnostic.js";
import type { Metrics, Verdict } from "../core/verdict.js";
import { type Family, minimalSample } from "./fit.js";
import { type FourierEvidence, judgeFourier } from "./fourier-mellin/evidence.js";
import { type FreeFormEvidence, freeFormMetrics, judgeFreeForm } from "./free-form/evidence.js";
import { type IntensityEvidence, judgeIntensity } from "./intensity/evidence.js";
import { type InformationEvidence, judgeInformation } from "./mutual-information/evidence.js";
import { informationMetrics } from "./mutual-information/metrics.js";
import { judgeStructure, type StructureEvidence } from "./structure/evidence.js";

/**
 * What is known of a registration. Lengths in pixels of the moving image.
 *
 * The evidence that the images show the same place comes from the unguided search alone, be it by features or by structure:
 * after a guided pass even a wrong map has many inliers. What comes from the guided pass tells how accurate a right map is.
 */
export interface Evidence {
  readonly family: Family;
  /** Where tie points of features, or of a file, were searched for a consensus. */
  readonly features?: FeatureEvidence;
  /** Where someone named the tie points. */
  readonly named?: NamedEvidence;
  /** Where the images were searched by structure. */
  readonly structure?: StructureEvidence;
  /** Where the images were registered by their intensities. */
  readonly intensity?: IntensityEvidence;
  /** Where the images were searched by their spectra. */
  readonly fourier?: FourierEvidence;
  /** Where the images were registered by a lattice of displacements. */
  readonly freeForm?: FreeFormEvidence;
  /** Where the images were registered by the information that they share. */
  readonly information?: InformationEvidence;
  readonly fitRmse: number;
  readonly heldOutRmse: number;
  readonly expectedError: number;
  readonly noise: number;
  readonly misfit: number;
  readonly coverage: number;
  /** Share of the textured overlap where a second look finds the images to agree. */
  readonly agreement?: number;
  readonly overlap?: number;
  readonly similarity?: {
    readonly before: { readonly ncc: number; readonly nmi: number; readonly ssim: number };
    readonly after: { readonly ncc: number; readonly nmi: number; readonly ssim: number };
  };
  readonly scale: number;
  readonly anisotropy: number;
  readonly reflected: boolean;
  /** Whether maps that turn the image over were asked for. */
  readonly mayReflect?: boolean;
  readonly scaleSpread: number;
  /** Diagonal of the moving image, pixels; 0 when unknown. */
  readonly diagonal: number;
}

export interface FeatureEvidence {
  readonly matches: number;
  /** Unguided inliers that are places of their own. */
  readonly inliers: number;
  readonly inlierShare: number;
  readonly log10Nfa: number;
  /** Share of inliers that the estimator finds among shuffled tie points. */
  readonly shuffledShare: number;
  /** Best second consensus, as a share of the winner's score. */
  readonly rivalShare: number;
  readonly guided?: { readonly inliers: number; readonly share: number };
  /** What an affine map brings together, where it explains clearly more than the stiffer one that was asked for. */
  readonly freer?: number;
}

/** Tie points that someone set: names are the evidence, and what is asked is how well they agree on a map. */
export interface NamedEvidence {
  readonly count: number;
  /** All but those that are out of line. */
  readonly used: number;
  /** As many determine a map exactly. */
  readonly least: number;
  /** Miss at points left out, over the points' root mean square distance from their middle; NaN where none can be left out. */
  readonly relative: number;
  /** Names of points that are out of line, and of points that look exchanged. */
  readonly odd: readonly string[];
  readonly swapped: readonly (readonly [string, string])[];
}

/**
 * Weighs the evidence. Gates that make chance or nonsense likely reject; gates that make the figure doubtful suspect.
 *
 * The null thresholds are those that separated 44 real pairs from unrelated ones with a wide gap: unrelated pairs never
 * came below log10 NFA 0, right ones stayed below −16, and one 21 px off had −8.7.
 */
export function judge(e: Evidence, stopped: string): Verdict {
  const reasons: Diagnostic[] = [];
  const reject = (code: string, message: string, hint: string) => reasons.push(problem(code, message, hint));
  const suspect = (code: string, message: string, hint: string) => reasons.push(warning(code, message, hint));
  if (e.features) judgeFeatures(e.family, e.features, reject, suspect);
  if (e.named) judgeNamed(e.named, e.heldOutRmse, reject, suspect);
  if (e.structure) judgeStructure(e.structure, reject, suspect);
  if (e.fourier) judgeFourier(e.fourier, reject, suspect);
  if (e.intensity) judgeIntensity(e.intensity, reject, suspect);
  if (e.freeForm) judgeFreeForm(e.freeForm, reject, suspect);
  if (e.information) judgeInformation(e.information, e.diagonal, reject, suspect);
  if (e.reflected && !e.mayReflect) {
    reject(
      "reflected",
      "The map turns the image over: one image is the mirror image of the other",
      e.named
        ? "If it really is, such as a left and a right wing, write reflection: allow at the estimator."
        : "If the slide really is flipped, flip the file first.",
    );
  }
  if (!(e.anisotropy <= 6) || !(e.scaleSpread <= 20) || !(e.scale >= 1 / 20 && e.scale <= 20)) {
    reject(
      "implausible",
      `The map stretches implausibly: scale ${number(e.scale)}, one direction ${number(e.anisotropy)} times the other, scale varies by ${number(e.scaleSpread)} over the image`,
      "Use a stiffer model: similarity or affine.",
    );
  } else if (e.family !== "projective" && e.anisotropy > 2) {
    suspect(
      "anisotropic",
      `The map stretches one direction ${number(e.anisotropy)} times as much as the other`,
      "If that cannot be, use estimate/similarity.",
    );
  }
  if (e.overlap !== undefined && e.overlap < 0.02) {
    reject(
      "no-overlap",
      `The images overlap by ${percent(e.overlap)} only under this map`,
      "Check that the files belong together.",
    );
  } else if (e.overlap !== undefined && e.overlap < (e.structure ? 0.2 : 0.1)) {
    suspect(
      "small-overlap",
      `The images overlap by ${percent(e.overlap)} only under this map`,
      "Look at the overlay in the report.",
    );
  }
  if (stopped === "guided-pass-found-too-little") {
    suspect(
      "not-confirmed",
      "Near where the map puts them, the images look too little alike to confirm it",
      "Look at the overlay in the report. Images of different modality are for match/structure.",
    );
  }
  if (e.features?.guided && e.features.guided.share < 0.5 && e.family === "projective" && e.misfit > 1) {
    suspect(
      "more-than-one-plane",
      `The map explains ${percent(e.features.guided.share)} of what matches locally: the scene may have more than one plane`,
      "Expect errors away from the main plane; a deformable model follows it better.",
    );
  }
  if (!Number.isFinite(e.expectedError)) {
    suspect(
      "error-unknown",
      "The tie points are too few, or too close together, to tell how far off the map may be",
      "More tie points, spread over the image, or a stiffer model.",
    );
  } else if (e.diagonal > 0 && !(e.expectedError <= Math.max(0.01 * e.diagonal, 3))) {
    suspect(
      "uncertain",
      `The expected error is ${number(e.expectedError)} px, more than 1 % of the image`,
      "More tie points, a looser model for deformed images, or a stiffer one for few tie points.",
    );
  }
  if (e.agreement !== undefined && e.agreement < 0.5) {
    suspect(
      "small-agreement",
      `The images agree over ${percent(e.agreement)} of their overlap only`,
      "Look at the overlay. If tie points lie on a caption, a frame or dust that both images share, crop it away or mask it; a scene with depth or deformation needs a model that bends.",
    );
  }
  if (e.coverage < 0.15) {
    suspect(
      "small-coverage",
      `Tie points cover ${percent(e.coverage)} of the overlap only; elsewhere the map is extrapolated`,
      "Look at the overlay away from the tie points.",
    );
  }
  // Edges may agree where brightness says nothing, and images may lie on each other from the start.
  if (e.similarity && !e.structure && !e.information) {
    const { before, after } = e.similarity;
    if (after.ncc < before.ncc + 0.01 && after.nmi < before.nmi + 0.001 && after.ncc < 0.7 && after.nmi < 1.1) {
      suspect(
        "no-gain",
        `The images are not more alike after the warp (NCC ${before.ncc.toFixed(2)} to ${after.ncc.toFixed(2)}, NMI ${before.nmi.toFixed(3)} to ${after.nmi.toFixed(3)})`,
        "Look at the overlay in the report.",
      );
    }
  }
  const status = reasons.some((r) => r.severity === "error") ? "rejected" : reasons.length > 0 ? "suspect" : "accepted";
  return { status, reasons, metrics: metricsOf(e), stopped };
}

type Say = (code: string, message: string, hint: string) => void;

function judgeFeatures(family: Family, f: FeatureEvidence, reject: Say, suspect: Say): void {
  const least = Math.max(8, 2 * minimalSample[family] + 2);
  if (f.log10Nfa > -6 || f.inliers < least) {
    reject(
      "chance",
      `Only ${f.inliers} of ${f.matches} tie points agree, which chance may explain (about 10^${f.log10Nfa.toFixed(1)} such agreements expected in unrelated images)`,
      "The images may not show the same place. If they do: preprocess so that both look more alike, or mark tie points by hand and give them as a matches file.",
    );
  } else if (f.log10Nfa > -15 || f.inliers < 12) {
    suspect(
      "thin-evidence",
      `${f.inliers} tie points agree: more than chance, but few (10^${f.log10Nfa.toFixed(1)} expected by chance; below 10^-15 is safe)`,
      "Look at the overlay in the report. More key points (max-keypoints, contrast-threshold) or preprocessing may help.",
    );
  }
  if (f.shuffledShare > 0 && f.inlierShare < 2 * f.shuffledShare) {
    reject(
      "no-better-than-shuffled",
      `Tie points paired at random agree nearly as well (${percent(f.shuffledShare)} against ${percent(f.inlierShare)})`,
      "The matcher sees no real correspondence: try match/structure, or mark tie points by hand.",
    );
  }
  if (f.freer !== undefined) {
    suspect(
      "too-stiff",
      `A ${family} map brings ${f.inliers} points together, but an affine one ${f.freer}: away from the middle it may be far off`,
      "Use estimate/affine, or estimate/auto, which chooses.",
    );
  }
  if (f.rivalShare > 0.7) {
    suspect(
      "ambiguous",
      `A second, different map is supported nearly as well (${percent(f.rivalShare)})`,
      "The scene may repeat itself, or have more than one plane: check the overlay, or crop.",
    );
  }
}

function judgeNamed(n: NamedEvidence, heldOut: number, reject: Say, suspect: Say): void {
  if (n.relative > 0.5) {
    reject(
      "points-disagree",
      `The named points do not agree on one map: left out one at a time they are missed by ${number(heldOut)} px, ${percent(n.relative)} of the figure's size`,
      "Check that the names mean the same places in both images, and whether y counts up in one of the files (y-axis: up).",
    );
  } else if (n.relative > 0.15) {
    suspect(
      "points-disagree",
      `Left out one at a time, the named points are missed by ${number(heldOut)} px, ${percent(n.relative)} of the figure's size`,
      "Check the points in the report; what differs in shape needs a model that bends.",
    );
  }
  if (n.used <= n.least) {
    suspect(
      "no-point-to-spare",
      `${n.used} points determine the map exactly: nothing tells how far off it is`,
      "Set more points, or use a stiffer model.",
    );
  }
  if (n.swapped.length > 0) {
    const pairs = n.swapped.map(([a, b]) => `"${a}" and "${b}"`).join(", ");
    suspect("points-swapped", `Exchanged, ${pairs} would agree with the others`, "Look at them in both images.");
  }
  if (n.odd.length > 0) {
    const names = n.odd.map((name) => `"${name}"`).join(", ");
    suspect(
      "point-out-of-line",
      `The others agree much better without ${names}, which the map leaves out`,
      "Look at it in both images; correct it, or remove it.",
    );
  }
}

function metricsOf(e: Evidence): Metrics {
  const px = (value: number) => ({ value, unit: "px" });
  const share = (value: number) => ({ value: 100 * value, unit: "%" });
  const metrics: Record<string, { value: number; unit?: string }> = {
    "expected-error": px(e.expectedError),
    "held-out-rmse": px(e.heldOutRmse),
    "fit-rmse": px(e.fitRmse),
    noise: px(e.noise),
    misfit: px(e.misfit),
    coverage: share(e.coverage),
    scale: { value: e.scale },
    anisotropy: { value: e.anisotropy },
  };
  if (e.features) {
    const { matches, inliers, inlierShare, log10Nfa, shuffledShare, rivalShare, guided } = e.features;
    metrics.matches = { value: matches };
    metrics.inliers = { value: inliers };
    metrics["inlier-share"] = share(inlierShare);
    metrics["log10-nfa"] = { value: log10Nfa };
    metrics["null-inlier-share"] = share(shuffledShare);
    metrics["rival-share"] = share(rivalShare);
    if (guided) {
      metrics["guided-inliers"] = { value: guided.inliers };
      metrics["guided-share"] = share(guided.share);
    }
  }
  if (e.named) {
    metrics.matches = { value: e.named.count };
    metrics.inliers = { value: e.named.used };
    metrics["inlier-share"] = share(e.named.used / e.named.count);
  }
  if (e.structure) {
    metrics["structure-score"] = { value: e.structure.score };
    metrics.margin = { value: e.structure.margin };
    metrics["block-consistency"] = share(e.structure.consistency);
    metrics.blocks = { value: e.structure.blocks };
  }
  if (e.intensity) {
    const { ncc, detail, starts, roundTrip, gain, iterations } = e.intensity;
    metrics.ncc = { value: ncc };
    metrics.gain = { value: gain };
    metrics.iterations = { value: iterations };
    if (detail) {
      metrics["detail-ncc"] = { value: detail.ncc };
      metrics["null-ncc"] = { value: detail.elsewhere };
      metrics["null-deviation"] = { value: detail.deviation };
    }
    if (e.intensity.patches) metrics["patch-miss"] = px(e.intensity.patches.miss);
    metrics["second-start"] = px(starts);
    metrics["round-trip"] = px(roundTrip);
  }
  if (e.fourier) {
    metrics["spectrum-peak"] = { value: e.fourier.peak };
    metrics["spectrum-peak-elsewhere"] = { value: e.fourier.peakElsewhere };
    metrics.peak = { value: e.fourier.score };
    metrics.margin = { value: e.fourier.margin };
    metrics["half-turn-margin"] = { value: e.fourier.halfTurn };
  }
  if (e.freeForm) Object.assign(metrics, freeFormMetrics(e.freeForm));
  if (e.information) Object.assign(metrics, informationMetrics(e.information));
  if (e.agreement !== undefined) metrics.agreement = share(e.agreement);
  if (e.overlap !== undefined) metrics.overlap = share(e.overlap);
  if (e.similarity) {
    for (const when of ["before", "after"] as const) {
      for (const name of ["ncc", "nmi", "ssim"] as const)
        metrics[`${name}-${when}`] = { value: e.similarity[when][name] };
    }
  }
  // A number that could not be had is absent, never NaN.
  return Object.fromEntries(Object.entries(metrics).filter(([, { value }]) => Number.isFinite(value)));
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const number = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
