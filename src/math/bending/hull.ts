/** Convex hull of interleaved points, counter-clockwise as y points down, without points on its edges. */
export function convexHull(points: Float64Array): Float64Array {
  const order = Array.from({ length: points.length / 2 }, (_, i) => i).sort(
    (i, j) => points[2 * i]! - points[2 * j]! || points[2 * i + 1]! - points[2 * j + 1]!,
  );
  const cross = (a: number, b: number, c: number) =>
    (points[2 * b]! - points[2 * a]!) * (points[2 * c + 1]! - points[2 * a + 1]!) -
    (points[2 * b + 1]! - points[2 * a + 1]!) * (points[2 * c]! - points[2 * a]!);
  const half = (list: readonly number[]): number[] => {
    const chain: number[] = [];
    for (const i of list) {
      while (chain.length > 1 && !(cross(chain.at(-2)!, chain.at(-1)!, i) > 0)) chain.pop();
      chain.push(i);
    }
    return chain.slice(0, -1);
  };
  const hull = order.length > 1 ? [...half(order), ...half(order.reverse())] : order;
  return Float64Array.from(hull.flatMap((i) => [points[2 * i]!, points[2 * i + 1]!]));
}

/** Whether a point lies in a convex hull or on its edge. */
export function isInHull(hull: Float64Array, x: number, y: number): boolean {
  const n = hull.length / 2;
  if (n < 3) return false;
  for (let i = 0; i < n; i++) {
    const j = (i + 1) % n;
    const [ax, ay, bx, by] = [hull[2 * i]!, hull[2 * i + 1]!, hull[2 * j]!, hull[2 * j + 1]!];
    if ((bx - ax) * (y - ay) - (by - ay) * (x - ax) < 0) return false;
  }
  return true;
}
