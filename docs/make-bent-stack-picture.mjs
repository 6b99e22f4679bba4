// Makes the picture of stack/bspline: a section through a made-up stack, as placed and as bent. Run it after `npm run build`.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const root = fileURLToPath(new URL("..", import.meta.url));
const load = async (path) => import(join(root, "dist", path));
const { applyStack, bendStack, seededRandom, slicesOf } = await load("src/plugin.js");
const { picture } = await load("src/samples/camera.js");
const { octaves, smoothStep } = await load("src/samples/noise.js");

const [size, count, high] = [300, 60, 3];
const random = seededRandom(5);
const [texture, wall] = [octaves(7, 3), octaves(8, 2)];
/** Smooth bends, each slice by its own. */
const wave = () => {
  const [k, t] = [(2 * Math.PI * (0.6 + 0.8 * random())) / size, 2 * Math.PI * random()];
  return [k * Math.cos(t), k * Math.sin(t), 2 * Math.PI * random(), 1 + 1.5 * random()];
};
const at = (waves, x, y) => waves.reduce((s, [kx, ky, p, a]) => s + a * Math.sin(kx * x + ky * y + p), 0);
/** Tubes that run aslant through tissue. */
const tubes = Array.from({ length: 26 }, () => ({
  ...{ x: size * random(), y: 150 + 30 * (random() - 0.5), slope: 1.4 * (random() - 0.5), radius: 5 + 7 * random() },
}));
const images = Array.from({ length: count }, (_, z) => {
  const [across, down] = [0, 1].map(() => [wave(), wave()]);
  const scene = {
    bands: ["gray"],
    paint(x, y, out) {
      let light = 0.42 + 0.16 * texture(x / 7, y / 7 + 0.06 * z) + 0.1 * wall(x / 40, y / 40);
      for (const tube of tubes) {
        const r = Math.hypot(x - tube.x - tube.slope * (z - count / 2), y - tube.y);
        light += 0.4 * smoothStep(-1, 1, tube.radius - r) - 0.5 * (1 - smoothStep(0, 2.5, Math.abs(r - tube.radius)));
      }
      out[0] = light;
    },
  };
  const sceneFromPixel = (x, y, out) => {
    out[0] = x + at(across, x, y);
    out[1] = y + at(down, x, y);
  };
  return [`z${z}`, picture(scene, { width: size, height: size, noise: 0.02, seed: z + 1, sceneFromPixel })];
});
const slices = slicesOf(new Map(images)).value;
const transforms = {
  slices: slices.map((s) => s.name),
  frameFromSlice: slices.map(() => [1, 0, 0, 0, 1, 0]),
  ...{ sigma: new Float64Array(count), state: slices.map(() => "used") },
};
const options = { metric: "ncc", bending: 0.001, range: 2, sweeps: 3, trendLength: 10, spacing: 40, maxSide: 1024 };
const context = { signal: new AbortController().signal, random, memory: 1e9, progress() {} };
const found = await bendStack(slices, transforms, options, context);
const { bends } = found.value;

const section = async (image) => {
  const { data } = await image.read({ x: 0, y: 150, width: size, height: 1 });
  const out = new Uint8Array(size * count * high);
  for (let y = 0; y < count * high; y++) {
    const z = Math.floor(y / high);
    out.set(data.subarray(z * size, (z + 1) * size), y * size);
  }
  return sharp(out, { raw: { width: size, height: count * high, channels: 1 } })
    .png()
    .toBuffer();
};
const pictures = [
  await section(applyStack(slices, transforms, { frame: "first" }).value),
  await section(applyStack(slices, transforms, { frame: "first", bends }).value),
];
const gap = 8;
await sharp({ create: { width: 2 * size + gap, height: count * high, channels: 3, background: "white" } })
  .composite(pictures.map((input, k) => ({ input, left: k * (size + gap), top: 0 })))
  .png({ palette: true, colours: 64, dither: 0 })
  .toFile(join(root, "plugins", "stack", "bspline", "section.png"));
