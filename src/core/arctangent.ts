/**
 * The arctangent by additions and multiplications alone, so that it has the same bits in every JavaScript engine.
 *
 * For code that must not depend on kernels; elsewhere `elementary.atan2` does the same.
 * Method and coefficients: fdlibm, s_atan.c (Sun Microsystems, 1993), error below one unit in the last place.
 */
const values = [0.4636476090008061, 0.7853981633974483, 0.982793723247329, Math.PI / 2];
const rests = [2.2698777452961687e-17, 3.061616997868383e-17, 1.3903311031230998e-17, 6.123233995736766e-17];
const even = [
  0.3333333333333293, 0.14285714272503466, 0.09090887133436507, 0.06661073137387531, 0.049768779946159324,
  0.016285820115365782,
];
const odd = [
  -0.19999999999876483, -0.11111110405462356, -0.0769187620504483, -0.058335701337905735, -0.036531572744216916,
];

const polynomial = (coefficients: readonly number[], w: number): number =>
  coefficients.reduceRight((sum, c) => sum * w + c, 0);

function atan(x: number): number {
  if (x < 0) return -atan(-x);
  if (x > 1e17) return Math.PI / 2;
  let range = -1;
  let u = x;
  if (x >= 39 / 16) [range, u] = [3, -1 / x];
  else if (x >= 19 / 16) [range, u] = [2, (x - 1.5) / (1 + 1.5 * x)];
  else if (x >= 11 / 16) [range, u] = [1, (x - 1) / (1 + x)];
  else if (x >= 7 / 16) [range, u] = [0, (2 * x - 1) / (2 + x)];
  const z = u * u;
  const w = z * z;
  const sum = u * (z * polynomial(even, w) + w * polynomial(odd, w));
  return range < 0 ? u - sum : values[range]! - (sum - rests[range]! - u);
}

/** Angle of the vector (x, y) from the x axis, in radians from -π to π; 0 for the zero vector. */
export function arctangent2(y: number, x: number): number {
  if (x === 0) return y === 0 ? 0 : (Math.sign(y) * Math.PI) / 2;
  const angle = atan(Math.abs(y / x));
  return (y < 0 ? -1 : 1) * (x > 0 ? angle : Math.PI - angle);
}
