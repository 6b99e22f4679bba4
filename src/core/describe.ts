import { fitAffine } from "./affine-fit.js";
import { arctangent2 } from "./arctangent.js";
import { formatNumber } from "./format.js";
import type { Affine2, Crs, Grid } from "./grid.js";
import { invertAffine, spacing } from "./grid.js";
import { worldPoints } from "./points.js";
import type { Registration } from "./registration.js";
import { apply, asMatrix3 } from "./transform.js";

export type TransformShape =
  | "identity"
  | "translation"
  | "rigid"
  | "similarity"
  | "affine"
  | "projective"
  | "deformable"
  /** Not finite anywhere on the fixed image, or singular. */
  | "degenerate";

/**
 * What a registration does to the moving image to bring it onto the fixed image, in numbers that people know.
 *
 * These are of the affine map that fits the transform best over the fixed image; `bend` tells how much it leaves out.
 */
export interface TransformDescription {
  readonly shape: TransformShape;
  /** Degrees by which the moving image turns; positive is clockwise as the fixed image is shown. */
  readonly rotation: number;
  /** Growth of lengths: square root of the growth of areas, in world units of either image. */
  readonly scale: number;
  /** Growth across over growth along the image's own x axis; 1 where all directions grow alike. */
  readonly stretch: number;
  /** Degrees by which a right angle of the moving image is bent. */
  readonly shear: number;
  /** Whether the moving image is mirrored. */
  readonly mirrored: boolean;
  /** World vector by which the content at the middle of the fixed image has moved. */
  readonly shift: readonly [x: number, y: number];
  /** Largest distance over the fixed image between the transform and its best affine map, world units. */
  readonly bend: number;
  readonly unit: Crs;
}

/** Points per side of the lattice on which a transform is looked at. */
const LATTICE = 17;
const DEGREES = 180 / Math.PI;

/**
 * Describes a registration by rotation, scale, stretch, shear, shift and bend.
 *
 * Effects that move no corner of the fixed image by more than 1/200 pixel count as absent.
 */
export function describeTransform({
  transform,
  fixed,
}: Pick<Registration, "transform" | "fixed">): TransformDescription {
  const unit = fixed?.crs ?? "px";
  const pixel = fixed ? spacing(fixed) : 1;
  const reach = fixed ? (Math.max(fixed.width, fixed.height, 2) * pixel) / 2 : 1000;
  const centre = middle(fixed);
  const from = lattice(fixed, centre);
  const to = apply(transform, worldPoints(from));
  const fit = fitAffine(from, to, centre);
  const matrix = asMatrix3(transform);
  const straight = matrix !== undefined && matrix[6] === 0 && matrix[7] === 0;
  const movingFromFixed: Affine2 | undefined = straight
    ? [matrix[0], matrix[1], matrix[2], matrix[3], matrix[4], matrix[5]]
    : fit;
  const back = movingFromFixed && invertAffine(movingFromFixed);
  if (!movingFromFixed || !back?.every(Number.isFinite)) {
    return {
      shape: "degenerate",
      rotation: 0,
      scale: 0,
      stretch: 1,
      shear: 0,
      mirrored: false,
      shift: [0, 0],
      bend: 0,
      unit,
    };
  }
  const bend = straight ? 0 : largestGap(movingFromFixed, from, to);

  // back = rotation · mirror · [[along, k], [0, across]]
  const [a, b, , d, e] = back;
  const along = Math.sqrt(a * a + d * d);
  const determinant = a * e - b * d;
  const across = determinant / along;
  const k = (a * b + d * e) / along;
  // A world whose y axis points up is shown with y up, so that a positive angle turns the other way.
  const turn = fixed && fixed.worldFromPixel[4] < 0 ? -1 : 1;
  const [x, y] = [
    movingFromFixed[0] * centre[0] + movingFromFixed[1] * centre[1] + movingFromFixed[2],
    movingFromFixed[3] * centre[0] + movingFromFixed[4] * centre[1] + movingFromFixed[5],
  ];
  const numbers = {
    rotation: turn * arctangent2(d, a) * DEGREES,
    scale: Math.sqrt(Math.abs(determinant)),
    stretch: Math.abs(across) / along,
    shear: arctangent2(k, Math.abs(across)) * DEGREES,
    mirrored: determinant < 0,
    shift: [centre[0] - x, centre[1] - y] as const,
    bend,
    unit,
  };
  const seen = pixel / 200;
  const bends = bend > seen;
  const shape: TransformShape = bends
    ? matrix
      ? "projective"
      : "deformable"
    : numbers.mirrored ||
        Math.abs(numbers.stretch - 1) * reach > seen ||
        Math.abs(numbers.shear / DEGREES) * reach > seen
      ? "affine"
      : Math.abs(numbers.scale - 1) * reach > seen
        ? "similarity"
        : Math.abs(numbers.rotation / DEGREES) * reach > seen
          ? "rigid"
          : Math.abs(numbers.shift[0]) > seen || Math.abs(numbers.shift[1]) > seen
            ? "translation"
            : "identity";
  return { shape, ...numbers };
}

