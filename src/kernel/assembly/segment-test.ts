// The segment test: a pixel is a corner when enough neighbours in a row, on a circle around it, are all brighter or all darker.
//
// FAST asks for nine of sixteen [Rosten and Drummond 2006, doi:10.1007/11744023_34]. AGAST adds seven of twelve and five of
// eight, and a faster order of questions [Mair et al. 2010, doi:10.1007/978-3-642-15552-9_14]; sixteen pixels at a time, no
// order of questions is needed.

/**
 * Scores of columns [border, width - border) of a row, and 0 in the 16 bytes after: by how much the neighbours in a row
 * differ at least; 0 up to `threshold`. `circle`: 16, 12 or 8 pixels around.
 */
export function segmentRow(circle: i32, row: usize, stride: usize, width: i32, border: i32, threshold: i32, out: usize): void {
  if (circle == 16) nineOfSixteen(row, stride, width, border, threshold, out);
  else if (circle == 12) sevenOfTwelve(row, stride, width, border, threshold, out);
  else fiveOfEight(row, stride, width, border, threshold, out);
}

/** Greatest of the least of nine neighbours in a circle of sixteen. */
@inline function arc(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, d6: v128, d7: v128,
  d8: v128, d9: v128, d10: v128, d11: v128, d12: v128, d13: v128, d14: v128, d15: v128): v128 {
  // Eight from every odd place on, then the better of the two that can be the ninth.
  const a1 = i8x16.min_u(d1, d2), a3 = i8x16.min_u(d3, d4), a5 = i8x16.min_u(d5, d6), a7 = i8x16.min_u(d7, d8);
  const a9 = i8x16.min_u(d9, d10), a11 = i8x16.min_u(d11, d12), a13 = i8x16.min_u(d13, d14), a15 = i8x16.min_u(d15, d0);
  const b1 = i8x16.min_u(a1, a3), b3 = i8x16.min_u(a3, a5), b5 = i8x16.min_u(a5, a7), b7 = i8x16.min_u(a7, a9);
  const b9 = i8x16.min_u(a9, a11), b11 = i8x16.min_u(a11, a13), b13 = i8x16.min_u(a13, a15), b15 = i8x16.min_u(a15, a1);
  let best = i8x16.min_u(i8x16.min_u(b1, b5), i8x16.max_u(d0, d9));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b3, b7), i8x16.max_u(d2, d11)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b5, b9), i8x16.max_u(d4, d13)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b7, b11), i8x16.max_u(d6, d15)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b9, b13), i8x16.max_u(d8, d1)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b11, b15), i8x16.max_u(d10, d3)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b13, b1), i8x16.max_u(d12, d5)));
  return i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b15, b3), i8x16.max_u(d14, d7)));
}

