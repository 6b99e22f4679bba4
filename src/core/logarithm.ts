/**
 * The natural logarithm by additions and multiplications alone, so that it has the same bits in every JavaScript engine.
 *
 * For code that must not depend on kernels, whose `thinPlate` takes the same steps; elsewhere `elementary.log` does.
 * Method and coefficients: fdlibm, e_log.c (Sun Microsystems, 1993), error below one unit in the last place.
 */
const whole = new Float64Array(1);
const words = new Uint32Array(whole.buffer);
const HIGH = new Uint32Array(Float64Array.of(1).buffer)[1] === 0x3ff00000 ? 1 : 0;
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** @param x  a positive number, not subnormal and finite; anything else gives a number without meaning */
export function logarithm(x: number): number {
  whole[0] = x;
  // x = 2^k (1 + f) with 1 + f between the roots of 1/2 and 2.
  const high = words[HIGH]! + (0x3ff00000 - 0x3fe6a09e);
  const k = (high >>> 20) - 0x3ff;
  words[HIGH] = (high & 0xfffff) + 0x3fe6a09e;
  const f = whole[0] - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return s * (half + (odd + even)) + k * LN2_LOW - half + f + k * LN2_HIGH;
}
