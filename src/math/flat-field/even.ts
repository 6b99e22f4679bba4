import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import { lazyImage } from "../lazy.js";
import { copyRows, holeValue, readFloat, readRaw } from "../read-plane.js";
import { once } from "../sample-image.js";
import { findableNodata, sampleType } from "../sample-type.js";
import { cutWindow } from "../window.js";

/**
 * An image with uneven light taken out: v becomes (v − dark) / flat + the mean of dark, in the image's own type, rounded and held
 * in its range; nodata stays, and so does an alpha band. Where flat is not above 0, dark alone is taken.
 *
 * @param flat, dark  of the image's size; one band, for all, or as many as the image has
 * @param keepsBackground  add the mean of dark again
 */
export function evenedImage(image: Image, flat: Image, dark: Image | undefined, keepsBackground: boolean): Image {
  const { dtype, nodata: said } = image;
  const nodata = findableNodata(dtype, said);
  const bandOf = (other: Image, band: number) => Math.min(band, other.bands.length - 1);
  const tail = [nodata === undefined ? 0 : 1, nodata ?? 0, holeValue(image), said === undefined ? 0 : 1];
  return lazyImage(image, async (block, bands, out, signal) => {
    for (const [i, band] of bands.entries()) {
      using arena = kernels().arena();
      const raw = await readRaw(arena, image, block, [band], signal);
      const { width, height } = block;
      if (image.bands[band]?.toLowerCase() !== "alpha") {
        const options = signal ? { signal } : {};
        const light = await readFloat(arena, flat, block, bandOf(flat, band), options);
        const unlit = dark && (await readFloat(arena, dark, block, bandOf(dark, band), options));
        const base = dark && keepsBackground ? await meanOf(dark, bandOf(dark, band), signal) : 0;
        kernels().rows("evenLight", height, [
          ...[sampleType(dtype), raw, width, light.at, unlit?.at ?? 0, light.stride, width, base],
          ...tail,
        ]);
      }
      copyRows(dtype, raw, width, height, { ...out, from: out.from + i * out.plane });
    }
  });
}

/** Means of bands that were asked for, by image. */
const means = new WeakMap<Image, Map<number, (signal?: AbortSignal) => Promise<number>>>();

function meanOf(image: Image, band: number, signal?: AbortSignal): Promise<number> {
  const known = means.get(image) ?? new Map<number, (signal?: AbortSignal) => Promise<number>>();
  means.set(image, known);
  const mean = known.get(band) ?? once((s) => wholeMean(image, band, s));
  known.set(band, mean);
  return mean(signal);
}

async function wholeMean(image: Image, band: number, signal?: AbortSignal): Promise<number> {
  let [sum, count] = [0, 0];
  const { width, height } = image.grid;
  for (const part of cutWindow({ x: 0, y: 0, width, height }, image.tile, 2 ** 20)) {
    using arena = kernels().arena();
    const plane = await readFloat(arena, image, part, band, signal ? { signal } : {});
    for (let y = 0; y < plane.height; y++) {
      for (const v of arena.f32(plane.at + 4 * y * plane.stride, plane.width)) {
        if (Number.isNaN(v)) continue;
        sum += v;
        count++;
      }
    }
  }
  return count > 0 ? sum / count : 0;
}
