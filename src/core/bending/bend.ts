import { type Affine2, applyAffine, type Grid, invertAffine } from "../grid.js";
import { type ControlLattice, controlLatticeAt } from "./control-lattice.js";
import { type DisplacementField, displacementAt } from "./displacement-field.js";
import type { JetMap } from "./jets.js";
import { type Probes, probeMap, type Reversible, solveInverse } from "./solve.js";
import { type ThinPlate, thinPlateAt } from "./thin-plate.js";

/** The transforms that bend. */
export type Bend =
  | ({ readonly type: "tps" } & ThinPlate)
  | ({ readonly type: "bspline" } & ControlLattice)
  | ({ readonly type: "displacement" } & DisplacementField);

export const isBend = <T extends { readonly type: string }>(t: T): t is Extract<T, { readonly type: Bend["type"] }> =>
  t.type === "tps" || t.type === "bspline" || t.type === "displacement";

/** Values of a bending map, and its derivatives where asked for; see `JetMap`. */
export function bend(t: Bend, points: Float64Array, derivatives: boolean): Float64Array {
  switch (t.type) {
    case "tps":
      return thinPlateAt(t, points, derivatives);
    case "bspline":
      return controlLatticeAt(t, points, derivatives);
    case "displacement":
      return displacementAt(t, points, derivatives);
  }
}

/** Probes are made once for each transform, however often it is reversed. */
const probesOf = new WeakMap<Bend, Probes>();

/**
 * The reverse of a bending map, solved numerically: exact to far below a hundredth of a pixel, or NaN, NaN; see `solveInverse`.
 *
 * @param map  another way to evaluate `t`; `bend` when absent
 */
export function unbend(t: Bend, targets: Float64Array, map: JetMap = (p, jets) => bend(t, p, jets)): Float64Array {
  const corners = domain(t);
  const [a, b, , d, e] = corners;
  const size = Math.max(Math.sqrt(a * a + d * d), Math.sqrt(b * b + e * e), Number.MIN_VALUE);
  const of: Reversible = {
    map,
    size,
    side: t.type === "tps" && t.affine[0] * t.affine[4] - t.affine[1] * t.affine[3] < 0 ? -1 : 1,
    guess: (q) => (t.type === "tps" ? applyAffine(invertAffine(t.affine), q) : q),
    probes() {
      const known = probesOf.get(t);
      if (known) return known;
      const made = probeMap(map, (s, u) => [a * s + b * u + corners[2], d * s + e * u + corners[5]]);
      probesOf.set(t, made);
      return made;
    },
  };
  return solveInverse(of, targets);
}

/** The area where a map bends, as an affine map of the unit square: the box of the knots and a quarter more, or the grid. */
function domain(t: Bend): Affine2 {
  if (t.type !== "tps") return areaOf(t.type === "bspline" ? t.lattice : t.grid);
  let [x0, y0, x1, y1] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (let k = 0; k < t.knots.length; k += 2) {
    x0 = Math.min(x0, t.knots[k]!);
    x1 = Math.max(x1, t.knots[k]!);
    y0 = Math.min(y0, t.knots[k + 1]!);
    y1 = Math.max(y1, t.knots[k + 1]!);
  }
  if (!(x1 >= x0)) return [1, 0, 0, 0, 1, 0];
  const margin = 0.25 * Math.max(x1 - x0, y1 - y0);
  return [x1 - x0 + 2 * margin, 0, x0 - margin, 0, y1 - y0 + 2 * margin, y0 - margin];
}

/** From the first pixel's outer corner to the last's. */
function areaOf({ width, height, worldFromPixel: [a, b, c, d, e, f] }: Grid): Affine2 {
  const h = -0.5 + 1e-9; // a hair inside, so that the rim has a value
  const [w, l] = [width - 2e-9, height - 2e-9];
  return [a * w, b * l, c + (a + b) * h, d * w, e * l, f + (d + e) * h];
}