/** What a registration does, as the end of a sentence: "turned 20.02 deg clockwise, scaled by 1.003, shifted by …". */
export function transformInWords(description: TransformDescription): string {
  const { shape, rotation, scale, stretch, shear, mirrored, shift, bend } = description;
  const unit = unitName(description.unit);
  if (shape === "degenerate") return "mapped to nowhere: the transform is not finite or cannot be reversed";
  if (shape === "identity") return "left where it is";
  const parts: string[] = [];
  // A mirror image can be told with either axis; the one that leaves the smaller turn is the easier to see.
  const leftRight = mirrored && Math.abs(rotation) > 90;
  const turn = leftRight ? rotation - Math.sign(rotation) * 180 : rotation;
  if (mirrored) parts.push(leftRight ? "mirrored left to right" : "mirrored top to bottom");
  const degrees = formatNumber(Math.abs(turn), 2);
  if (degrees !== "0") parts.push(`turned ${degrees} deg ${turn > 0 ? "clockwise" : "anticlockwise"}`);
  const times = formatNumber(scale, 4);
  if (times !== "1") parts.push(`scaled by ${times}`);
  const stretched = formatNumber(Math.abs(stretch - 1) * 100, 2);
  if (stretched !== "0") parts.push(`${stretch > 1 ? "stretched" : "squeezed"} by ${stretched} % in y`);
  const sheared = formatNumber(Math.abs(shear), 2);
  if (sheared !== "0") parts.push(`sheared by ${sheared} deg`);
  const [x, y] = shift.map((v) => formatNumber(v, 2));
  if (x !== "0" || y !== "0") parts.push(`shifted by (${x}, ${y}) ${unit} at its middle`);
  if (shape === "projective") parts.push(`put in perspective by up to ${formatNumber(bend, 2)} ${unit}`);
  if (shape === "deformable") parts.push(`bent by up to ${formatNumber(bend, 2)} ${unit}`);
  if (parts.length === 0) return "moved by less than can be told in two decimals";
  return parts.length === 1 ? parts[0]! : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** Codes whose world is in metres, of those that images come in: UTM on several datums, web mercator, Europe's equal-area grid. */
const metric = /^EPSG:(32[67]\d\d|258(2[89]|3[0-8])|3857|3035)$/;

/** The unit of world lengths, for people: the code is told with units that are not known to be metres. */
export const unitName = (crs: Crs): string =>
  crs === "px" || crs === "um" ? crs : metric.test(crs) ? "m" : `units of ${crs}`;

const middle = (grid: Grid | undefined): readonly [number, number] => {
  if (!grid) return [0, 0];
  const [a, b, c, d, e, f] = grid.worldFromPixel;
  const x = (grid.width - 1) / 2;
  const y = (grid.height - 1) / 2;
  return [a * x + b * y + c, d * x + e * y + f];
};

function lattice(grid: Grid | undefined, centre: readonly [number, number]): Float64Array {
  const [a, b, , d, e] = grid?.worldFromPixel ?? [1, 0, 0, 0, 1, 0];
  const width = Math.max(2, grid?.width ?? 2) - 1;
  const height = Math.max(2, grid?.height ?? 2) - 1;
  const out = new Float64Array(2 * LATTICE * LATTICE);
  for (let i = 0; i < LATTICE * LATTICE; i++) {
    const x = ((i % LATTICE) / (LATTICE - 1) - 0.5) * width;
    const y = (Math.floor(i / LATTICE) / (LATTICE - 1) - 0.5) * height;
    out[2 * i] = centre[0] + a * x + b * y;
    out[2 * i + 1] = centre[1] + d * x + e * y;
  }
  return out;
}

function largestGap([a, b, c, d, e, f]: Affine2, from: Float64Array, to: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < from.length; i += 2) {
    const x = a * from[i]! + b * from[i + 1]! + c - to[i]!;
    const y = d * from[i]! + e * from[i + 1]! + f - to[i + 1]!;
    const gap = Math.sqrt(x * x + y * y);
    if (gap > largest) largest = gap; // false for NaN
  }
  return largest;
}
