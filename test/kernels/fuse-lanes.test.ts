import { expect, test } from "vitest";
import { pixelGrid, wholeWindow } from "../../src/core/grid.js";
import type { Image } from "../../src/core/image.js";
import { attachKernels, kernels, shareKernels } from "../../src/kernel/lane.js";
import { blends } from "../../src/math/mosaic/fuse/blend.js";
import { mosaicFrame } from "../../src/math/mosaic/fuse/frame.js";
import { fuseTiles } from "../../src/math/mosaic/fuse/fuse.js";
import { noise } from "../reference/plane.js";
import { memoryImage } from "../support/image.js";
import { attachHelpers, canHelp, endHelpers } from "../support/lanes.js";

endHelpers();

test.skipIf(!canHelp)("one lane and three fuse the same mosaic, at every call (needs a build)", async () => {
  const images = new Map<string, Image>();
  const columns = { file: [] as string[], x: [] as number[], y: [] as number[] };
  for (let i = 0; i < 9; i++) {
    const { data } = noise(i + 1, 160, 150, { high: 3000 + 300 * i, whole: true });
    images.set(`t${i}`, memoryImage(Uint16Array.from(data), pixelGrid(160, 150)));
    columns.file.push(`t${i}`);
    columns.x.push((i % 3) * 130.37);
    columns.y.push(Math.floor(i / 3) * 121.61);
  }
  const frame = mosaicFrame(images, { columns });
  if (!frame.ok) throw new Error(frame.diagnostics[0]!.message);
  const turned = {
    onto: pixelGrid(300, 280),
    transform: { type: "affine", matrix: [1, -0.1, 20, 0.1, 1, 5] },
  } as const;
  const all = async () => {
    const bytes: string[] = [];
    for (const blend of blends) {
      for (const where of [{}, turned]) {
        const image = fuseTiles(frame.value, { blend, interpolation: "cubic", gain: "overlaps", ...where });
        const { data } = await image.read(wholeWindow(image.grid));
        bytes.push(Buffer.from(data.buffer as ArrayBuffer).toString("base64"));
      }
    }
    return bytes;
  };
  const alone = await all();
  expect(new Set(alone).size).toBe(6);
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  for (let k = 0; k < 3; k++) expect((await all()).every((bytes, i) => bytes === alone[i])).toBe(true);
  attachKernels(shareKernels(1, 1e9), 0);
  expect((await all()).every((bytes, i) => bytes === alone[i])).toBe(true);
});
