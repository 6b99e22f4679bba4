import { type Diagnostic, failed, ok, problem, type Result, warning } from "../../core/diagnostic.js";
import { toPixel } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Table } from "../../core/plugin.js";
import type { PointSet } from "../../core/points.js";
import type { Metrics } from "../../core/verdict.js";
import { quantile } from "../sample-image.js";

export interface Evaluation {
  /** Of each image, the worst first. */
  readonly images: Table;
  /** Of each point, in the order of the truth. */
  readonly points: Table;
  readonly metrics: Metrics;
  readonly notes: readonly Diagnostic[];
}

interface Pair {
  readonly image: string;
  readonly point: string;
  /** Pixels of the image; NaN where nothing was predicted. */
  readonly error: number;
  /** Share of the image's diagonal. */
  readonly share: number;
  readonly confidence: number;
}

/**
 * Compares predicted points with true ones, by item and by name.
 *
 * @returns tables and metrics; or `nothing-to-compare` where no item and name is in both
 */
export function evaluateLandmarks(
  images: ReadonlyMap<string, Image>,
  predicted: ReadonlyMap<string, PointSet>,
  truth: ReadonlyMap<string, PointSet>,
): Result<Evaluation> {
  const pairs: Pair[] = [];
  const notes: Diagnostic[] = [];
  const without = [...truth.keys()].filter((id) => !predicted.has(id) || !images.has(id));
  for (const [id, set] of truth) {
    const image = images.get(id);
    const guess = predicted.get(id);
    if (!image || !guess) continue;
    const { grid } = image;
    const diagonal = Math.sqrt(grid.width ** 2 + grid.height ** 2);
    const at = byName(guess);
    const [right, found] = [toPixel(grid, set.points), toPixel(grid, guess.points)];
    for (const [point, i] of byName(set)) {
      const j = at.get(point);
      const dx = j === undefined ? Number.NaN : found[2 * j]! - right[2 * i]!;
      const dy = j === undefined ? Number.NaN : found[2 * j + 1]! - right[2 * i + 1]!;
      if (Number.isNaN(right[2 * i]! + right[2 * i + 1]!)) continue;
      const error = Math.sqrt(dx * dx + dy * dy);
      const confidence = j === undefined ? Number.NaN : (guess.confidence?.[j] ?? 1);
      pairs.push({ image: id, point, error, share: error / diagonal, confidence });
    }
  }
  const known = pairs.filter((p) => !Number.isNaN(p.error));
  if (known.length === 0) {
    return failed(
      problem(
        "nothing-to-compare",
        `No point is both predicted and known: ${predicted.size} predicted sets, ${truth.size} true ones, ${pairs.length} true points in images of both`,
        "Items of both must have the same names, and so must their points.",
      ),
    );
  }
  if (without.length > 0) {
    const names = without.slice(0, 3).join(", ");
    notes.push(warning("not-predicted", `${without.length} of ${truth.size} images have no prediction: ${names}`));
  }
  const lost = pairs.length - known.length;
  if (lost > 0) notes.push(warning("points-missing", `${lost} of ${pairs.length} true points were not predicted`));
  const ofImages = grouped(known, (p) => p.image)
    .map(([image, own]) => ({ image, own, mean: mean(own.map((p) => p.error)) }))
    .sort((a, b) => b.mean - a.mean || (a.image < b.image ? -1 : 1));
  const worst = (own: readonly Pair[]) => own.reduce((w, p) => (p.error > w.error ? p : w));
  const ofPoints = grouped(known, (p) => p.point);
  const errors = known.map((p) => p.error);
  const px = (value: number) => ({ value, unit: "px" });
  return ok({
    images: {
      columns: {
        image: ofImages.map((g) => g.image),
        "mean-error-px": ofImages.map((g) => g.mean),
        "worst-error-px": ofImages.map((g) => worst(g.own).error),
        "worst-point": ofImages.map((g) => worst(g.own).point),
        confidence: ofImages.map((g) => mean(g.own.map((p) => p.confidence))),
      },
    },
    points: {
      columns: {
        point: ofPoints.map(([point]) => point),
        images: ofPoints.map(([, own]) => own.length),
        "mean-error-px": ofPoints.map(([, own]) => mean(own.map((p) => p.error))),
        "median-error-px": ofPoints.map(([, own]) => middle(own.map((p) => p.error))),
        "worst-error-px": ofPoints.map(([, own]) => worst(own).error),
        "worst-image": ofPoints.map(([, own]) => worst(own).image),
      },
    },
    metrics: {
      images: { value: ofImages.length },
      points: { value: known.length },
      missing: { value: lost },
      "mean-error": px(mean(errors)),
      "median-error": px(middle(errors)),
      "error-90": px(quantile(Float64Array.from(errors).sort(), 0.9)),
      "worst-image-error": px(ofImages[0]!.mean),
      "mean-error-of-diagonal": { value: 100 * mean(known.map((p) => p.share)), unit: "%" },
      "mean-confidence": { value: mean(known.map((p) => p.confidence)) },
    },
    notes,
  });
}

/** Index of each point by its name, or by its number where points have none; of equal names the first. */
function byName({ names, points }: PointSet): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  for (let i = 0; i < points.length / 2; i++) {
    const name = names?.[i] ?? String(i + 1);
    if (!out.has(name)) out.set(name, i);
  }
  return out;
}

function grouped(pairs: readonly Pair[], key: (pair: Pair) => string): readonly (readonly [string, readonly Pair[]])[] {
  const groups = new Map<string, Pair[]>();
  for (const pair of pairs) {
    const group = groups.get(key(pair));
    if (group) group.push(pair);
    else groups.set(key(pair), [pair]);
  }
  return [...groups];
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const middle = (values: readonly number[]): number => quantile(Float64Array.from(values).sort(), 0.5);
