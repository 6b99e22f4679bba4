import { type Diagnostic, failed, ok, problem, type Result, warning } from "../../core/diagnostic.js";
import { formatNumber } from "../../core/format.js";
import { spacing, toWorld } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { type PointSet, pixelPoints } from "../../core/points.js";
import { confidenceOf } from "./calibration.js";
import { type Located, locate } from "./locate.js";
import { type LandmarkModel, radiusFor } from "./model.js";
import { COARSE_RADIUS, type LandmarkImage, landmarkImage } from "./planes.js";

export interface Predicted {
  readonly points: PointSet;
  /** Correlation with the average look of the points' surroundings, −1 to 1. */
  readonly likeness: number;
  /** That of images that were held out of training. */
  readonly usualLikeness: number;
  /** Radius of the shape, in pixels of the image. */
  readonly radiusPx: number;
  /** Whether the shape was found in the image's mirror image. */
  readonly isMirrored: boolean;
  readonly notes: readonly Diagnostic[];
}

/** Below this on average, a prediction comes with a warning. */
const DOUBTFUL = 0.5;
/** Smaller shapes show nothing. */
const LEAST_RADIUS_PX = 4;
/** Sizes in world units and by the frame that differ by more are both tried. */
const SIZES_DIFFER = 1.15;

/**
 * Finds the points of a model in an image.
 *
 * Images are brought to the size that they had in training, in world units or by their frame. Where the two differ both
 * are tried, and the one that looks more alike is taken.
 *
 * @param mirror  also looks for the mirror image
 * @returns points in the world, with confidence; or `nothing-found`, `shape-too-small`, `memory-too-small`
 */
export async function predictLandmarks(
  model: LandmarkModel,
  image: Image,
  { mirror, memory }: { readonly mirror: boolean; readonly memory: number },
  signal?: AbortSignal,
): Promise<Result<Predicted>> {
  const { locator, size, basis, step } = model;
  const { grid } = image;
  const radii = sizesToTry(model, image).filter((radius) => radius / spacing(grid) >= LEAST_RADIUS_PX);
  if (radii.length === 0) {
    return failed(
      problem(
        "shape-too-small",
        `In an image of ${grid.width} x ${grid.height} px with ${formatNumber(spacing(grid), 3)} ${grid.crs} per pixel, the points would lie within less than ${2 * LEAST_RADIUS_PX} px`,
        "Check the pixel size of the image, or take one of higher resolution.",
      ),
    );
  }
  // Bytes, float32 before them, and a vote map of each point at the coarse size.
  const need = Math.max(
    ...radii.map((radius) => {
      const scale = (step * COARSE_RADIUS * spacing(grid)) / radius;
      const pixels = grid.width * grid.height * scale * scale;
      return pixels * (5 + (4 * model.names.length) / (step * step));
    }),
  );
  if (need > memory) {
    return failed(
      problem(
        "memory-too-small",
        `Looking for points of this size in ${grid.width} x ${grid.height} px takes ${Math.ceil(need / 1e6)} MB, but the step may hold ${Math.ceil(memory / 1e6)} MB`,
        "Give more with --memory, or crop the image.",
      ),
    );
  }
  let best: { readonly found: Located; readonly isMirrored: boolean } | undefined;
  for (const radius of radii) {
    signal?.throwIfAborted();
    const read = await landmarkImage(image, radius, step, signal);
    for (const isMirrored of mirror ? [false, true] : [false]) {
      const found = locate(locator, isMirrored ? mirrored(read) : read);
      if (!found || (best && best.found.likeness >= found.likeness)) continue;
      best = { found: isMirrored ? { ...found, shape: mirroredBack(read, found.shape) } : found, isMirrored };
    }
  }
  if (!best) {
    return failed(
      problem(
        "nothing-found",
        `Nothing in the image of ${grid.width} x ${grid.height} px looks like what the model was trained for`,
        "Check that it is an image of the same kind, size and orientation as those of the training.",
      ),
    );
  }
  const { found, isMirrored } = best;
  const confidence = confidenceOf(model.calibration, found, model.tolerance);
  const mean = confidence.reduce((sum, c) => sum + c, 0) / confidence.length;
  const notes: Diagnostic[] = [];
  if (grid.crs !== model.crs) {
    const [own, theirs] = [grid.crs, model.crs];
    notes.push(
      warning(
        "unit-differs",
        `The model was trained on images in ${theirs}, and this one is in ${own}: its size was taken from its frame`,
        "Give it a pixel-size:, or train on images in the same unit.",
      ),
    );
  }
  if (mean < DOUBTFUL) {
    notes.push(
      warning(
        "low-confidence",
        `The points are doubtful: confidence ${mean.toFixed(2)} on average; the image is ${found.likeness.toFixed(2)} alike, and ${model.calibration.likeness.mean.toFixed(2)} is usual`,
        "Look at them on the image. If it is of the right kind, annotate it and train again.",
      ),
    );
  }
  const { names } = model;
  const points = toWorld(grid, pixelPoints(found.shape));
  return ok({
    points: { points, names, confidence },
    ...{
      likeness: found.likeness,
      usualLikeness: model.calibration.likeness.mean,
      radiusPx: found.radius,
      isMirrored,
      notes,
    },
  });

  function sizesToTry({ crs }: LandmarkModel, { grid: g }: Image): readonly number[] {
    const share = radiusFor(size, "share", g);
    if (g.crs !== crs) return [share];
    const ratio = share / size.world;
    if (Math.max(ratio, 1 / ratio) < SIZES_DIFFER) return [radiusFor(size, basis, g)];
    return [size.world, share];
  }
}

function mirrored(image: LandmarkImage): LandmarkImage {
  const flip = (plane: LandmarkImage["fine"]) => {
    const data = new Uint8Array(plane.data.length);
    for (let y = 0; y < plane.height; y++)
      for (let x = 0; x < plane.width; x++) data[y * plane.width + x] = plane.data[(y + 1) * plane.width - 1 - x]!;
    return { ...plane, data };
  };
  return { ...image, fine: flip(image.fine), coarse: flip(image.coarse) };
}

const mirroredBack = ({ fine, scale, offset }: LandmarkImage, shape: Float64Array): Float64Array =>
  shape.map((v, d) => (d % 2 === 0 ? scale * (fine.width - 1) + 2 * offset - v : v));