function nineOfSixteen(row: usize, stride: usize, width: i32, border: i32, threshold: i32, out: usize): void {
  const t = i8x16.splat(<i8>threshold);
  const end = width - border;
  for (let x = border; x < end; x += 16) {
    const p = row + <usize>x;
    const c = v128.load(p);
    const n = v128.load(p - 3 * stride), e = v128.load(p + 3), s = v128.load(p + 3 * stride), w = v128.load(p - 3);
    // Nine of sixteen hold two neighbouring ones of the four that lie straight.
    const high = i8x16.add_sat_u(c, t), low = i8x16.sub_sat_u(c, t);
    const bn = i8x16.gt_u(n, high), be = i8x16.gt_u(e, high), bs = i8x16.gt_u(s, high), bw = i8x16.gt_u(w, high);
    const dn = i8x16.lt_u(n, low), de = i8x16.lt_u(e, low), ds = i8x16.lt_u(s, low), dw = i8x16.lt_u(w, low);
    const maybe = v128.or(v128.and(v128.or(bn, bs), v128.or(be, bw)), v128.and(v128.or(dn, ds), v128.or(de, dw)));
    if (!v128.any_true(maybe)) {
      v128.store(out + <usize>x, i8x16.splat(0));
      continue;
    }
    const p1 = v128.load(p - 3 * stride + 1), p2 = v128.load(p - 2 * stride + 2), p3 = v128.load(p - stride + 3);
    const p5 = v128.load(p + stride + 3), p6 = v128.load(p + 2 * stride + 2), p7 = v128.load(p + 3 * stride + 1);
    const p9 = v128.load(p + 3 * stride - 1), p10 = v128.load(p + 2 * stride - 2), p11 = v128.load(p + stride - 3);
    const p13 = v128.load(p - stride - 3), p14 = v128.load(p - 2 * stride - 2), p15 = v128.load(p - 3 * stride - 1);
    const bright = arc(i8x16.sub_sat_u(n, c), i8x16.sub_sat_u(p1, c), i8x16.sub_sat_u(p2, c), i8x16.sub_sat_u(p3, c),
      i8x16.sub_sat_u(e, c), i8x16.sub_sat_u(p5, c), i8x16.sub_sat_u(p6, c), i8x16.sub_sat_u(p7, c),
      i8x16.sub_sat_u(s, c), i8x16.sub_sat_u(p9, c), i8x16.sub_sat_u(p10, c), i8x16.sub_sat_u(p11, c),
      i8x16.sub_sat_u(w, c), i8x16.sub_sat_u(p13, c), i8x16.sub_sat_u(p14, c), i8x16.sub_sat_u(p15, c));
    const dark = arc(i8x16.sub_sat_u(c, n), i8x16.sub_sat_u(c, p1), i8x16.sub_sat_u(c, p2), i8x16.sub_sat_u(c, p3),
      i8x16.sub_sat_u(c, e), i8x16.sub_sat_u(c, p5), i8x16.sub_sat_u(c, p6), i8x16.sub_sat_u(c, p7),
      i8x16.sub_sat_u(c, s), i8x16.sub_sat_u(c, p9), i8x16.sub_sat_u(c, p10), i8x16.sub_sat_u(c, p11),
      i8x16.sub_sat_u(c, w), i8x16.sub_sat_u(c, p13), i8x16.sub_sat_u(c, p14), i8x16.sub_sat_u(c, p15));
    const score = i8x16.max_u(bright, dark);
    v128.store(out + <usize>x, v128.and(score, i8x16.gt_u(score, t)));
  }
  memory.fill(out + <usize>end, 0, 16);
}

@inline function up(p: v128, c: v128): v128 { return i8x16.sub_sat_u(p, c); }
@inline function least(a: v128, b: v128): v128 { return i8x16.min_u(a, b); }

/** Greatest of the least of seven neighbours in a circle of twelve. */
@inline function arc7(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, d6: v128, d7: v128,
  d8: v128, d9: v128, d10: v128, d11: v128): v128 {
  // Six from every odd place on, then the better of the two that can be the seventh.
  const a1 = least(d1, d2), a3 = least(d3, d4), a5 = least(d5, d6), a7 = least(d7, d8), a9 = least(d9, d10), a11 = least(d11, d0);
  let best = least(least(least(a1, a3), a5), i8x16.max_u(d0, d7));
  best = i8x16.max_u(best, least(least(least(a3, a5), a7), i8x16.max_u(d2, d9)));
  best = i8x16.max_u(best, least(least(least(a5, a7), a9), i8x16.max_u(d4, d11)));
  best = i8x16.max_u(best, least(least(least(a7, a9), a11), i8x16.max_u(d6, d1)));
  best = i8x16.max_u(best, least(least(least(a9, a11), a1), i8x16.max_u(d8, d3)));
  return i8x16.max_u(best, least(least(least(a11, a1), a3), i8x16.max_u(d10, d5)));
}

