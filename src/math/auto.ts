import type { Diagnostic } from "../core/diagnostic.js";
import type { Grid } from "../core/grid.js";
import { spacing } from "../core/grid.js";
import type { Context, Outcome } from "../core/plugin.js";
import { apply, asMatrix3, type Matrix3, type Transform } from "../core/transform.js";
import type { Candidate, Verdict, VerdictStatus } from "../core/verdict.js";
import { estimateBending } from "./bending/estimate-bending.js";
import type { Model } from "./choose-family.js";
import { estimateFromMatches } from "./estimate.js";
import { bendingParams } from "./estimate-params.js";
import { type MatchInputs, matchImages } from "./features/match-images.js";
import { detectSift } from "./features/sift.js";
import { describeSift } from "./features/sift-describe.js";
import { worthTilting } from "./features/tilts.js";
import { findOverlap } from "./overlap.js";
import { registerByStructure } from "./structure/register.js";

export interface AutoOptions {
  readonly model: Model;
}

type Outputs = { transform: "transform"; matches: "matches" };
type Success = Extract<Outcome<Outputs>, { ok: true }>;

interface Attempt {
  readonly method: string;
  readonly outcome: Outcome<Outputs>;
}

/** Features that chance explains less than that need no second opinion. */
const OVERWHELMING = -30;

/**
 * Registers two images of any kind: by SIFT features; where their evidence is not overwhelming by structure, which has its
 * own; and where that does not decide and features are thin, by features once more with simulated slanted views. Two ways
 * that end in the same place speak for each other; two that do not are told, and the result is suspect. Where all tie
 * points of features say that a straight map leaves something out, the map may bend.
 */
export async function alignAutomatically(
  inputs: MatchInputs,
  { model }: AutoOptions,
  context: Context,
): Promise<Outcome<Outputs>> {
  const attempts: Attempt[] = [];
  const part = (from: number, to: number): Context => ({
    ...context,
    progress: (f) => context.progress(from + (to - from) * f),
  });
  const features = await byFeatures(inputs, model, "none", part(0, 0.4));
  attempts.push(features);
  if (rankOf(features) < rank.accepted || falseAlarms(features) > OVERWHELMING) {
    const structure = await byStructure(inputs, model, startOf(features), part(0.4, 0.8));
    attempts.push(structure);
    if (rankOf(structure) < rank.accepted && worthTilting(falseAlarms(features)))
      attempts.push(await byFeatures(inputs, model, "moderate", part(0.8, 1)));
  }
  const bent = model === "auto" ? await bend(attempts.reduce(better), part(0.9, 1)) : undefined;
  if (bent) attempts.push(bent);
  return conclude(attempts, inputs.fixed.grid, inputs.moving.grid);
}

/** A map that bends must take away so much of a straight one's expected error, and come with tie points of features. */
const BENT = { share: 0.25, least: 0.25, beyondNoise: 3 } as const;

/**
 * A thin-plate spline on the tie points of an accepted straight map that leaves out what they all say; undefined where the
 * straight one does, or the other is not far better. Structure's tie points share too much to tell.
 */
async function bend(straight: Attempt, context: Context): Promise<Attempt | undefined> {
  const { outcome } = straight;
  if (!outcome.ok || straight.method === "structure" || rankOf(straight) < rank.accepted) return undefined;
  if (outcome.value.transform.transform.type !== "affine") return undefined;
  const figure = (name: string, of = outcome.verdict!) => of.metrics[name]?.value ?? Number.POSITIVE_INFINITY;
  const misfit = figure("misfit");
  if (!(misfit > BENT.least && misfit > BENT.beyondNoise * figure("noise"))) return undefined;
  const options = {
    inlierDistance: { value: 3, unit: "px" },
    smoothing: undefined,
    outliers: "auto",
    maxKnots: bendingParams.maxKnots.default,
    reflection: "refuse",
    confidence: 0.9999,
  } as const;
  const bent = await estimateBending("tps", outcome.value.matches, options, context);
  if (!bent.ok || bent.verdict?.status !== "accepted") return undefined;
  if (!(figure("expected-error", bent.verdict) < BENT.share * figure("expected-error"))) return undefined;
  return { method: "thin-plate spline on these tie points", outcome: bent };
}

