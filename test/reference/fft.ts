/** A matrix of complex numbers, row by row. */
export interface ComplexMatrix {
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly width: number;
  readonly height: number;
}

/** The discrete Fourier transform by its definition, one direction after the other; [ky][kx] at ky * width + kx. */
export function fourier({ re, im, width, height }: ComplexMatrix, sign: 1 | -1 = -1): ComplexMatrix {
  const half = { re: new Float64Array(re.length), im: new Float64Array(re.length), width, height };
  const whole = { re: new Float64Array(re.length), im: new Float64Array(re.length), width, height };
  const add = (to: ComplexMatrix, t: number, from: ComplexMatrix, f: number, turns: number) => {
    const [c, s] = [Math.cos(2 * Math.PI * turns), sign * Math.sin(2 * Math.PI * turns)];
    to.re[t]! += from.re[f]! * c - from.im[f]! * s;
    to.im[t]! += from.re[f]! * s + from.im[f]! * c;
  };
  for (let y = 0; y < height; y++)
    for (let k = 0; k < width; k++)
      for (let x = 0; x < width; x++)
        add(half, y * width + k, { re, im, width, height }, y * width + x, ((k * x) % width) / width);
  for (let x = 0; x < width; x++)
    for (let k = 0; k < height; k++)
      for (let y = 0; y < height; y++) add(whole, k * width + x, half, y * width + x, ((k * y) % height) / height);
  return whole;
}
