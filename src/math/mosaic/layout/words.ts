import { formatNumber } from "../../../core/format.js";
import type { Matrix2, StepFit } from "./fit-steps.js";
import type { Trial } from "./try-places.js";

/** A departure of the stage's scale and angle from 1 and 0 is put right from so many standard errors on, */
const SIGNIFICANT = 4;
/** so large a share, */
const WORTH = 0.004;
/** and so many pixels from one tile to the next: less is for the alignment to find. */
const WORTH_PX = 2;

/** What a fit says of places in pixels beside which way their axes point: E = fit · upright⁻¹ in place of 1. */
export function stageError(
  fit: StepFit,
  upright: Matrix2,
  step: number,
): { readonly matrix: Matrix2; readonly real: boolean } {
  const matrix = timesTransposed(fit.matrix, upright);
  const error = timesTransposed(fit.error, upright.map(Math.abs) as unknown as Matrix2);
  const identity = [1, 0, 0, 1];
  const real = matrix.some((v, i) => {
    const off = Math.abs(v - identity[i]!);
    return off > SIGNIFICANT * error[i]! && off > WORTH && off * step > WORTH_PX;
  });
  return { matrix, real };
}

const timesTransposed = ([a, b, c, d]: Matrix2, [p, q, r, s]: Matrix2): Matrix2 => [
  a * p + b * q,
  a * r + b * s,
  c * p + d * q,
  c * r + d * s,
];

/** What was wrong with the axes of places, in words; nothing where they point right and down. */
export function axesInWords([a, b, c, d]: Matrix2, of: string): string | undefined {
  if (a === 1 && d === 1) return undefined;
  if (a !== 0) {
    const turned = [...(a < 0 ? ["x points left"] : []), ...(d < 0 ? ["y points up"] : [])];
    return `${turned.join(" and ")} in ${of}: ${turned.length > 1 ? "both were" : "it was"} flipped`;
  }
  const flips = [...(b < 0 ? ["x"] : []), ...(c < 0 ? ["y"] : [])];
  const then = flips.length > 0 ? `, and ${flips.join(" and ")} ${flips.length > 1 ? "were" : "was"} flipped then` : "";
  return `x and y are exchanged in ${of}: they were swapped${then}`;
}

/** The stage's scale and angle in words. */
export function scaleInWords([a, b, c, d]: Matrix2, of: string): string {
  const percent = (v: number) => `${formatNumber(Math.abs(v - 1) * 100, 1)} %`;
  const says = (v: number) => `${percent(v)} too ${v > 1 ? "small" : "large"}`;
  const parts: string[] = [];
  if (Math.abs(a - d) < 0.004) {
    const mean = (a + d) / 2;
    if (Math.abs(mean - 1) >= 0.0005) parts.push(`${says(mean)}`);
  } else {
    if (Math.abs(a - 1) >= 0.0005) parts.push(`${says(a)} along x`);
    if (Math.abs(d - 1) >= 0.0005) parts.push(`${says(d)} along y`);
  }
  const angle = (Math.abs(c - b) / 2) * (180 / Math.PI);
  if (angle >= 0.05) parts.push(`turned by ${formatNumber(angle, 1)} deg`);
  return parts.length > 0
    ? `the steps of ${of} are ${parts.join(", ")}: they were corrected`
    : `the steps of ${of} were adjusted`;
}

export const agreeing = ({ evidence }: Trial): number =>
  evidence.axes.reduce((sum, { found }) => sum + (found?.agreement.members.length ?? 0), 0);
export const asked = ({ evidence }: Trial): number => evidence.axes.reduce((sum, axis) => sum + axis.asked, 0);

export const telling = ({ evidence }: Trial): number => evidence.axes.reduce((sum, axis) => sum + axis.telling, 0);

/** "9 of 10 pairs", of those that show something. */
export const pairsInWords = (trial: Trial): string => `${agreeing(trial)} of ${telling(trial)} pairs`;

/** How tiles follow one another: "row by row from the top left, turning back at each end". */
export function orderInWords(matrix: Matrix2, snake: boolean): string {
  const [a, b, c, d] = matrix;
  const alongRows = Math.abs(a) > Math.abs(c);
  const right = (alongRows ? a : b) > 0;
  const down = (alongRows ? d : c) > 0;
  const from = `${down ? "top" : "bottom"} ${right ? "left" : "right"}`;
  return `${alongRows ? "row by row" : "column by column"} from the ${from}${snake ? ", turning back at each end" : ""}`;
}