/** A doubtful map of features that structure should try too; none where a second look spoke against it. */
function startOf(features: Attempt): readonly Matrix3[] {
  const verdict = verdictOf(features);
  if (!verdict || falseAlarms(features) >= 0 || verdict.reasons.some((r) => r.code === "small-agreement")) return [];
  const matrix = asMatrix3(transformOf(features));
  return matrix ? [matrix] : [];
}

async function byStructure(
  inputs: MatchInputs,
  model: Model,
  starts: readonly Matrix3[],
  context: Context,
): Promise<Attempt> {
  const family = model === "auto" ? "affine" : model;
  const options = { flips: false, minOverlap: 0.3, scales: [0.5, 2], maxSide: 1024, model: family, starts } as const;
  return { method: "structure", outcome: await registerByStructure(inputs, options, context) };
}

async function byFeatures(
  inputs: MatchInputs,
  model: Model,
  tilts: "none" | "moderate",
  context: Context,
): Promise<Attempt> {
  const method = tilts === "none" ? "SIFT features" : "SIFT features in slanted views";
  const options = { ratio: 0.85, mutual: true, tilts, maxSide: { value: 6000, unit: "px" } } as const;
  const found = await matchImages(
    inputs,
    ({ gray, mask }) => {
      const keypoints = detectSift(gray, { maxKeypoints: 4000, contrastThreshold: 0.02, ...(mask ? { mask } : {}) });
      return describeSift(gray, keypoints, { limit: 4000 });
    },
    options,
    context,
  );
  if (!found.ok) return { method, outcome: found };
  const estimate = { inlierDistance: { value: 3, unit: "px" }, guided: true, confidence: 0.9999 } as const;
  return { method, outcome: await estimateFromMatches(model, found.value.matches, estimate, context) };
}

const verdictOf = ({ outcome }: Attempt): Verdict | undefined => (outcome.ok ? outcome.verdict : undefined);
const falseAlarms = (attempt: Attempt): number => verdictOf(attempt)?.metrics["log10-nfa"]?.value ?? 0;
const rank: Readonly<Record<VerdictStatus, number>> = { rejected: 0, suspect: 1, accepted: 2 };
const rankOf = (attempt: Attempt): number => {
  const verdict = verdictOf(attempt);
  return verdict ? rank[verdict.status] : -1;
};

/** The attempt with the better verdict; of equals the one that chance explains less. */
const better = (a: Attempt, b: Attempt): Attempt =>
  rankOf(b) > rankOf(a) || (rankOf(b) === rankOf(a) && falseAlarms(b) < falseAlarms(a)) ? b : a;

/** Maps nearer than that, as a share of the moving image's diagonal, put the images in one place. */
const SAME_PLACE = 0.01;
/** Reasons that are about how much evidence there is, and not about what it says. */
const thin: ReadonlySet<string> = new Set(["chance", "thin-evidence", "thin-structure", "not-confirmed", "ambiguous"]);
/** Features that chance explains so well confirm nothing. */
const LEAST_WITNESS = -3;

/** Weighs the attempts against each other, and tells them all. */
function conclude(attempts: readonly Attempt[], fixed: Grid, moving: Grid): Outcome<Outputs> {
  const given = attempts.filter(({ outcome }) => outcome.ok);
  if (given.length === 0) {
    const said = attempts.flatMap(({ outcome }) => (outcome.ok ? [] : outcome.diagnostics));
    return { ok: false, diagnostics: distinctDiagnostics(said) };
  }
  const winner = given.reduce((a, b) => preferred(a, b, fixed, moving));
  const { outcome } = winner as Attempt & { outcome: Success };
  const others = given.filter((a) => a !== winner);
  const verdict = withOthers(verdictOf(winner)!, winner, others, fixed, moving);
  const candidates = attempts.map((a) => candidateOf(a, winner, verdict.status, fixed, moving));
  const told: Verdict = { ...verdict, candidates };
  return {
    ...outcome,
    value: { ...outcome.value, transform: { ...outcome.value.transform, verdict: told } },
    verdict: told,
  };
}

