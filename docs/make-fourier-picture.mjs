// Makes the picture of docs/fourier.md and of match/fourier-mellin: a made-up pair, the spectra of both, and the pair laid together.
// Run it after `npm run build`.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import plugin from "../dist/plugins/match/fourier-mellin/index.js";
import { pixelGrid } from "../dist/src/core/grid.js";
import { kernels } from "../dist/src/kernel/lane.js";
import { DIRECTIONS, FREQUENCIES, polarSpectrum } from "../dist/src/math/fourier-mellin/polar.js";
import { emptyPlane } from "../dist/src/math/plane.js";
import { seededRandom } from "../dist/src/math/random.js";
import { terrain } from "../dist/src/samples/terrain.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const side = 320;
const random = seededRandom(7);

/** A view of a scene through a map from its pixels, gray, with noise. */
function view(scene, place) {
  const out = new Float64Array(scene.bands.length);
  const data = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      scene.paint(...place(x, y), out);
      const light = out.reduce((a, b) => a + b, 0) / out.length;
      const noise = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      data[y * side + x] = Math.max(0, Math.min(255, 400 * light + 10 * noise));
    }
  }
  return data;
}

const image = (data) => ({
  grid: pixelGrid(side, side),
  ...{ dtype: "uint8", bands: ["gray"], meaning: "intensity", tile: { width: side, height: side } },
  levels: [{ width: side, height: side }],
  read: async ({ x, y, width, height }) => ({
    ...{ width, height, bands: ["gray"] },
    data: Uint8Array.from(
      { length: width * height },
      (_, i) => data[(y + Math.floor(i / width)) * side + x + (i % width)],
    ),
  }),
});

/** The log-polar spectrum as a picture: directions downwards, frequencies to the right. */
function spectrum(data) {
  const arena = kernels().arena();
  const plane = emptyPlane(arena, side, side);
  for (let y = 0; y < side; y++)
    arena.f32(plane.at + 4 * y * plane.stride, side).set(data.subarray(y * side, (y + 1) * side));
  const polar = polarSpectrum(arena, plane, 512, FREQUENCIES);
  const values = arena.f32(polar.at, polar.stride * DIRECTIONS);
  const picture = Uint8Array.from({ length: DIRECTIONS * FREQUENCIES }, (_, i) => {
    const v = values[Math.floor(i / FREQUENCIES) * polar.stride + (i % FREQUENCIES)];
    return Math.max(0, Math.min(255, 90 + 60 * v));
  });
  arena[Symbol.dispose]();
  return sharp(picture, { raw: { width: FREQUENCIES, height: DIRECTIONS, channels: 1 } })
    .blur(1.2)
    .resize(side / 2, side, { fit: "fill" })
    .toColourspace("srgb")
    .png()
    .toBuffer();
}

const scene = terrain({ seed: 4 }, { year: 1, dryness: 0.2 });
const [angle, scale] = [(65 * Math.PI) / 180, 1.4];
const fixed = view(scene, (x, y) => [x + 100, y + 80]);
const [c, s] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
const moving = view(scene, (x, y) => {
  const [u, v] = [x - side / 2, y - side / 2];
  return [100 + side / 2 + 30 + c * u + s * v, 80 + side / 2 - 25 - s * u + c * v];
});
const found = await plugin.run(
  { fixed: image(fixed), moving: image(moving) },
  { rotation: Math.PI, scale: 2, refine: true, maxSide: { value: 4096, unit: "px" } },
  { signal: new AbortController().signal, random, memory: 1e9, progress: () => {} },
);
const { transform, verdict } = found.value.transform;
console.log(verdict.status, transform.matrix.map((v) => v.toFixed(4)).join(" "));
const [a, b, tx, d, e, ty] = transform.matrix;
const together = new Uint8Array(3 * side * side);
for (let y = 0; y < side; y++) {
  for (let x = 0; x < side; x++) {
    const [u, v] = [a * x + b * y + tx, d * x + e * y + ty];
    const [i, j] = [Math.floor(u), Math.floor(v)];
    const f = fixed[y * side + x];
    const isIn = i >= 0 && j >= 0 && i + 1 < side && j + 1 < side;
    const mix = (n) => (1 - (u - i)) * moving[n] + (u - i) * moving[n + 1];
    const m = isIn ? (1 - (v - j)) * mix(j * side + i) + (v - j) * mix((j + 1) * side + i) : 0;
    together.set(isIn ? [f, m, m] : [f, f, f], 3 * (y * side + x));
  }
}
const gray = (data) =>
  sharp(data, { raw: { width: side, height: side, channels: 1 } })
    .toColourspace("srgb")
    .png()
    .toBuffer();
const panels = [
  ...(await Promise.all([gray(fixed), gray(moving), spectrum(fixed), spectrum(moving)])),
  await sharp(together, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer(),
];
const gap = 8;
let left = 0;
const placed = [];
for (const [i, input] of panels.entries()) {
  placed.push({ input, left, top: 0 });
  left += (i === 2 || i === 3 ? side / 2 : side) + gap;
}
const picture = sharp({ create: { width: left - gap, height: side, channels: 3, background: "white" } }).composite(
  placed,
);
await picture
  .clone()
  .jpeg({ quality: 78 })
  .toFile(join(root, "docs", "fourier.jpg"));
await picture.jpeg({ quality: 78 }).toFile(join(root, "plugins", "match", "fourier-mellin", "found.jpg"));
