/**
 * Mean over the square from (x - half, y - half) to (x + half, y + half), where pixel (0, 0) covers [-0.5, 0.5)^2: pixels that
 * the square covers in part count in part. `half` is at least 0.5; the square lies inside the image.
 */
export function boxMean(image: usize, stride: i32, x: f32, y: f32, half: f32): f32 {
  const xa = x + 0.5 - half, xb = x + 0.5 + half, ya = y + 0.5 - half, yb = y + 0.5 + half;
  const ia = <i32>xa, ib = <i32>xb, ja = <i32>ya, jb = <i32>yb;
  const left = <f32>(ia + 1) - xa, right = xb - <f32>ib, top = <f32>(ja + 1) - ya, bottom = yb - <f32>jb;
  const sb = <usize>stride << 2;
  const p0 = image + ((<usize>(ja * stride)) << 2), p2 = image + ((<usize>(jb * stride)) << 2);
  const p1 = p0 + sb, p3 = p2 + sb;
  const a = <usize>ia << 2, b = <usize>ib << 2;
  const s = across(p0, p1, a, b, left, right) * top + across(p1, p2, a, b, left, right) + across(p2, p3, a, b, left, right) * bottom;
  return s / (4 * half * half);
}

/** Sum between two rows of the integral, over columns in part, whole, and in part. */
@inline function across(p: usize, q: usize, a: usize, b: usize, left: f32, right: f32): f32 {
  const c0 = load<i32>(q + a) - load<i32>(p + a), c1 = load<i32>(q + a, 4) - load<i32>(p + a, 4);
  const c2 = load<i32>(q + b) - load<i32>(p + b), c3 = load<i32>(q + b, 4) - load<i32>(p + b, 4);
  return <f32>(c1 - c0) * left + <f32>(c2 - c1) + <f32>(c3 - c2) * right;
}