/** Of two accepted maps of one place the one that is expected to be more exact; otherwise the better verdict. */
function preferred(a: Attempt, b: Attempt, fixed: Grid, moving: Grid): Attempt {
  if (rankOf(a) !== rankOf(b) || rankOf(a) < rank.suspect) return better(a, b);
  if (!inOnePlace(a, b, fixed, moving)) return better(a, b);
  const error = (one: Attempt) => verdictOf(one)!.metrics["expected-error"]?.value ?? Number.POSITIVE_INFINITY;
  return error(b) < error(a) ? b : a;
}

/**
 * The winner's verdict in the light of the others: accepted maps of different places cast doubt on each other; a map of
 * which the only fault is thin evidence is believed when a method of another kind ends in the same place.
 */
function withOthers(own: Verdict, winner: Attempt, others: readonly Attempt[], fixed: Grid, moving: Grid): Verdict {
  const rival = others.find((o) => rankOf(o) === rank.accepted && !inOnePlace(o, winner, fixed, moving));
  if (own.status === "accepted" && rival) {
    const away = distanceBetween(rival, winner, fixed, moving);
    const reason: Diagnostic = {
      severity: "warning",
      code: "methods-disagree",
      message: `By ${rival.method} the images lie ${away.toPrecision(2)} px elsewhere, and that would be accepted too`,
      hint: "Look at the overlay. Crop to what both images share, or choose one with --method.",
    };
    return { ...own, status: "suspect", reasons: [...own.reasons, reason] };
  }
  if (own.status === "accepted" || !own.reasons.every((r) => thin.has(r.code))) return own;
  const witness = others.find(
    (o) =>
      (o.method === "structure") !== (winner.method === "structure") &&
      (o.method === "structure" || falseAlarms(o) < LEAST_WITNESS) &&
      verdictOf(o)!.reasons.every((r) => thin.has(r.code)) &&
      inOnePlace(o, winner, fixed, moving),
  );
  return witness && Number.isFinite(own.metrics["expected-error"]?.value ?? Number.NaN)
    ? { ...own, status: "accepted", reasons: [] }
    : own;
}

/** What of an attempt's figures stands in the table of what was tried. */
const told = ["expected-error", "inliers", "matches", "log10-nfa", "margin", "block-consistency", "blocks", "overlap"];

function candidateOf(attempt: Attempt, winner: Attempt, status: VerdictStatus, fixed: Grid, moving: Grid): Candidate {
  const { method, outcome } = attempt;
  const chosen = attempt === winner;
  if (!outcome.ok) {
    const reason = outcome.diagnostics[0]?.message;
    return { method, chosen, status: "failed", metrics: {}, ...(reason === undefined ? {} : { reason }) };
  }
  const verdict = outcome.verdict!;
  const metrics = Object.fromEntries(Object.entries(verdict.metrics).filter(([name]) => told.includes(name)));
  const distance = distanceBetween(attempt, winner, fixed, moving);
  const reason =
    chosen && status === "accepted" && verdict.status !== "accepted"
      ? "Little evidence by itself, but another method ends in the same place."
      : verdict.reasons[0]?.message;
  return {
    method,
    chosen,
    status: verdict.status,
    metrics,
    ...(reason === undefined ? {} : { reason }),
    ...(!chosen && Number.isFinite(distance) ? { distance } : {}),
  };
}

const transformOf = ({ outcome }: Attempt): Transform => (outcome as Success).value.transform.transform;

const inOnePlace = (a: Attempt, b: Attempt, fixed: Grid, moving: Grid): boolean =>
  distanceBetween(a, b, fixed, moving) <= SAME_PLACE * Math.sqrt(moving.width ** 2 + moving.height ** 2);

/** Root mean square distance of two maps over what the second makes overlap, pixels of the moving image. */
function distanceBetween(a: Attempt, b: Attempt, fixed: Grid, moving: Grid): number {
  const { places } = findOverlap(transformOf(b), fixed, moving);
  const [p, q] = [apply(transformOf(a), places), apply(transformOf(b), places)];
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += (p[i]! - q[i]!) ** 2;
  const rms = Math.sqrt(sum / (p.length / 2)) / spacing(moving);
  return Number.isNaN(rms) ? Number.POSITIVE_INFINITY : rms;
}

function distinctDiagnostics(all: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return all.filter(({ code, message }) => {
    const key = `${code} ${message}`;
    const first = !seen.has(key);
    seen.add(key);
    return first;
  });
}
