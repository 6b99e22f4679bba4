import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import { spacing } from "../core/grid.js";
import type { Image } from "../core/image.js";
import type { Matches } from "../core/matches.js";
import type { Context, Table } from "../core/plugin.js";
import type { Registration } from "../core/registration.js";
import { apply, asMatrix3, type Transform } from "../core/transform.js";
import type { Metric, Metrics } from "../core/verdict.js";
import { kernels } from "../kernel/lane.js";
import { readPair, similarityThrough, similarityUnder, startingMap } from "./pair.js";

/** NCC, NMI and SSIM of two images before and after a map, as metrics `ncc-before` … `ssim-after`. */
export async function measureSimilarity(
  fixed: Image,
  moving: Image,
  transform: Transform,
  context: Context,
): Promise<Result<Metrics>> {
  using arena = kernels().arena();
  const pair = await readPair(arena, { fixed, moving }, 1e6, context.signal);
  const before = similarityUnder(arena, pair, startingMap(pair));
  const matrix = asMatrix3(transform);
  const after = matrix
    ? similarityUnder(arena, pair, matrix)
    : await similarityThrough(arena, pair, moving, transform, context.signal);
  const metrics: Record<string, Metric> = {};
  for (const name of ["ncc", "nmi", "ssim"] as const) {
    metrics[`${name}-before`] = { value: before[name] };
    metrics[`${name}-after`] = { value: after[name] };
  }
  return ok(metrics);
}

/** How alike two images are as their files place them: `ncc`, `nmi`, `ssim`, and `rmse`, in the fixed image's intensities. */
export async function measureDifference(fixed: Image, moving: Image, context: Context): Promise<Result<Metrics>> {
  using arena = kernels().arena();
  const pair = await readPair(arena, { fixed, moving }, 1e6, context.signal);
  const { ncc, nmi, ssim, rmse } = similarityUnder(arena, pair, startingMap(pair));
  const likeness = { ncc: { value: ncc }, nmi: { value: nmi }, ssim: { value: ssim } };
  return ok(Number.isNaN(rmse) ? likeness : { ...likeness, rmse: { value: rmse } });
}

/**
 * Distances between where a registration puts landmarks and where they are.
 *
 * Pixels of the moving image when its grid is known, else world units.
 */
export function measureTre(
  { transform, moving }: Registration,
  landmarks: Matches,
): Result<{ readonly metrics: Metrics; readonly table: Table }> {
  const count = landmarks.fixed.length / 2;
  if (count === 0)
    return failed(
      problem(
        "no-landmarks",
        "There are no landmarks to measure at",
        "Give a CSV file with columns fixed_x,fixed_y,moving_x,moving_y.",
      ),
    );
  const unit = moving ? spacing(moving) : 1;
  const mapped = apply(transform, landmarks.fixed);
  const errors = Array.from({ length: count }, (_, i) => {
    const x = mapped[2 * i]! - landmarks.moving[2 * i]!;
    const y = mapped[2 * i + 1]! - landmarks.moving[2 * i + 1]!;
    return Math.sqrt(x * x + y * y) / unit;
  });
  const inside = errors.filter(Number.isFinite).sort((a, b) => a - b);
  if (inside.length === 0)
    return failed(
      problem(
        "landmarks-outside",
        "The transform maps none of the landmarks",
        "Check that the landmarks belong to these images.",
      ),
    );
  const at = (q: number): number => {
    const place = q * (inside.length - 1);
    const low = Math.floor(place);
    const high = Math.min(inside.length - 1, low + 1);
    return inside[low]! + (place - low) * (inside[high]! - inside[low]!);
  };
  const px = moving ? { unit: "px" } : {};
  const sum = inside.reduce((s, e) => s + e, 0);
  const squares = inside.reduce((s, e) => s + e * e, 0);
  const metrics: Metrics = {
    "tre-median": { value: at(0.5), ...px },
    "tre-mean": { value: sum / inside.length, ...px },
    "tre-rms": { value: Math.sqrt(squares / inside.length), ...px },
    "tre-p90": { value: at(0.9), ...px },
    "tre-max": { value: inside[inside.length - 1]!, ...px },
    landmarks: { value: count },
    "landmarks-outside": { value: count - inside.length },
  };
  const column = (p: Float64Array, offset: number) => Array.from({ length: count }, (_, i) => p[2 * i + offset]!);
  return ok({
    metrics,
    table: {
      columns: {
        fixed_x: column(landmarks.fixed, 0),
        fixed_y: column(landmarks.fixed, 1),
        moving_x: column(landmarks.moving, 0),
        moving_y: column(landmarks.moving, 1),
        error: errors.map((e) => (Number.isFinite(e) ? e : "")),
      },
    },
  });
}
