import { DiagnosticError, failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { type Affine2, composeAffine, type Grid, invertAffine } from "../../core/grid.js";
import { type Image, isCategorical } from "../../core/image.js";
import type { SliceBends } from "../../core/slice-bends.js";
import type { SliceTransforms } from "../../core/slice-tables.js";
import { sequence, type Transform } from "../../core/transform.js";
import { latticeMap } from "../free-form/lattice-map.js";
import { lazyImage } from "../lazy.js";
import { holeValue } from "../read-plane.js";
import { type WarpOptions, warpImage } from "../resample.js";
import { unionBox } from "./maps.js";
import { bandOf, type Slice, slicesInOrder } from "./slices.js";

/** `first` is the first slice's grid; `union` all that any slice shows. */
export type StackFrame = "first" | "union";

export interface ApplyOptions extends Pick<WarpOptions, "interpolation" | "fill"> {
  readonly frame: StackFrame;
  /** How slices bend on top of where they lie. */
  readonly bends?: SliceBends;
}

/**
 * Slices on one grid as the bands of one image, which are computed when they are read, each pixel resampled once from its
 * own slice, bent or not. A slice that was not used when the stack was aligned shows nothing where its pixels cannot be read.
 *
 * @returns `slices-differ` when the table and the slices have other names, `slice-type-differs` when slices are of several types
 */
export function applyStack(
  slices: readonly Slice[],
  transforms: SliceTransforms,
  options: ApplyOptions,
): Result<Image> {
  const order = slicesInOrder(slices, transforms);
  if (!order.ok) return order;
  const odd = order.value.find(
    (s) => s.image.dtype !== first(order.value).dtype || s.image.meaning !== first(order.value).meaning,
  );
  if (odd) {
    const { dtype, meaning } = first(order.value);
    return failed(
      problem(
        "slice-type-differs",
        `Expected all slices as ${dtype}, ${meaning}, but ${odd.name} is ${odd.image.dtype}, ${odd.image.meaning}`,
        "Write the slices as one type first.",
      ),
    );
  }
  const frames = transforms.frameFromSlice;
  const grid = frameGrid(order.value, frames, options.frame);
  const bends = bendMaps(options.bends, first(order.value).grid);
  const warped = order.value.flatMap(({ name, image }, i) =>
    warpedBands(name, image, { frameFromSlice: frames[i]!, bend: bends.get(name) }, grid, options),
  );
  const like = warped[0]!.image;
  // A value for places that some slice does not show, which a stack always has.
  const face = {
    ...{ grid: grid.grid, dtype: like.dtype, meaning: like.meaning, tile: like.tile },
    ...(like.nodata === undefined ? {} : { nodata: like.nodata }),
    bands: warped.map((w) => w.name),
  };
  const spare = order.value.flatMap(({ image }, i) => image.bands.map(() => transforms.state[i] !== "used"));
  const hole = options.fill ?? holeValue(face);
  return ok(
    lazyImage(face, async (block, bands, out, signal) => {
      for (const [n, band] of bands.entries()) {
        const data = await warped[band]!.image.read(block, signal ? { signal } : {}).then(
          (pixels) => pixels.data,
          (error: unknown) => {
            if (spare[band] && isDamage(error)) return undefined;
            throw error;
          },
        );
        const at = out.from + n * out.plane;
        if (!data)
          for (let y = 0; y < block.height; y++)
            out.data.fill(hole, at + y * out.stride, at + y * out.stride + block.width);
        else if (out.stride === block.width) out.data.set(data, at);
        else
          for (let y = 0; y < block.height; y++)
            out.data.set(data.subarray(y * block.width, (y + 1) * block.width), at + y * out.stride);
      }
    }),
  );
}

/** True when the file is to blame, and not a lack of memory. */
const isDamage = (error: unknown): boolean =>
  error instanceof DiagnosticError && error.diagnostics.every((d) => d.code === "image-damaged");

const first = (slices: readonly Slice[]): Image => slices[0]!.image;

interface Frame {
  readonly grid: Grid;
  /** The common frame's pixels to this grid's. */
  readonly move: Affine2;
}

function frameGrid(slices: readonly Slice[], frames: readonly Affine2[], frame: StackFrame): Frame {
  const { grid } = first(slices);
  if (frame === "first") return { grid, move: [1, 0, 0, 0, 1, 0] };
  const { left, top, width, height } = unionBox(
    slices.map((s) => s.image.grid),
    frames,
  );
  const [a, b, c, d, e, f] = grid.worldFromPixel;
  return {
    grid: {
      ...grid,
      width,
      height,
      worldFromPixel: [a, b, a * left + b * top + c, d, e, d * left + e * top + f],
    },
    move: [1, 0, -left, 0, 1, -top],
  };
}

/** Bends as maps of the first slice's world, in which the common frame's pixels are that slice's. */
const bendMaps = (bends: SliceBends | undefined, grid: Grid): ReadonlyMap<string, Transform> =>
  new Map(
    bends?.slices.map((name, s) => {
      const field = { lattice: bends.lattice, coefficients: bends.coefficients[s]! };
      return [name, latticeMap(field, grid)] as const;
    }) ?? [],
  );

/** A slice's bands on the frame, each an image of one band. */
function warpedBands(
  name: string,
  image: Image,
  { frameFromSlice, bend }: { readonly frameFromSlice: Affine2; readonly bend: Transform | undefined },
  { grid, move }: Frame,
  { interpolation, fill }: ApplyOptions,
): readonly { readonly name: string; readonly image: Image }[] {
  const sliceFromPixel = invertAffine(composeAffine(frameFromSlice, move));
  // From the frame's world to the slice's: what files say of their place is not what was aligned.
  const world = composeAffine(
    composeAffine(invertAffine(grid.worldFromPixel), sliceFromPixel),
    image.grid.worldFromPixel,
  );
  const placed: Transform = { type: "affine", matrix: world };
  const transform = bend ? sequence(bend, placed) : placed;
  const options = {
    ...(fill === undefined ? {} : { fill }),
    ...(interpolation === undefined || isCategorical(image) ? {} : { interpolation }),
  };
  return image.bands.map((band, n) => ({
    name: image.bands.length === 1 ? name : `${name} ${band}`,
    image: warpImage(bandOf(image, n), transform, grid, options),
  }));
}
