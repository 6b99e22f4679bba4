import { isBend, unbend } from "../core/bending/bend.js";
import type { ThinPlate } from "../core/bending/thin-plate.js";
import type { Points } from "../core/points.js";
import { apply, invert, type Transform } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";

/** Points that one kernel call takes at most: 6 MB of jets. */
const CHUNK = 131072;

/** What `apply` does, to the bit, with thin-plate splines in a kernel on all lanes. */
export function mapPoints(t: Transform, points: Points<"world">): Points<"world"> {
  switch (t.type) {
    case "tps":
      return thinPlatePoints(t, points, false) as Points<"world">;
    case "sequence":
      return t.steps.reduce((p, step) => mapPoints(step, p), points);
    case "inverse": {
      const { of } = t;
      if (!isBend(of)) return mapPoints(invert(of), points);
      const jets = of.type === "tps" ? (p: Float64Array, d: boolean) => thinPlatePoints(of, p, d) : undefined;
      return unbend(of, points, jets) as Points<"world">;
    }
    default:
      return apply(t, points);
  }
}

/** `thinPlateAt` by the kernel. */
export function thinPlatePoints(t: ThinPlate, points: Float64Array, derivatives: boolean): Float64Array {
  const count = points.length / 2;
  const size = derivatives ? 6 : 2;
  const out = new Float64Array(size * count);
  if (count === 0) return out;
  const k = kernels();
  using arena = k.arena();
  const [affine, knots, weights] = [Float64Array.from(t.affine), t.knots, t.weights].map((v) => arena.put(v));
  const at = arena.bytes(16 * Math.min(count, CHUNK));
  const to = arena.bytes(8 * size * Math.min(count, CHUNK));
  for (let from = 0; from < count; from += CHUNK) {
    const n = Math.min(CHUNK, count - from);
    arena.f64(at, 2 * n).set(points.subarray(2 * from, 2 * (from + n)));
    k.rows("thinPlate", n, [at, to, derivatives ? 1 : 0, affine!, knots!, weights!, t.knots.length / 2], 64);
    out.set(arena.f64(to, size * n), size * from);
  }
  return out;
}
