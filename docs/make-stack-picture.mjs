// Makes the picture of stack/align: a section along a made-up film, before and after. Run it after `npm run build`.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const root = fileURLToPath(new URL("..", import.meta.url));
const load = async (path) => import(join(root, "dist", path));
const { sampleTimeSeries } = await load("src/samples/time-series.js");
const { alignStack, applyStack, slicesOf, seededRandom } = await load("src/plugin.js");

const [size, count, high] = [300, 60, 3];
const frames = sampleTimeSeries({ frames: count, size, badEvery: 23, seed: 6 });
const slices = slicesOf(new Map(frames.map((f) => [f.name, f.image]))).value;
const options = {
  ...{ family: "rigid", matcher: "auto", compare: "edges", against: "range", range: 2, reference: 0, maxSide: 2048 },
};
const context = { signal: new AbortController().signal, random: seededRandom(1), memory: 1e9, progress() {} };
const { transforms } = await alignStack(slices, options, context);
const aligned = applyStack(slices, transforms, { frame: "first" }).value;

const row = { x: 0, y: 150, width: size, height: 1 };
const before = await Promise.all(slices.map(async ({ image }) => (await image.read(row)).data));
const after = await aligned.read(row);
const section = (line) => {
  const out = new Uint8Array(size * count * high);
  for (let y = 0; y < count * high; y++)
    out.set(
      line(Math.floor(y / high)).map((v) => Math.min(255, v / 200)),
      y * size,
    );
  return sharp(out, { raw: { width: size, height: count * high, channels: 1 } })
    .png()
    .toBuffer();
};
const pictures = [await section((z) => before[z]), await section((z) => after.data.subarray(z * size, (z + 1) * size))];
const gap = 8;
await sharp({
  create: { width: 2 * size + gap, height: count * high, channels: 3, background: "white" },
})
  .composite(pictures.map((input, k) => ({ input, left: k * (size + gap), top: 0 })))
  .png({ palette: true, colours: 64, dither: 0 })
  .toFile(join(root, "plugins", "stack", "align", "section.png"));
