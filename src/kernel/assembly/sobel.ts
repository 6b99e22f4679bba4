// Sobel's gradients of eight pixels of a byte image from p on, as int16: four levels for each level of the image's slope.

@inline export function sobelX(p: usize, s: usize): v128 {
  const l = i16x8.add(i16x8.add(v128.load8x8_u(p - s - 1), v128.load8x8_u(p + s - 1)), i16x8.shl(v128.load8x8_u(p - 1), 1));
  const r = i16x8.add(i16x8.add(v128.load8x8_u(p - s + 1), v128.load8x8_u(p + s + 1)), i16x8.shl(v128.load8x8_u(p + 1), 1));
  return i16x8.sub(r, l);
}

@inline export function sobelY(p: usize, s: usize): v128 {
  const t = i16x8.add(i16x8.add(v128.load8x8_u(p - s - 1), v128.load8x8_u(p - s + 1)), i16x8.shl(v128.load8x8_u(p - s), 1));
  const d = i16x8.add(i16x8.add(v128.load8x8_u(p + s - 1), v128.load8x8_u(p + s + 1)), i16x8.shl(v128.load8x8_u(p + s), 1));
  return i16x8.sub(d, t);
}
