import { DiagnosticError, failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { type Affine2, applyAffine, composeAffine, type Grid, invertAffine } from "../../core/grid.js";
import { type Image, isCategorical } from "../../core/image.js";
import type { SliceTransforms } from "../../core/slice-tables.js";
import type { Transform } from "../../core/transform.js";
import { lazyImage } from "../lazy.js";
import { holeValue } from "../read-plane.js";
import { type WarpOptions, warpImage } from "../resample.js";
import { bandOf, type Slice } from "./slices.js";

/** `first` is the first slice's grid; `union` all that any slice shows. */
export type StackFrame = "first" | "union";

export interface ApplyOptions extends Pick<WarpOptions, "interpolation" | "fill"> {
  readonly frame: StackFrame;
}

/**
 * Slices on one grid as the bands of one image, which are computed when they are read, each pixel resampled once from its
 * own slice. A slice that was not used when the stack was aligned shows nothing where its pixels cannot be read.
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
  const warped = order.value.flatMap(({ name, image }, i) => warpedBands(name, image, frames[i]!, grid, options));
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

/** The table's slices, in its order. Names of bands need not agree where one image holds all: the order of pages does. */
function slicesInOrder(slices: readonly Slice[], { slices: names }: SliceTransforms): Result<readonly Slice[]> {
  const byName = new Map(slices.map((s) => [s.name, s]));
  const missing = names.filter((name) => !byName.has(name));
  const extra = slices.filter((s) => !names.includes(s.name)).map((s) => s.name);
  if (missing.length === 0 && extra.length === 0) return ok(names.map((name) => byName.get(name)!));
  const listed = (list: readonly string[]) => `${list.slice(0, 3).join(", ")}${list.length > 3 ? " …" : ""}`;
  const said = [
    ...(missing.length > 0 ? [`the stack has no ${listed(missing)}`] : []),
    ...(extra.length > 0 ? [`the table has no ${listed(extra)}`] : []),
  ];
  return failed(
    problem(
      "slices-differ",
      `Expected one row in the table for each slice, but ${said.join(" and ")}`,
      'Give slices the names that they had when they were aligned (id: "{file}" names them by file).',
    ),
  );
}

interface Frame {
  readonly grid: Grid;
  /** The common frame's pixels to this grid's. */
  readonly move: Affine2;
}

function frameGrid(slices: readonly Slice[], frames: readonly Affine2[], frame: StackFrame): Frame {
  const { grid } = first(slices);
  if (frame === "first") return { grid, move: [1, 0, 0, 0, 1, 0] };
  let [left, top, right, bottom] = [0, 0, 1, 1].map((_, n) =>
    n < 2 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
  ) as [number, number, number, number];
  slices.forEach(({ image: { grid: g } }, i) => {
    const [w, h] = [g.width - 1, g.height - 1];
    const corners = applyAffine(frames[i]!, Float64Array.of(0, 0, w, 0, 0, h, w, h));
    for (let k = 0; k < 8; k += 2) {
      left = Math.min(left, Math.floor(corners[k]! + 1e-6));
      right = Math.max(right, Math.ceil(corners[k]! - 1e-6));
      top = Math.min(top, Math.floor(corners[k + 1]! + 1e-6));
      bottom = Math.max(bottom, Math.ceil(corners[k + 1]! - 1e-6));
    }
  });
  const [a, b, c, d, e, f] = grid.worldFromPixel;
  return {
    grid: {
      ...grid,
      width: right - left + 1,
      height: bottom - top + 1,
      worldFromPixel: [a, b, a * left + b * top + c, d, e, d * left + e * top + f],
    },
    move: [1, 0, -left, 0, 1, -top],
  };
}

/** A slice's bands on the frame, each an image of one band. */
function warpedBands(
  name: string,
  image: Image,
  frameFromSlice: Affine2,
  { grid, move }: Frame,
  { interpolation, fill }: ApplyOptions,
): readonly { readonly name: string; readonly image: Image }[] {
  const sliceFromPixel = invertAffine(composeAffine(frameFromSlice, move));
  // From the frame's world to the slice's: what files say of their place is not what was aligned.
  const world = composeAffine(
    composeAffine(invertAffine(grid.worldFromPixel), sliceFromPixel),
    image.grid.worldFromPixel,
  );
  const transform: Transform = { type: "affine", matrix: world };
  const options = {
    ...(fill === undefined ? {} : { fill }),
    ...(interpolation === undefined || isCategorical(image) ? {} : { interpolation }),
  };
  return image.bands.map((band, n) => ({
    name: image.bands.length === 1 ? name : `${name} ${band}`,
    image: warpImage(bandOf(image, n), transform, grid, options),
  }));
}
