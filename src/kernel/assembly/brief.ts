// Steered BRIEF, as ORB has it [Rublee et al. 2011, doi:10.1109/ICCV.2011.6126544].

/**
 * 256 comparisons of two samples each around corners [lo, hi) (float32 x, y, angle), in a smoothed byte image.
 *
 * `pattern`: x, y of the first and of the second sample (float32), turned with the corner; no further out than 15.
 */
export function briefDescriptors(lo: i32, hi: i32, corners: usize, src: usize, stride: i32, pattern: usize, out: usize): void {
  for (let i = lo; i < hi; i++) {
    const key = corners + <usize>i * 12;
    const angle = <f64>load<f32>(key, 8);
    const c = <f32>Math.cos(angle), s = <f32>Math.sin(angle);
    const cc = f32x4(c, c, c, c), ss = f32x4(-s, s, -s, s);
    const at = f32x4(load<f32>(key), load<f32>(key, 4), load<f32>(key), load<f32>(key, 4));
    for (let byte: usize = 0; byte < 32; byte++) {
      let bits = 0;
      for (let k: usize = 0; k < 8; k++) {
        const p = v128.load(pattern + (((byte << 3) + k) << 4));
        // (x, y, x', y') turned: x c - y s, y c + x s
        const turned = f32x4.add(at, f32x4.add(f32x4.mul(p, cc), f32x4.mul(v128.shuffle<f32>(p, p, 1, 0, 3, 2), ss)));
        const q = i32x4.trunc_sat_f32x4_s(f32x4.nearest(turned));
        const a = load<u8>(src + <usize>(i32x4.extract_lane(q, 1) * stride + i32x4.extract_lane(q, 0)));
        const b = load<u8>(src + <usize>(i32x4.extract_lane(q, 3) * stride + i32x4.extract_lane(q, 2)));
        bits |= <i32>(a < b) << <i32>k;
      }
      store<u8>(out + (<usize>i << 5) + byte, <u8>bits);
    }
  }
}
