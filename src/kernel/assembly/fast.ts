// Corners by the segment test [Rosten and Drummond 2006, doi:10.1007/11744023_34] on uint8 images.
import { segmentRow } from "./segment-test";

/**
 * Corners of rows first + [lo, hi), not nearer than `border` (at least 4) to the edge, that score highest among their
 * eight neighbours. Row i writes up to `capacity` uint32 (column << 8 | score) at out + 4 i capacity, their number to counts[i].
 * `ring` is scratch of 3 (width + 64) bytes; `circle` as in `segmentRow`.
 */
export function fastCorners(lo: i32, hi: i32, src: usize, stride: i32, width: i32, height: i32, first: i32, border: i32,
  threshold: i32, circle: i32, ring: usize, counts: usize, out: usize, capacity: i32): void {
  const line = <usize>((width + 47) & ~15);
  memory.fill(ring, 0, 3 * line);
  let ready = i32.MIN_VALUE;
  for (let i = lo; i < hi; i++) {
    const y = first + i;
    let count = 0;
    if (y >= border && y < height - border) {
      for (let r = max(ready + 1, y - 1); r <= y + 1; r++) {
        segmentRow(circle, src + <usize>r * <usize>stride, <usize>stride, width, border, threshold, ring + <usize>(r % 3) * line);
      }
      ready = y + 1;
      const up = ring + <usize>((y + 2) % 3) * line, row = ring + <usize>(y % 3) * line, down = ring + <usize>((y + 1) % 3) * line;
      const base = out + ((<usize>i * <usize>capacity) << 2);
      for (let x = border; x < width - border; x += 16) {
        const c = v128.load(row + <usize>x);
        if (!v128.any_true(c)) continue;
        const u = up + <usize>x, m = row + <usize>x, d = down + <usize>x;
        // Of equal neighbours the first in reading order wins.
        const before = i8x16.max_u(i8x16.max_u(v128.load(u - 1), v128.load(u)), i8x16.max_u(v128.load(u + 1), v128.load(m - 1)));
        const after = i8x16.max_u(i8x16.max_u(v128.load(d - 1), v128.load(d)), i8x16.max_u(v128.load(d + 1), v128.load(m + 1)));
        // Columns beyond the border are 0 in the ring, so that they never pass.
        let bits = i8x16.bitmask(v128.and(v128.and(i8x16.gt_u(c, before), i8x16.ge_u(c, after)), i8x16.gt_u(c, i8x16.splat(0))));
        while (bits) {
          const j = ctz(bits);
          bits &= bits - 1;
          if (count < capacity) {
            store<u32>(base + (<usize>count << 2), (<u32>(x + j) << 8) | load<u8>(m + <usize>j));
            count++;
          }
        }
      }
    }
    store<i32>(counts + (<usize>i << 2), count);
  }
}
