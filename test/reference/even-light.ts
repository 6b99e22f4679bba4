/** v → (v − dark) / light + base; where light is not above 0, dark alone is taken; NaN stays. */
export const evenLight = (
  values: ArrayLike<number>,
  light: ArrayLike<number>,
  dark: ArrayLike<number> | number,
  base: number,
): number[] =>
  Array.from(values, (v, i) => {
    const f = Math.fround;
    const above = f(v - (typeof dark === "number" ? dark : dark[i]!));
    return f(f(light[i]! > 0 ? above / light[i]! : above) + f(base));
  });
