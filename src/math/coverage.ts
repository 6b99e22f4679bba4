import { boundsOf } from "./bounds.js";

/**
 * Share of the checked places that have an inlier near: how much of the overlap the tie points speak for.
 *
 * The overlap's bounding box is cut into 8 × 8 cells; a cell counts when a place lies in it, and is covered when an inlier
 * lies in it or in one of its neighbours.
 *
 * @param places  interleaved fixed points spread evenly over the overlap
 * @param points  interleaved fixed points of the inliers
 */
export function coverage(places: Float64Array, points: Float64Array): number {
  if (places.length === 0 || points.length === 0) return 0;
  const side = 8;
  const { x0, y0, x1, y1 } = boundsOf(places);
  const cellOf = (p: Float64Array, k: number): readonly [number, number] => [
    Math.min(side - 1, Math.max(0, Math.floor(((p[k]! - x0) / (x1 - x0 || 1)) * side))),
    Math.min(side - 1, Math.max(0, Math.floor(((p[k + 1]! - y0) / (y1 - y0 || 1)) * side))),
  ];
  const near = new Uint8Array(side * side);
  for (let k = 0; k < points.length; k += 2) {
    const [cx, cy] = cellOf(points, k);
    for (let y = Math.max(0, cy - 1); y <= Math.min(side - 1, cy + 1); y++) {
      for (let x = Math.max(0, cx - 1); x <= Math.min(side - 1, cx + 1); x++) near[side * y + x] = 1;
    }
  }
  const present = new Uint8Array(side * side);
  for (let k = 0; k < places.length; k += 2) {
    const [cx, cy] = cellOf(places, k);
    present[side * cy + cx] = 1;
  }
  let covered = 0;
  let total = 0;
  for (let i = 0; i < present.length; i++) {
    if (!present[i]) continue;
    total++;
    if (near[i]) covered++;
  }
  return covered / total;
}

/**
 * Share of an overlap in which the images agree locally: of side × side cells that have texture, those where most of the tie points
 * found near where the map puts them lie where it puts them. In images that share a caption but not the scene, the scene's
 * cells have tie points too, at any distance that was searched.
 *
 * @param places  interleaved fixed points: where there is texture
 * @param ties  interleaved fixed points of all tie points found, right or wrong
 * @param agrees  1 for each tie point that lies where the map puts it
 */
export function agreement(places: Float64Array, ties: Float64Array, agrees: Uint8Array, side = 8): number {
  if (places.length === 0) return 0;
  const { x0, y0, x1, y1 } = boundsOf(places);
  const cellOf = (p: Float64Array, i: number): number => {
    const x = Math.floor(((p[2 * i]! - x0) / (x1 - x0 || 1)) * side);
    const y = Math.floor(((p[2 * i + 1]! - y0) / (y1 - y0 || 1)) * side);
    return side * Math.min(side - 1, Math.max(0, y)) + Math.min(side - 1, Math.max(0, x));
  };
  const textured = new Int32Array(side * side);
  const found = new Int32Array(side * side);
  const right = new Int32Array(side * side);
  for (let i = 0; i < places.length / 2; i++) textured[cellOf(places, i)]!++;
  for (let i = 0; i < ties.length / 2; i++) {
    const cell = cellOf(ties, i);
    found[cell]!++;
    right[cell]! += agrees[i]!;
  }
  let cells = 0;
  let agreeing = 0;
  for (let c = 0; c < side * side; c++) {
    if (textured[c]! < 2) continue;
    cells++;
    if (right[c]! > 0.5 * found[c]!) agreeing++;
  }
  return cells > 0 ? agreeing / cells : 0;
}
