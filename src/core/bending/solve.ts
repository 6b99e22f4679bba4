import { type JetMap, jetSize } from "./jets.js";

/** A map that bends, with what is needed to reverse it. */
export interface Reversible {
  readonly map: JetMap;
  /** Places near which the given targets may come from. */
  guess(targets: Float64Array): Float64Array;
  /** Probes of the map over the area where it bends: where else to start. Called only when it is needed. */
  probes(): Probes;
  /** Size of that area, world units: what counts as near is measured by it. */
  readonly size: number;
  /** Sign of the Jacobian's determinant where the map is not folded. */
  readonly side: 1 | -1;
}

export interface Probes {
  readonly places: Float64Array;
  /** Jets at the places, six numbers each. */
  readonly jets: Float64Array;
  /** The longest distance between the images of neighbouring places. */
  readonly step: number;
}

/** Places per side of the lattice of probes. */
export const PROBES = 33;
const STEPS = 40;

/**
 * Solves map(p) = target for many targets: Newton's method with halved steps, from the guess; where that fails or ends in a
 * fold, from the three nearest probes.
 *
 * A solution is exact to 1e-9 of the map's size (a ten-thousandth of a pixel over 10⁵ of them) and lies where the map keeps
 * its orientation; where there is none, the point is NaN, NaN. Where a map covers a place more than once the solution next
 * to the guess is taken.
 */
export function solveInverse(of: Reversible, targets: Float64Array): Float64Array {
  const places = newton(of, targets, of.guess(targets));
  let open: number[] = [];
  for (let i = 0; i < targets.length; i += 2) {
    const isPoint = Number.isFinite(targets[i]!) && Number.isFinite(targets[i + 1]!);
    if (isPoint && Number.isNaN(places[i]!)) open.push(i / 2);
  }
  if (open.length === 0) return places;
  const probes = of.probes();
  for (let rank = 0; rank < 3 && open.length > 0; rank++) {
    const near = open.flatMap((i) => {
      const start = nearProbe(probes, of.side, targets[2 * i]!, targets[2 * i + 1]!, rank);
      return start === undefined ? [] : [{ i, start }];
    });
    const asked = near.map(({ i }) => i);
    const starts = near.map(({ start }) => start);
    const found = newton(of, gather(asked, targets), gather(starts, probes.places));
    for (const [k, i] of asked.entries()) places.set(found.subarray(2 * k, 2 * k + 2), 2 * i);
    open = asked.filter((i) => Number.isNaN(places[2 * i]!));
  }
  return places;
}

/** From a start for each target; NaN where no step led on, or led into a fold. */
function newton(of: Reversible, targets: Float64Array, starts: Float64Array): Float64Array {
  const count = targets.length / 2;
  const places = new Float64Array(2 * count).fill(Number.NaN);
  const trial = Float64Array.from(starts);
  const base = Float64Array.from(starts);
  const step = new Float64Array(2 * count);
  const share = new Float64Array(count).fill(1);
  const error = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const longest = of.size / 4;
  let active = Array.from({ length: count }, (_, i) => i);
  for (let round = 0; round < STEPS && active.length > 0; round++) {
    const jets = of.map(gather(active, trial), true);
    const next: number[] = [];
    active.forEach((i, k) => {
      const at = jetSize(true) * k;
      const [qx, qy] = [targets[2 * i]!, targets[2 * i + 1]!];
      const du = jets[at]! - qx;
      const dv = jets[at + 1]! - qy;
      const distance = Math.sqrt(du * du + dv * dv);
      const [a, b, d, e] = [jets[at + 2]!, jets[at + 3]!, jets[at + 4]!, jets[at + 5]!];
      const determinant = a * e - b * d;
      if (distance <= 1e-9 * of.size + 1e-13 * (Math.abs(qx) + Math.abs(qy))) {
        if (determinant * of.side > 0) places.set(trial.subarray(2 * i, 2 * i + 2), 2 * i);
        return;
      }
      if (distance < error[i]! && Math.abs(determinant) > 0) {
        error[i] = distance;
        base.set(trial.subarray(2 * i, 2 * i + 2), 2 * i);
        let x = (e * du - b * dv) / determinant;
        let y = (a * dv - d * du) / determinant;
        const length = Math.sqrt(x * x + y * y);
        // Far away from where it bends, the map is nearly affine and may be left in one stride.
        const most = Math.max(longest, distance * 4);
        if (length > most) [x, y] = [(x * most) / length, (y * most) / length];
        step.set([x, y], 2 * i);
        share[i] = 1;
      } else {
        // The first guess has no place, or the step led nowhere better: half of it.
        if (round === 0 || share[i]! < 1 / 256) return;
        share[i] = share[i]! / 2;
      }
      trial[2 * i] = base[2 * i]! - share[i]! * step[2 * i]!;
      trial[2 * i + 1] = base[2 * i + 1]! - share[i]! * step[2 * i + 1]!;
      next.push(i);
    });
    active = next;
  }
  return places;
}

/** The probe whose image is the `rank`-th nearest to a point, of those that are not folded; none when all are far. */
function nearProbe(
  { places, jets, step }: Probes,
  side: number,
  x: number,
  y: number,
  rank: number,
): number | undefined {
  const best: { at: number; square: number }[] = [];
  for (let k = 0; k < places.length / 2; k++) {
    const at = 6 * k;
    if (!((jets[at + 2]! * jets[at + 5]! - jets[at + 3]! * jets[at + 4]!) * side > 0)) continue;
    const square = (jets[at]! - x) ** 2 + (jets[at + 1]! - y) ** 2;
    if (!(square <= 4 * step * step)) continue;
    let slot = best.length;
    while (slot > 0 && best[slot - 1]!.square > square) slot--;
    if (slot > rank) continue;
    best.splice(slot, 0, { at: k, square });
    if (best.length > rank + 1) best.pop();
  }
  return best[rank]?.at;
}

/** Probes of a map on a lattice; `place` takes the unit square to where they shall lie. */
export function probeMap(map: JetMap, place: (s: number, t: number) => readonly [number, number]): Probes {
  const places = new Float64Array(2 * PROBES * PROBES);
  for (let i = 0; i < PROBES * PROBES; i++) {
    places.set(place((i % PROBES) / (PROBES - 1), Math.floor(i / PROBES) / (PROBES - 1)), 2 * i);
  }
  const jets = map(places, true);
  let step = 0;
  for (let i = 0; i < PROBES * PROBES; i++) {
    const at = 6 * i;
    for (const other of [i % PROBES > 0 ? i - 1 : i, i >= PROBES ? i - PROBES : i]) {
      const square = (jets[at]! - jets[6 * other]!) ** 2 + (jets[at + 1]! - jets[6 * other + 1]!) ** 2;
      if (square > step) step = square;
    }
  }
  return { places, jets, step: Math.sqrt(step) };
}

function gather(indices: readonly number[], points: Float64Array): Float64Array {
  const out = new Float64Array(2 * indices.length);
  indices.forEach((i, k) => {
    out[2 * k] = points[2 * i]!;
    out[2 * k + 1] = points[2 * i + 1]!;
  });
  return out;
}
