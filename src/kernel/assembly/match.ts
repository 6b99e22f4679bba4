// Brute-force nearest neighbours of descriptors, both ways in one pass.
//
// Queries are rows [lo, hi); each writes (best index, best distance, second distance) as int32 at out + 12 * query.
// `back` is this lane's own (distance int32 of every train row, then query int32 of every train row): the nearest query so
// far, set to a large distance by the host and merged by it. Of equal distances the lowest index wins, whoever computes.

const FAR: i32 = 0x3fffffff;
/** Train rows that are compared with all queries of a chunk before the next ones: they stay in the first-level cache. */
const BLOCK = 128;

/** Rows of `bytes` bytes (a multiple of 16) as int16, with the squared norm of each. */
export function widenDescriptors(lo: i32, hi: i32, src: usize, bytes: i32, dst: usize, norms: usize): void {
  for (let i = lo; i < hi; i++) {
    let s = i32x4.splat(0);
    const row = <usize>i * <usize>bytes;
    for (let k: usize = 0; k < <usize>bytes; k += 16) {
      const v = v128.load(src + row + k);
      const a = i16x8.extend_low_i8x16_u(v), b = i16x8.extend_high_i8x16_u(v);
      const o = dst + ((row + k) << 1);
      v128.store(o, a);
      v128.store(o, b, 16);
      s = i32x4.add(s, i32x4.add(i32x4.dot_i16x8_s(a, a), i32x4.dot_i16x8_s(b, b)));
    }
    store<i32>(norms + (<usize>i << 2), total(s));
  }
}

function total(v: v128): i32 {
  const a = i32x4.add(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return i32x4.extract_lane(a, 0) + i32x4.extract_lane(a, 1);
}

/** The four sums of four vectors. */
function totals(a: v128, b: v128, c: v128, d: v128): v128 {
  const x = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const y = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(x, y, 0, 2), v128.shuffle<i64>(x, y, 1, 3));
}

/**
 * Squared Euclidean distances of rows of `length` int16 (a multiple of 16). `lo` must be even, and the queries padded to an even number of rows
 * (results included), the train rows to a multiple of four; padding rows have norm 0x3fffffff.
 */
export function matchL2(lo: i32, hi: i32, queries: usize, queryNorms: usize, trains: usize, trainCount: i32, trainNorms: usize,
  length: i32, out: usize, back: usize): void {
  const row = <usize>length << 1;
  for (let i = lo; i < hi; i++) {
    const o = out + <usize>i * 12;
    store<i32>(o, -1);
    store<i32>(o, FAR, 4);
    store<i32>(o, FAR, 8);
  }
  const backQuery = back + (<usize>trainCount << 2);
  for (let block = 0; block < trainCount; block += BLOCK) {
    const end = min(block + BLOCK, trainCount);
    for (let i = lo; i < hi; i += 2) {
      const a0 = queries + <usize>i * row, a1 = a0 + row;
      const n0 = load<i32>(queryNorms + (<usize>i << 2)), n1 = load<i32>(queryNorms + (<usize>i << 2), 4);
      const o0 = out + <usize>i * 12, o1 = o0 + 12;
      let second0 = i32x4.splat(load<i32>(o0, 8)), second1 = i32x4.splat(load<i32>(o1, 8));
      for (let j = block; j < end; j += 4) {
        let p = trains + <usize>j * row;
        const r1 = row, r2 = <usize>2 * row, r3 = <usize>3 * row;
        let s00 = i32x4.splat(0), s01 = s00, s02 = s00, s03 = s00, s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        for (let k: usize = 0; k < row; k += 16, p += 16) {
          const u = v128.load(a0 + k), v = v128.load(a1 + k);
          const q0 = v128.load(p), q1 = v128.load(p + r1), q2 = v128.load(p + r2), q3 = v128.load(p + r3);
          s00 = i32x4.add(s00, i32x4.dot_i16x8_s(u, q0)); s10 = i32x4.add(s10, i32x4.dot_i16x8_s(v, q0));
          s01 = i32x4.add(s01, i32x4.dot_i16x8_s(u, q1)); s11 = i32x4.add(s11, i32x4.dot_i16x8_s(v, q1));
          s02 = i32x4.add(s02, i32x4.dot_i16x8_s(u, q2)); s12 = i32x4.add(s12, i32x4.dot_i16x8_s(v, q2));
          s03 = i32x4.add(s03, i32x4.dot_i16x8_s(u, q3)); s13 = i32x4.add(s13, i32x4.dot_i16x8_s(v, q3));
        }
        // |a|^2 + |b|^2 - 2 a b, for four train rows at a time
        const norms = v128.load(trainNorms + (<usize>j << 2));
        const d0 = i32x4.sub(i32x4.add(norms, i32x4.splat(n0)), i32x4.shl(totals(s00, s01, s02, s03), 1));
        const d1 = i32x4.sub(i32x4.add(norms, i32x4.splat(n1)), i32x4.shl(totals(s10, s11, s12, s13), 1));
        const near = back + (<usize>j << 2);
        const known = v128.load(near);
        const first = i32x4.min_s(d0, d1);
        const closer = i32x4.lt_s(first, known);
        if (v128.any_true(closer)) {
          v128.store(near, v128.bitselect(first, known, closer));
          const who = backQuery + (<usize>j << 2);
          const query = v128.bitselect(i32x4.splat(i), i32x4.splat(i + 1), i32x4.le_s(d0, d1));
          v128.store(who, v128.bitselect(query, v128.load(who), closer));
        }
        if (v128.any_true(i32x4.lt_s(d0, second0))) {
          keep(o0, i32x4.extract_lane(d0, 0), j); keep(o0, i32x4.extract_lane(d0, 1), j + 1);
          keep(o0, i32x4.extract_lane(d0, 2), j + 2); keep(o0, i32x4.extract_lane(d0, 3), j + 3);
          second0 = i32x4.splat(load<i32>(o0, 8));
        }
        if (v128.any_true(i32x4.lt_s(d1, second1))) {
          keep(o1, i32x4.extract_lane(d1, 0), j); keep(o1, i32x4.extract_lane(d1, 1), j + 1);
          keep(o1, i32x4.extract_lane(d1, 2), j + 2); keep(o1, i32x4.extract_lane(d1, 3), j + 3);
          second1 = i32x4.splat(load<i32>(o1, 8));
        }
      }
    }
  }
}

