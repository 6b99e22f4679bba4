import { expect, test } from "vitest";
import { pixelGrid } from "../../src/core/grid.js";
import { kernels } from "../../src/kernel/lane.js";
import { tiltedView } from "../../src/math/features/tilts.js";
import { tiltedSlowly } from "../reference/tilt.js";
import { texturedScene, viewOf } from "../support/scene.js";

const [width, height] = [83, 61];
const data = viewOf(texturedScene(3), { width, height, noise: 3 }).map((v) => v / 255);

test.each([
  [2, 0],
  [2, Math.PI / 2],
  [1.8, 0.6],
  [4, 2.2],
])("a view tilted by %f agrees with the slow twin (direction %f)", (tilt, angle) => {
  using arena = kernels().arena();
  const mask = new Uint8Array(width * height).fill(1);
  for (let y = 20; y < 30; y++) mask.fill(0, y * width + 10, y * width + 25);
  const { image, x0, y0 } = tiltedView(
    arena,
    { gray: { width, height, pixels: data }, grid: pixelGrid(width, height), mask },
    { tilt, angle },
  );
  const { width: w, height: h, stride, pixels } = image.gray;
  expect(w * h).toBeLessThan(width * height);
  const rows = arena.f32(pixels as number, stride! * h);
  const sigma = 0.8 * Math.sqrt(tilt * tilt - 1);
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  let shown = 0;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const slow = tiltedSlowly({ width, height, data }, x + x0, y + y0, { tilt, angle, sigma });
      const along = (tilt - 1) * (dx * (x + x0) + dy * (y + y0));
      const [i, j] = [Math.floor(x + x0 + along * dx + 0.5), Math.floor(y + y0 + along * dy + 0.5)];
      const observed = slow !== undefined && mask[Math.min(height - 1, j) * width + Math.min(width - 1, i)] === 1;
      expect(image.mask![y * w + x], `${x} ${y}`).toBe(observed ? 1 : 0);
      if (observed) expect(rows[y * stride! + x], `${x} ${y}`).toBeCloseTo(slow!, 5);
      shown += image.mask![y * w + x]!;
    }
  }
  // A view has the image's area, shortened once: what is lost is the masked part and a rim.
  expect(shown).toBeGreaterThan((0.8 * width * height) / tilt);
});
