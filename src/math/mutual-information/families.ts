import type { Matrix3 } from "../../core/transform.js";

/** What a registration by mutual information may do to the moving image. */
export type InformationFamily = "translation" | "rigid" | "similarity" | "affine";

/** Pixels from the fixed plane's middle to pixels of the moving plane: x' = m0 X + m1 Y + m2, y' = m3 X + m4 Y + m5. */
export type CentredMap = readonly [number, number, number, number, number, number];

export function centredMap(matrix: Matrix3, width: number, height: number): CentredMap {
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [a, b, c, d, e, f] = matrix;
  return [a, b, a * cx + b * cy + c, d, e, d * cx + e * cy + f];
}

export function matrixOf([a, b, c, d, e, f]: CentredMap, width: number, height: number): Matrix3 {
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  return [a, b, c - a * cx - b * cy, d, e, f - d * cx - e * cy, 0, 0, 1];
}

/**
 * How the six numbers of a map change with each unknown of a family. A stiff family turns, grows and shifts what the moving
 * side sees, and keeps whatever else the map does.
 */
export function directions(family: InformationFamily, [a, b, , d, e]: CentredMap): readonly CentredMap[] {
  const x: CentredMap = [0, 0, 1, 0, 0, 0];
  const y: CentredMap = [0, 0, 0, 0, 0, 1];
  const turn: CentredMap = [-d, -e, 0, a, b, 0];
  const growth: CentredMap = [a, b, 0, d, e, 0];
  switch (family) {
    case "translation":
      return [x, y];
    case "rigid":
      return [turn, x, y];
    case "similarity":
      return [turn, growth, x, y];
    case "affine":
      return [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], x, [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0], y];
  }
}

/** The map after a step of the family's unknowns; a turn stays a turn however long. */
export function moved(family: InformationFamily, map: CentredMap, step: ArrayLike<number>): CentredMap {
  const [a, b, c, d, e, f] = map;
  switch (family) {
    case "translation":
      return [a, b, c + step[0]!, d, e, f + step[1]!];
    case "rigid":
    case "similarity": {
      const isRigid = family === "rigid";
      const length = isRigid ? Math.sqrt(1 + step[0]! ** 2) : 1;
      const [cos, sin] = [(isRigid ? 1 : 1 + step[1]!) / length, step[0]! / length];
      const [x, y] = isRigid ? [step[1]!, step[2]!] : [step[2]!, step[3]!];
      return [cos * a - sin * d, cos * b - sin * e, c + x, sin * a + cos * d, sin * b + cos * e, f + y];
    }
    case "affine":
      return map.map((v, i) => v + step[i]!) as unknown as CentredMap;
  }
}

/** How far apart two maps send the plane's corners, at most. */
export function cornerDistance(p: CentredMap, q: CentredMap, width: number, height: number): number {
  const d = p.map((v, i) => v - q[i]!) as unknown as CentredMap;
  let most = 0;
  for (const Y of [-height / 2, height / 2]) {
    for (const X of [-width / 2, width / 2]) {
      const length = Math.sqrt((d[0] * X + d[1] * Y + d[2]) ** 2 + (d[3] * X + d[4] * Y + d[5]) ** 2);
      if (!(length <= most)) most = length;
    }
  }
  return most;
}
