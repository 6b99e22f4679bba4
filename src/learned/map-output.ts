import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import { type Affine2, composeAffine, type Grid, invertAffine } from "../core/grid.js";
import {
  invert,
  invertMatrix3,
  type Matrix3,
  matrix3FromAffine,
  multiplyMatrix3,
  sequence,
  type Transform,
} from "../core/transform.js";
import type { Tensor } from "./network.js";

/** What a network's map means. */
export interface MapConvention {
  readonly gives: "displacement" | "affine" | "homography";
  /** Which coordinate comes first. */
  readonly order: "yx" | "xy";
  /** Pixels of what the network sees, the first centre at 0; or -1 to 1 over it. */
  readonly unit: "pixels" | "normalised";
  /** What -1 and 1 are: the outer edges of the outermost pixels, or their centres. */
  readonly ends: "edges" | "centres";
  readonly direction: "fixed-to-moving" | "moving-to-fixed";
}

/** Whether an output has the shape of such a map. Lengths that the file leaves open fit. */
export function isMapOutput(gives: MapConvention["gives"], shape: readonly (number | string)[]): boolean {
  const fits = (length: number | string | undefined, wanted: number) =>
    length === wanted || typeof length === "string" || length === -1;
  const dims = (...wanted: readonly number[]) =>
    shape.length === wanted.length + 1 && fits(shape[0], 1) && wanted.every((n, i) => fits(shape[i + 1], n));
  switch (gives) {
    case "displacement":
      // [1, 1, height, width] may have a width of 2, but is a picture: an open length counts where none is known.
      return (
        shape.length === 4 &&
        fits(shape[0], 1) &&
        (shape[1] === 2 || shape[3] === 2 || (fits(shape[1], 2) && fits(shape[3], 2)))
      );
    case "affine":
      return dims(2, 3) || dims(6);
    case "homography":
      return dims(3, 3) || dims(9);
  }
}

/**
 * The transform from the fixed world to the moving world that an output means.
 *
 * @param grids  what the network sees of either image: equally many pixels, each in its own world
 */
export function transformOf(
  name: string,
  tensor: Tensor,
  grids: { readonly fixed: Grid; readonly moving: Grid },
  convention: MapConvention,
): Result<Transform> {
  if (!isMapOutput(convention.gives, tensor.dims)) {
    return wrong(
      `${name} is [${tensor.dims.join(", ")}], which is no ${convention.gives}`,
      "A displacement is [1, 2, height, width] or [1, height, width, 2]; an affine map 6 numbers; a homography 9. Write which it is in gives.",
    );
  }
  if (!tensor.data.every(Number.isFinite)) {
    return wrong(
      `${name} has values that are not finite numbers`,
      "The network has failed on these images: check range against what it was trained with.",
    );
  }
  const isForward = convention.direction === "fixed-to-moving";
  const [from, to] = isForward ? [grids.fixed, grids.moving] : [grids.moving, grids.fixed];
  const map =
    convention.gives === "displacement"
      ? ok(displacementOf(tensor, from, to, convention))
      : matrixOf(name, tensor.data, from, to, convention);
  return map.ok && !isForward ? ok(invert(map.value)) : map;
}

/**
 * A displacement of pixels, then from one image's world to the other's: straight, and so exact between the samples too.
 * The field may have fewer or more samples than the network sees pixels; it covers the same area.
 */
function displacementOf({ dims, data }: Tensor, from: Grid, to: Grid, { order, unit, ends }: MapConvention): Transform {
  const [, second, third, fourth] = dims as [number, number, number, number];
  const isFirst = second === 2;
  const [height, width] = isFirst ? [third, fourth] : [second, third];
  const grid = sampled(from, width, height);
  const [a, b, , d, e] = from.worldFromPixel;
  const pixels = (length: number) => (unit === "pixels" ? 1 : (ends === "edges" ? length : length - 1) / 2);
  const [ux, uy] = [pixels(from.width), pixels(from.height)];
  const count = width * height;
  const offsets = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const at = (channel: number) => data[isFirst ? channel * count + i : 2 * i + channel]!;
    const x = ux * at(order === "xy" ? 0 : 1);
    const y = uy * at(order === "xy" ? 1 : 0);
    offsets[2 * i] = a * x + b * y;
    offsets[2 * i + 1] = d * x + e * y;
  }
  const field: Transform = { type: "displacement", grid, offsets };
  const across = composeAffine(invertAffine(from.worldFromPixel), to.worldFromPixel);
  const isSame = from.worldFromPixel.every((v, i) => v === to.worldFromPixel[i]);
  return isSame ? field : sequence(field, { type: "affine", matrix: across });
}

/** The same area in another number of pixels. */
function sampled(grid: Grid, width: number, height: number): Grid {
  if (width === grid.width && height === grid.height) return grid;
  const [sx, sy] = [grid.width / width, grid.height / height];
  const worldFromPixel = composeAffine([sx, 0, (sx - 1) / 2, 0, sy, (sy - 1) / 2], grid.worldFromPixel);
  return { ...grid, width, height, worldFromPixel };
}

function matrixOf(
  name: string,
  data: Float32Array,
  from: Grid,
  to: Grid,
  convention: MapConvention,
): Result<Transform> {
  const given = [...data, ...(convention.gives === "affine" ? [0, 0, 1] : [])];
  const swap = [1, 0, 2];
  const raw =
    convention.order === "xy" ? given : given.map((_, i) => given[3 * swap[Math.floor(i / 3)]! + swap[i % 3]!]!);
  const pixels = matrix3FromAffine(pixelFromUnit(from, convention));
  // The sign of a homography means nothing by itself: what lies in the middle of the image lies before the horizon.
  const into = invertMatrix3(pixels);
  const [u, v] = [((from.width - 1) / 2) * into[0] + into[2], ((from.height - 1) / 2) * into[4] + into[5]];
  const sign = raw[6]! * u + raw[7]! * v + raw[8]! < 0 ? -1 : 1;
  const map = raw.map((value) => sign * value) as unknown as Matrix3;
  const outward = matrix3FromAffine(composeAffine(pixelFromUnit(to, convention), to.worldFromPixel));
  const inward = multiplyMatrix3(into, matrix3FromAffine(invertAffine(from.worldFromPixel)));
  const matrix = multiplyMatrix3(outward, multiplyMatrix3(map, inward));
  if (!matrix.every(Number.isFinite) || !invertMatrix3(matrix).every(Number.isFinite)) {
    return wrong(
      `${name} is ${raw.map((value) => Number(value.toPrecision(4))).join(", ")}, which has no inverse`,
      "The network has failed on these images: check range against what it was trained with.",
    );
  }
  const [a, b, c, d, e, f] = matrix;
  return ok(
    convention.gives === "affine" ? { type: "affine", matrix: [a, b, c, d, e, f] } : { type: "projective", matrix },
  );
}

/** From the network's coordinates, (x, y), to pixels of what it sees. */
function pixelFromUnit({ width, height }: Grid, { unit, ends }: MapConvention): Affine2 {
  if (unit === "pixels") return [1, 0, 0, 0, 1, 0];
  return ends === "edges"
    ? [width / 2, 0, (width - 1) / 2, 0, height / 2, (height - 1) / 2]
    : [(width - 1) / 2, 0, (width - 1) / 2, 0, (height - 1) / 2, (height - 1) / 2];
}

const wrong = (why: string, hint: string): Result<never> =>
  failed(problem("network-output", `The network's map cannot be read: ${why}`, hint));
