/** Half the logarithm of a power; see the kernel `logPower`. */
export const logPowerSlowly = (re: number, im: number): number => 0.5 * Math.log(Math.max(1e-30, re * re + im * im));

/**
 * A plane of a spectrum at (r cos a, r sin a), bilinearly; see the kernel `logPolar`.
 *
 * @param at  the plane at column frequency kx, from -n / 2 to n / 2 - 1, and row frequency ky, from 0 to n / 2
 */
export function logPolarSlowly(at: (kx: number, ky: number) => number, angle: number, r: number): number {
  const [u, v] = [r * Math.cos(angle), r * Math.sin(angle)];
  const [k, j] = [Math.floor(u), Math.floor(v)];
  const [p, q] = [u - k, v - j];
  const low = (1 - q) * at(k, j) + q * at(k, j + 1);
  return (1 - p) * low + p * ((1 - q) * at(k + 1, j) + q * at(k + 1, j + 1));
}