/** Puts a distance among the two least of a query. */
function keep(o: usize, d: i32, j: i32): void {
  if (d >= load<i32>(o, 8)) return;
  const best = load<i32>(o, 4);
  if (d < best) {
    store<i32>(o, best, 8);
    store<i32>(o, d, 4);
    store<i32>(o, j);
  } else {
    store<i32>(o, d, 8);
  }
}

/** Train rows of 256 bits that are compared with all queries of a chunk before the next ones. */
const BINARY_BLOCK = 512;

/**
 * Hamming distances of rows of 256 bits. Two queries share the loads of a train row. `lo` must be even, and an odd number of
 * queries ends with its last row twice (results included).
 */
export function matchHamming(lo: i32, hi: i32, queries: usize, trains: usize, trainCount: i32, out: usize, back: usize): void {
  for (let i = lo; i < hi; i++) {
    const o = out + <usize>i * 12;
    store<i32>(o, -1);
    store<i32>(o, FAR, 4);
    store<i32>(o, FAR, 8);
  }
  const backQuery = back + (<usize>trainCount << 2);
  for (let block = 0; block < trainCount; block += BINARY_BLOCK) {
    const end = min(block + BINARY_BLOCK, trainCount);
    for (let i = lo; i < hi; i += 2) {
      const a = queries + (<usize>i << 5);
      const a0 = load<u64>(a), a1 = load<u64>(a, 8), a2 = load<u64>(a, 16), a3 = load<u64>(a, 24);
      const b0 = load<u64>(a, 32), b1 = load<u64>(a, 40), b2 = load<u64>(a, 48), b3 = load<u64>(a, 56);
      const o = out + <usize>i * 12;
      let second0 = load<i32>(o, 8), second1 = load<i32>(o, 20);
      let p = trains + (<usize>block << 5), near = back + (<usize>block << 2);
      for (let j = block; j < end; j++, p += 32, near += 4) {
        const q0 = load<u64>(p), q1 = load<u64>(p, 8), q2 = load<u64>(p, 16), q3 = load<u64>(p, 24);
        const d0 = <i32>(popcnt(a0 ^ q0) + popcnt(a1 ^ q1) + popcnt(a2 ^ q2) + popcnt(a3 ^ q3));
        const d1 = <i32>(popcnt(b0 ^ q0) + popcnt(b1 ^ q1) + popcnt(b2 ^ q2) + popcnt(b3 ^ q3));
        if (d0 < second0) { keep(o, d0, j); second0 = load<i32>(o, 8); }
        if (d1 < second1) { keep(o + 12, d1, j); second1 = load<i32>(o, 20); }
        const least = min(d0, d1);
        if (least < load<i32>(near)) {
          store<i32>(near, least);
          store<i32>(backQuery + (<usize>j << 2), d1 < d0 ? i + 1 : i);
        }
      }
    }
  }
}

/** Hamming distances of rows of 512 bits. No padding. */
export function matchHamming512(lo: i32, hi: i32, queries: usize, trains: usize, trainCount: i32, out: usize, back: usize): void {
  const backQuery = back + (<usize>trainCount << 2);
  for (let i = lo; i < hi; i++) {
    const a = queries + (<usize>i << 6);
    const a0 = load<u64>(a), a1 = load<u64>(a, 8), a2 = load<u64>(a, 16), a3 = load<u64>(a, 24);
    const a4 = load<u64>(a, 32), a5 = load<u64>(a, 40), a6 = load<u64>(a, 48), a7 = load<u64>(a, 56);
    let best = FAR, second = FAR, index = -1;
    let p = trains, near = back;
    for (let j = 0; j < trainCount; j++, p += 64, near += 4) {
      const d = <i32>(popcnt(a0 ^ load<u64>(p)) + popcnt(a1 ^ load<u64>(p, 8)) + popcnt(a2 ^ load<u64>(p, 16)) + popcnt(a3 ^ load<u64>(p, 24))
        + popcnt(a4 ^ load<u64>(p, 32)) + popcnt(a5 ^ load<u64>(p, 40)) + popcnt(a6 ^ load<u64>(p, 48)) + popcnt(a7 ^ load<u64>(p, 56)));
      if (d < second) {
        if (d < best) { second = best; best = d; index = j; }
        else second = d;
      }
      if (d < load<i32>(near)) {
        store<i32>(near, d);
        store<i32>(backQuery + (<usize>j << 2), i);
      }
    }
    const o = out + <usize>i * 12;
    store<i32>(o, index);
    store<i32>(o, best, 4);
    store<i32>(o, second, 8);
  }
}
