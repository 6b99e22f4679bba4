// Integral images: sums over upright boxes from four samples, whatever the box's size [Crow 1984, Viola and Jones 2001].
//
// I(x, y), uint32, is the sum of all bytes in columns below x and rows below y: one column and one row more than the image.
// Sums wrap around at 2^32; differences come out right all the same, for boxes of up to 16 million pixels.

/** Sums along rows [lo, hi) of the image; row y goes to row y + 1. */
export function integralRows(lo: i32, hi: i32, src: usize, srcStride: i32, width: i32, out: usize, stride: i32): void {
  for (let y = lo; y < hi; y++) {
    const p = src + <usize>y * <usize>srcStride;
    const q = out + ((<usize>(y + 1) * <usize>stride) << 2);
    let sum: u32 = 0;
    store<u32>(q, 0);
    for (let x: usize = 0; x < <usize>width; x++) {
      sum += load<u8>(p + x);
      store<u32>(q + ((x + 1) << 2), sum);
    }
  }
}

/** Adds up columns 16 lo to 16 hi - 1, downwards; row 0 becomes 0. The stride is a multiple of 16. */
export function integralColumns(lo: i32, hi: i32, height: i32, out: usize, stride: i32): void {
  const row = <usize>stride << 2;
  for (let x = <usize>lo << 6; x < <usize>hi << 6; x += 64) {
    let a = i32x4.splat(0), b = a, c = a, d = a;
    let p = out + x;
    for (let y = 0; y <= height; y++, p += row) {
      if (y > 0) {
        a = i32x4.add(a, v128.load(p)); b = i32x4.add(b, v128.load(p, 16));
        c = i32x4.add(c, v128.load(p, 32)); d = i32x4.add(d, v128.load(p, 48));
      }
      v128.store(p, a); v128.store(p, b, 16); v128.store(p, c, 32); v128.store(p, d, 48);
    }
  }
}
