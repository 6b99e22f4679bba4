import { worldPoints } from "../../src/core/points.js";
import { seededRandom } from "../../src/math/random.js";

export interface MadeSets {
  readonly fixed: Float64Array;
  readonly moving: Float64Array;
  /** Fixed to moving, row-major 2 by 3. */
  readonly map: readonly number[];
  /** Typical distance between points, in the moving world. */
  readonly spacing: number;
}

/**
 * Points at random on a square of 1000, and what a map makes of them: turned by any angle, 0.3 to 3 times as large, a share
 * missing, a share added at random, every place off by a normal jitter, in any order.
 *
 * @param jitter  standard deviation along each axis, as a share of the typical distance between points
 * @param stretch  largest stretch and shear of one direction
 */
export function madeSets(
  seed: number,
  {
    count = 200,
    missing = 0.4,
    spurious = 0.4,
    jitter = 0.01,
    stretch = 0,
  }: { count?: number; missing?: number; spurious?: number; jitter?: number; stretch?: number } = {},
): MadeSets {
  const random = seededRandom(seed);
  const normal = () => Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6);
  const side = 1000;
  const spacing = side / Math.sqrt(count);
  const fixed = Float64Array.from({ length: 2 * count }, () => side * random());
  const angle = 2 * Math.PI * random();
  const scale = 0.3 * 10 ** random();
  const [c, s] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [along, shear] = [1 + stretch * (2 * random() - 1), stretch * (2 * random() - 1)];
  const map = [c * along, c * shear - s, 300 * random(), s * along, s * shear + c, -500 * random()];
  const put = (x: number, y: number) => ({
    x: map[0]! * x + map[1]! * y + map[2]!,
    y: map[3]! * x + map[4]! * y + map[5]!,
    order: random(),
  });
  const moved: { x: number; y: number; order: number }[] = [];
  for (let i = 0; i < count; i++) {
    if (random() < missing) continue;
    moved.push(put(fixed[2 * i]! + jitter * spacing * normal(), fixed[2 * i + 1]! + jitter * spacing * normal()));
  }
  for (let i = 0; i < spurious * count; i++) moved.push(put(side * random(), side * random()));
  moved.sort((a, b) => a.order - b.order);
  return { fixed, moving: Float64Array.from(moved.flatMap(({ x, y }) => [x, y])), map, spacing: spacing * scale };
}

/** Farthest distance between a map and the truth over the square of `madeSets`, in typical distances. */
export function farthestOff(matrix: ArrayLike<number>, { map, spacing }: MadeSets): number {
  let most = 0;
  for (const x of [0, 1000]) {
    for (const y of [0, 1000]) {
      const dx = (matrix[0]! - map[0]!) * x + (matrix[1]! - map[1]!) * y + matrix[2]! - map[2]!;
      const dy = (matrix[3]! - map[3]!) * x + (matrix[4]! - map[4]!) * y + matrix[5]! - map[5]!;
      most = Math.max(most, Math.sqrt(dx * dx + dy * dy) / spacing);
    }
  }
  return most;
}

export const setOf = (xy: ArrayLike<number>) => ({ points: worldPoints(xy) });
