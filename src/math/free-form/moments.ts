/** What all pixels say that are observed in both planes. */
export interface Moments {
  readonly pixels: number;
  readonly fixedMean: number;
  readonly movingMean: number;
  readonly fixedVariance: number;
  readonly movingVariance: number;
  readonly covariance: number;
}

/** How many sums they come from: see `freeFormSums`. */
export const MOMENTS = 6;

export function momentsOf([n, f, m, ff, fm, mm]: Float64Array): Moments {
  const pixels = n!;
  if (!(pixels > 0))
    return { pixels: 0, fixedMean: 0, movingMean: 0, fixedVariance: 0, movingVariance: 0, covariance: 0 };
  const [fixedMean, movingMean] = [f! / pixels, m! / pixels];
  return {
    ...{ pixels, fixedMean, movingMean },
    fixedVariance: variance(ff! / pixels, fixedMean),
    movingVariance: variance(mm! / pixels, movingMean),
    covariance: fm! / pixels - fixedMean * movingMean,
  };
}

/** 0 where rounding is all there is. */
function variance(meanSquare: number, mean: number): number {
  const found = meanSquare - mean ** 2;
  return found > 1e-6 * meanSquare ? found : 0;
}

/** Whether there is anything to compare. */
export const isTelling = ({ fixedVariance, movingVariance }: Moments): boolean =>
  fixedVariance > 0 && movingVariance > 0;

/** Of the fixed plane with the moving one; 0 where there is nothing to compare. */
export const correlation = (moments: Moments): number =>
  isTelling(moments) ? moments.covariance / Math.sqrt(moments.fixedVariance * moments.movingVariance) : 0;

/** Mean square difference when the moving plane has been given the fixed one's mean and variance. */
export const difference = (moments: Moments): number =>
  2 * Math.max(0, 1 - correlation(moments)) * moments.fixedVariance;
