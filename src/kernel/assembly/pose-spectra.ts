// Products of spectra whose inverse transforms are correlation surfaces, two real ones in a complex one: of a pose, and of
// its twin, turned by 180 degrees, whose spectrum is the same one read from the other end.
//
// Spectra are transposed, [kx][ky], with element [kx][ny] a copy of [kx][0], so that the one at -k can be read backwards.

@inline function backwards(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 3, 2, 1, 0);
}

/** Copies element 0 of each row behind its end. */
export function closeRows(plane: usize, stride: i32, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    const row = plane + ((<usize>r * <usize>stride) << 2);
    store<f32>(row + (<usize>n << 2), load<f32>(row));
  }
}

/**
 * Spectrum of the correlation of complex fields, its real part alone: surface of the pose + i surface of its twin.
 *
 * @param fixed, moving  re2, im2, re4, im4, each `planeBytes` after the other
 * @param out  re, then im; not one of the others
 */
export function correlateFields(
  fixed: usize, moving: usize, out: usize, planeBytes: usize, stride: i32, nx: i32, ny: i32,
): void {
  for (let r = 0; r <= nx >> 1; r++) {
    const here = (<usize>r * <usize>stride) << 2;
    const there = (<usize>(r == 0 ? 0 : nx - r) * <usize>stride) << 2;
    for (let c = 0; c < ny; c += 4) {
      const k = here + (<usize>c << 2);
      const l = there + (<usize>(ny - c - 3) << 2);
      // a(k) + conj a(-k) and b(k) + conj b(-k), where a = sum of conj f m, and b = sum of conj f n with n(k) = m(-k).
      let ar = f32x4.splat(0), ai = ar, br = ar, bi = ar;
      for (let field: usize = 0; field < 2; field++) {
        const f = fixed + 2 * field * planeBytes, m = moving + 2 * field * planeBytes;
        const fr = v128.load(f + k), fi = v128.load(f + planeBytes + k);
        const gr = backwards(v128.load(f + l)), gi = backwards(v128.load(f + planeBytes + l));
        const mr = v128.load(m + k), mi = v128.load(m + planeBytes + k);
        const nr = backwards(v128.load(m + l)), ni = backwards(v128.load(m + planeBytes + l));
        // conj(f) m + conj(conj(g) n) = conj(f) m + g conj(n)
        ar = f32x4.add(ar, f32x4.add(
          f32x4.add(f32x4.mul(fr, mr), f32x4.mul(fi, mi)), f32x4.add(f32x4.mul(gr, nr), f32x4.mul(gi, ni))));
        ai = f32x4.add(ai, f32x4.add(
          f32x4.sub(f32x4.mul(fr, mi), f32x4.mul(fi, mr)), f32x4.sub(f32x4.mul(gi, nr), f32x4.mul(gr, ni))));
        br = f32x4.add(br, f32x4.add(
          f32x4.add(f32x4.mul(fr, nr), f32x4.mul(fi, ni)), f32x4.add(f32x4.mul(gr, mr), f32x4.mul(gi, mi))));
        bi = f32x4.add(bi, f32x4.add(
          f32x4.sub(f32x4.mul(fr, ni), f32x4.mul(fi, nr)), f32x4.sub(f32x4.mul(gi, mr), f32x4.mul(gr, mi))));
      }
      v128.store(out + k, f32x4.sub(ar, bi));
      v128.store(out + planeBytes + k, f32x4.add(ai, br));
      v128.store(out + l, backwards(f32x4.add(ar, bi)));
      v128.store(out + planeBytes + l, backwards(f32x4.sub(br, ai)));
    }
    for (let i: usize = 0; i < 2; i++) {
      const row = out + i * planeBytes + there;
      store<f32>(row, load<f32>(row + (<usize>ny << 2)));
    }
  }
}

/** conj(f) v + i conj(f) conj(v) at k, and what belongs to -k: two real correlations in one. */
@inline function storeTwins(fr: v128, fi: v128, vr: v128, vi: v128, out: usize, bytes: usize, k: usize, l: usize): void {
  const ar = f32x4.add(f32x4.mul(fr, vr), f32x4.mul(fi, vi)), ai = f32x4.sub(f32x4.mul(fr, vi), f32x4.mul(fi, vr));
  const br = f32x4.sub(f32x4.mul(fr, vr), f32x4.mul(fi, vi));
  const bi = f32x4.neg(f32x4.add(f32x4.mul(fr, vi), f32x4.mul(fi, vr)));
  v128.store(out + k, f32x4.sub(ar, bi));
  v128.store(out + bytes + k, f32x4.add(ai, br));
  v128.store(out + l, backwards(f32x4.add(ar, bi)));
  v128.store(out + bytes + l, backwards(f32x4.sub(br, ai)));
}

/**
 * Spectra of three surfaces each for a pose and its twin: the fixed energy under the moving image's valid pixels, the
 * moving energy under the fixed one's, and the count of pixels that both have.
 *
 * @param fixed  spectra of fixed energy and valid pixels: re, im, re, im
 * @param moving  spectrum of moving energy + i valid pixels: re, im
 * @param out  re, im of each of the three
 */
export function correlateCells(
  fixed: usize, moving: usize, out: usize, planeBytes: usize, stride: i32, nx: i32, ny: i32,
): void {
  const half = f32x4.splat(0.5);
  for (let r = 0; r <= nx >> 1; r++) {
    const here = (<usize>r * <usize>stride) << 2;
    const there = (<usize>(r == 0 ? 0 : nx - r) * <usize>stride) << 2;
    for (let c = 0; c < ny; c += 4) {
      const k = here + (<usize>c << 2);
      const l = there + (<usize>(ny - c - 3) << 2);
      const gr = v128.load(moving + k), gi = v128.load(moving + planeBytes + k);
      const hr = backwards(v128.load(moving + l)), hi = backwards(v128.load(moving + planeBytes + l));
      const er = f32x4.mul(half, f32x4.add(gr, hr)), ei = f32x4.mul(half, f32x4.sub(gi, hi));
      const vr = f32x4.mul(half, f32x4.add(gi, hi)), vi = f32x4.mul(half, f32x4.sub(hr, gr));
      const eR = v128.load(fixed + k), eI = v128.load(fixed + planeBytes + k);
      const vR = v128.load(fixed + 2 * planeBytes + k), vI = v128.load(fixed + 3 * planeBytes + k);
      storeTwins(eR, eI, vr, vi, out, planeBytes, k, l);
      storeTwins(vR, vI, er, ei, out + 2 * planeBytes, planeBytes, k, l);
      storeTwins(vR, vI, vr, vi, out + 4 * planeBytes, planeBytes, k, l);
    }
    for (let i: usize = 0; i < 6; i++) {
      const row = out + i * planeBytes + there;
      store<f32>(row, load<f32>(row + (<usize>ny << 2)));
    }
  }
}
