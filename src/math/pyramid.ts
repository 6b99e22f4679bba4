import { coarsen, type Grid, type Window } from "../core/grid.js";
import { type Image, isCategorical } from "../core/image.js";
import { kernels } from "../kernel/lane.js";
import { lazyImage } from "./lazy.js";
import { emptyPlane } from "./plane.js";
import { holeValue, readFloat, writeSamples } from "./read-plane.js";

/**
 * A lazy coarser image: each pixel stands for `factor` by `factor` pixels; same world.
 *
 * Intensities are the mean of the valid samples of a block, NaN or nodata where there is none, in the image's own type.
 * Labels and masks take the sample nearest to the block's centre. An existing overview is used where it fits.
 *
 * @param factor  a whole number, at least 1
 */
export function atLevel(image: Image, factor: number): Image {
  if (!Number.isInteger(factor) || factor < 1) throw new Error(`Internal error: a level of factor ${factor}`);
  if (factor === 1) return image;
  const { source, ratio } = startingLevel(image, factor);
  const grid = coarsen(image.grid, factor);
  if (ratio === factor) {
    const { recipe: _, overviews: __, ...level } = source;
    return { ...level, grid };
  }
  const rest = factor / ratio;
  const tile = { width: Math.ceil(image.tile.width / factor), height: Math.ceil(image.tile.height / factor) };
  const face = { ...image, grid, tile: { width: Math.max(tile.width, 64), height: Math.max(tile.height, 64) } };
  const blockPixels = Math.max(1, Math.floor(2 ** 22 / (rest * rest)));
  if (isCategorical(image)) return nearestLevel(image, factor, face, blockPixels);
  const fill = holeValue(image);
  return lazyImage(
    face,
    async (block, bands, out, signal) => {
      for (const [i, band] of bands.entries()) {
        using arena = kernels().arena();
        const fine = refine(block, rest, source.grid);
        const plane = await readFloat(arena, source, fine, band, signal ? { signal } : {});
        const mean = emptyPlane(arena, block.width, block.height);
        kernels().rows("coarsen", Math.ceil(fine.height / rest), [
          ...[plane.at, plane.stride, fine.width, fine.height, mean.at, mean.stride, rest],
        ]);
        writeSamples(
          arena,
          mean,
          { left: 0, top: 0, width: block.width, height: block.height },
          image.dtype,
          { fill, keepClear: image.nodata !== undefined },
          { ...out, from: out.from + i * out.plane },
        );
      }
    },
    blockPixels,
  );
}

/** Half the size on each side; see `atLevel`. */
export const downsample = (image: Image): Image => atLevel(image, 2);

/** The overview to begin with: the coarsest whose ratio divides the factor, or the image itself. */
function startingLevel(image: Image, factor: number): { source: Image; ratio: number } {
  let best = { source: image, ratio: 1 };
  if (isCategorical(image)) return best; // an overview of labels may have been averaged
  for (const source of image.overviews ?? []) {
    const ratio = Math.round(image.grid.width / source.grid.width);
    const wanted = coarsen(image.grid, ratio);
    const fits = source.grid.width === wanted.width && source.grid.height === wanted.height;
    if (fits && ratio > best.ratio && factor % ratio === 0 && source.dtype === image.dtype) best = { source, ratio };
  }
  return best;
}

function refine(block: Window, factor: number, fine: Grid): Window {
  const x = block.x * factor;
  const y = block.y * factor;
  return {
    x,
    y,
    width: Math.min(fine.width - x, block.width * factor),
    height: Math.min(fine.height - y, block.height * factor),
  };
}

function nearestLevel(image: Image, factor: number, face: Image, blockPixels: number): Image {
  const half = Math.floor((factor - 1) / 2);
  return lazyImage(
    face,
    async (block, bands, out, signal) => {
      const fine = refine(block, factor, image.grid);
      const { data } = await image.read(fine, { bands, ...(signal ? { signal } : {}) });
      for (let i = 0; i < bands.length; i++) {
        for (let y = 0; y < block.height; y++) {
          const row = (i * fine.height + Math.min(y * factor + half, fine.height - 1)) * fine.width;
          const to = out.from + i * out.plane + y * out.stride;
          for (let x = 0; x < block.width; x++)
            out.data[to + x] = data[row + Math.min(x * factor + half, fine.width - 1)]!;
        }
      }
    },
    blockPixels,
  );
}