function sevenOfTwelve(row: usize, stride: usize, width: i32, border: i32, threshold: i32, out: usize): void {
  const t = i8x16.splat(<i8>threshold);
  const end = width - border;
  for (let x = border; x < end; x += 16) {
    const p = row + <usize>x;
    const c = v128.load(p);
    const n = v128.load(p - 3 * stride), e = v128.load(p + 3), s = v128.load(p + 3 * stride), w = v128.load(p - 3);
    // Seven of twelve hold two neighbouring ones of the four that lie straight.
    const high = i8x16.add_sat_u(c, t), low = i8x16.sub_sat_u(c, t);
    const bright = v128.and(v128.or(i8x16.gt_u(n, high), i8x16.gt_u(s, high)), v128.or(i8x16.gt_u(e, high), i8x16.gt_u(w, high)));
    const dark = v128.and(v128.or(i8x16.lt_u(n, low), i8x16.lt_u(s, low)), v128.or(i8x16.lt_u(e, low), i8x16.lt_u(w, low)));
    if (!v128.any_true(v128.or(bright, dark))) {
      v128.store(out + <usize>x, i8x16.splat(0));
      continue;
    }
    const p1 = v128.load(p - 2 * stride + 1), p2 = v128.load(p - stride + 2), p4 = v128.load(p + stride + 2);
    const p5 = v128.load(p + 2 * stride + 1), p7 = v128.load(p + 2 * stride - 1), p8 = v128.load(p + stride - 2);
    const p10 = v128.load(p - stride - 2), p11 = v128.load(p - 2 * stride - 1);
    const score = i8x16.max_u(
      arc7(up(n, c), up(p1, c), up(p2, c), up(e, c), up(p4, c), up(p5, c), up(s, c), up(p7, c), up(p8, c), up(w, c), up(p10, c), up(p11, c)),
      arc7(up(c, n), up(c, p1), up(c, p2), up(c, e), up(c, p4), up(c, p5), up(c, s), up(c, p7), up(c, p8), up(c, w), up(c, p10), up(c, p11)));
    v128.store(out + <usize>x, v128.and(score, i8x16.gt_u(score, t)));
  }
  memory.fill(out + <usize>end, 0, 16);
}

/** Greatest of the least of five neighbours in a circle of eight. */
@inline function arc5(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, d6: v128, d7: v128): v128 {
  const a1 = least(d1, d2), a3 = least(d3, d4), a5 = least(d5, d6), a7 = least(d7, d0);
  let best = least(least(a1, a3), i8x16.max_u(d0, d5));
  best = i8x16.max_u(best, least(least(a3, a5), i8x16.max_u(d2, d7)));
  best = i8x16.max_u(best, least(least(a5, a7), i8x16.max_u(d4, d1)));
  return i8x16.max_u(best, least(least(a7, a1), i8x16.max_u(d6, d3)));
}

function fiveOfEight(row: usize, stride: usize, width: i32, border: i32, threshold: i32, out: usize): void {
  const t = i8x16.splat(<i8>threshold);
  const end = width - border;
  for (let x = border; x < end; x += 16) {
    const p = row + <usize>x;
    const c = v128.load(p);
    const n = v128.load(p - stride), e = v128.load(p + 1), s = v128.load(p + stride), w = v128.load(p - 1);
    const ne = v128.load(p - stride + 1), se = v128.load(p + stride + 1), sw = v128.load(p + stride - 1), nw = v128.load(p - stride - 1);
    const score = i8x16.max_u(
      arc5(up(n, c), up(ne, c), up(e, c), up(se, c), up(s, c), up(sw, c), up(w, c), up(nw, c)),
      arc5(up(c, n), up(c, ne), up(c, e), up(c, se), up(c, s), up(c, sw), up(c, w), up(c, nw)));
    v128.store(out + <usize>x, v128.and(score, i8x16.gt_u(score, t)));
  }
  memory.fill(out + <usize>end, 0, 16);
}
