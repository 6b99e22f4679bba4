import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import { lazyImage } from "../lazy.js";
import { copyRows, holeValue, readRaw } from "../read-plane.js";
import { findableNodata, sampleType } from "../sample-type.js";
import { heldBand, putBand } from "./held-band.js";

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
        const light = await heldBand(flat, bandOf(flat, band), signal);
        const unlit = dark && (await heldBand(dark, bandOf(dark, band), signal));
        const lightAt = await putBand(arena, flat, bandOf(flat, band), light, block, signal);
        const varies = dark && unlit && unlit.constant === undefined;
        const darkAt = varies ? await putBand(arena, dark, bandOf(dark, band), unlit, block, signal) : 0;
        kernels().rows("evenLight", height, [
          ...[sampleType(dtype), raw, width, lightAt, darkAt, unlit?.constant ?? 0, width, width],
          ...[keepsBackground ? (unlit?.mean ?? 0) : 0, ...tail],
        ]);
      }
      copyRows(dtype, raw, width, height, { ...out, from: out.from + i * out.plane });
    }
  });
}
