/** How much the departure from the straight map may change per length: a tenth, far more than tissue or terrain bend. */
const STRAIN = 0.1;
const NEIGHBOURS = 10;

/**
 * Which tie points move as those beside them do.
 *
 * A smooth map bends everything near a place alike, while a wrong tie point goes its own way. Each is held against its ten
 * nearest neighbours: it stays when at least half of them have nearly its departure from a straight map. Done twice, so
 * that those thrown out no longer count.
 *
 * @param fixed  interleaved places
 * @param departure  interleaved: moving point less where the straight map puts it
 * @param use  candidates, by index
 * @param distance  difference that noise makes, in units of the departure
 * @returns those of `use` that stay
 */
export function locallyConsistent(
  fixed: Float64Array,
  departure: Float64Array,
  use: Int32Array,
  distance: number,
): Int32Array {
  let kept = use;
  for (let round = 0; round < 2 && kept.length > 3; round++) {
    const near = neighbours(fixed, kept, NEIGHBOURS);
    const count = Math.min(NEIGHBOURS, kept.length - 1);
    kept = kept.filter((i, k) => {
      let agree = 0;
      for (let c = 0; c < count; c++) {
        const j = kept[near[NEIGHBOURS * k + c]!]!;
        const du = departure[2 * i]! - departure[2 * j]!;
        const dv = departure[2 * i + 1]! - departure[2 * j + 1]!;
        const dx = fixed[2 * i]! - fixed[2 * j]!;
        const dy = fixed[2 * i + 1]! - fixed[2 * j + 1]!;
        const most = distance + STRAIN * Math.sqrt(dx * dx + dy * dy);
        if (du * du + dv * dv <= most * most) agree++;
      }
      return 2 * agree >= count;
    });
  }
  return kept;
}

/**
 * The nearest other points of each point, by place in `use`; -1 where there are fewer.
 *
 * Points lie in cells of about two; rings of cells are searched until no nearer point can come.
 */
export function neighbours(points: Float64Array, use: Int32Array, count: number): Int32Array {
  const n = use.length;
  let [x0, y0, x1, y1] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (const i of use) {
    x0 = Math.min(x0, points[2 * i]!);
    x1 = Math.max(x1, points[2 * i]!);
    y0 = Math.min(y0, points[2 * i + 1]!);
    y1 = Math.max(y1, points[2 * i + 1]!);
  }
  const wide = Math.max(x1 - x0, 1e-300);
  const tall = Math.max(y1 - y0, 1e-300);
  const cell = Math.max(Math.sqrt((2 * wide * tall) / n), wide / 1000, tall / 1000);
  const columns = Math.floor(wide / cell) + 1;
  const rows = Math.floor(tall / cell) + 1;
  const columnOf = (i: number) => Math.min(columns - 1, Math.floor((points[2 * i]! - x0) / cell));
  const rowOf = (i: number) => Math.min(rows - 1, Math.floor((points[2 * i + 1]! - y0) / cell));
  const start = new Int32Array(columns * rows + 1);
  for (const i of use) start[columns * rowOf(i) + columnOf(i) + 1]!++;
  for (let c = 0; c < columns * rows; c++) start[c + 1] = start[c + 1]! + start[c]!;
  const next = start.slice();
  const sorted = new Int32Array(n);
  for (const [k, i] of use.entries()) sorted[next[columns * rowOf(i) + columnOf(i)]!++] = k;

  const out = new Int32Array(n * count).fill(-1);
  const best = new Float64Array(count);
  for (const [k, i] of use.entries()) {
    best.fill(Number.POSITIVE_INFINITY);
    const [cx, cy] = [columnOf(i), rowOf(i)];
    for (let ring = 0; ring <= Math.max(columns, rows); ring++) {
      if (ring > 0 && best[count - 1]! <= ((ring - 1) * cell) ** 2) break;
      for (let y = Math.max(0, cy - ring); y <= Math.min(rows - 1, cy + ring); y++) {
        const step = y === cy - ring || y === cy + ring ? 1 : 2 * ring;
        for (let x = cx - ring; x <= cx + ring; x += Math.max(1, step)) {
          if (x < 0 || x >= columns) continue;
          for (let s = start[columns * y + x]!; s < start[columns * y + x + 1]!; s++) {
            const other = sorted[s]!;
            if (other === k) continue;
            const j = use[other]!;
            const square = (points[2 * i]! - points[2 * j]!) ** 2 + (points[2 * i + 1]! - points[2 * j + 1]!) ** 2;
            if (!(square < best[count - 1]!)) continue;
            let slot = count - 1;
            for (; slot > 0 && best[slot - 1]! > square; slot--) {
              best[slot] = best[slot - 1]!;
              out[count * k + slot] = out[count * k + slot - 1]!;
            }
            best[slot] = square;
            out[count * k + slot] = other;
          }
        }
      }
    }
  }
  return out;
}
