import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import { filterImage } from "../lazy.js";
import { readFloat } from "../read-plane.js";

/** The image without what its mask, of the same size, has 0 for. */
export function hidden(image: Image, mask: Image | undefined): Image {
  if (!mask) return image;
  const { nodata: _, ...face } = mask;
  return filterImage(image, { halo: 0, dtype: "float32" }, async (arena, plane, { window }) => {
    const { at } = await readFloat(arena, { ...face, meaning: "mask" }, window);
    kernels().rows("maskOut", plane.height, [plane.at, at, plane.stride, plane.width, 0]);
    return plane;
  });
}
