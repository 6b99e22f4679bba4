// Makes the pictures of preprocess/segment and match/segmentation from made-up images. Run it after `npm run build`.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const root = fileURLToPath(new URL("..", import.meta.url));
const load = async (path) => import(join(root, "dist", path));
const { samplePair } = await load("src/samples/pairs.js");
const { matchRegions, regionsOf, seededRandom, segmentedImage } = await load("src/plugin.js");

const size = 360;
const [c, s] = [Math.cos(0.6), Math.sin(0.6)];
const transform = { type: "affine", matrix: [c, -s, 132, s, c, -70] };
const pair = samplePair("cells", { size, seed: 8, noise: 0.01, transform });
const whole = { x: 0, y: 0, width: size, height: size };
const options = {
  ...{ method: "adaptive", window: 61, offset: 0.08, foreground: "bright", smooth: 1.5, minArea: 120, maxHole: 1000 },
};

const rgb = (data, colour) => {
  const out = new Uint8Array(3 * size * size);
  for (let i = 0; i < size * size; i++) out.set(colour(data[i]), 3 * i);
  return sharp(out, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
};
const hue = (k) => [80 + ((k * 67) % 170), 80 + ((k * 131) % 170), 80 + ((k * 197) % 170)];
const gap = 8;
const beside = (pictures, over = "") =>
  sharp({
    create: { width: pictures.length * (size + gap) - gap, height: size, channels: 3, background: "white" },
  }).composite([
    ...pictures.map((input, k) => ({ input, left: k * (size + gap), top: 0 })),
    ...(over ? [{ input: Buffer.from(over), left: 0, top: 0 }] : []),
  ]);
const save = (picture, ...path) =>
  picture.png({ palette: true, colours: 64, dither: 0 }).toFile(join(root, "plugins", ...path));

const light = await pair.fixed.read(whole);
const most = Float64Array.from(light.data).sort()[Math.floor(0.998 * light.data.length)];
const labels = await segmentedImage(pair.fixed, "labels", options).read(whole);
const gray = await rgb(light.data, (v) => {
  const g = Math.min(255, (255 * v) / most);
  return [g, g, g];
});
const coloured = await rgb(labels.data, (k) => (k === 0 ? [20, 22, 30] : hue(k)));
await save(beside([gray, coloured]), "preprocess", "segment", "regions.png");

const context = { signal: new AbortController().signal, random: seededRandom(1), progress() {} };
const runs = async (image) => ({ image, runs: (await regionsOf(image, options)).value });
const set = { tolerance: 0.08, distortion: 0, scale: [0.2, 5], neighbours: 8, maxPoints: 20000 };
// The fixed image as a mask that lacks three in ten.
const random = seededRandom(3);
const dropped = new Set(Array.from({ length: 500 }, (_, k) => k).filter(() => random() < 0.3));
const mask = {
  ...pair.fixed,
  ...{ meaning: "labels", dtype: "uint16", bands: ["labels"] },
  read: async () => ({ data: labels.data.map((k) => (dropped.has(k) ? 0 : k)), width: size, height: size, bands: 1 }),
};
const found = matchRegions(await runs(mask), await runs(pair.moving), set, context);
const { matches } = found.value;
const dots = (points, left) =>
  Array.from({ length: points.length / 2 }, (_, i) => {
    const [x, y] = [points[2 * i] + left, points[2 * i + 1]];
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="none" stroke="#ffd640" stroke-width="1.5"/>`;
  }).join("");
const lines = Array.from({ length: matches.fixed.length / 2 }, (_, i) => {
  const at = [
    matches.fixed[2 * i],
    matches.fixed[2 * i + 1],
    matches.moving[2 * i] + size + gap,
    matches.moving[2 * i + 1],
  ];
  const [x, y, u, v] = at.map((n) => n.toFixed(1));
  return i % 3 === 0 ? `<line x1="${x}" y1="${y}" x2="${u}" y2="${v}" stroke="#64c8ff" stroke-opacity="0.7"/>` : "";
}).join("");
const over = `<svg xmlns="http://www.w3.org/2000/svg" width="${2 * size + gap}" height="${size}">${lines}${dots(matches.fixed, 0)}${dots(matches.moving, size + gap)}</svg>`;
const moved = await pair.moving.read(whole);
const brightest = Float64Array.from(moved.data).sort()[Math.floor(0.998 * moved.data.length)];
const figure = await rgb((await mask.read()).data, (k) => (k === 0 ? [20, 22, 30] : [150, 154, 165]));
const other = await rgb(moved.data, (v) => {
  const g = Math.min(255, (255 * v) / brightest);
  return [0.4 * g, 0.7 * g, g];
});
await save(beside([figure, other], over), "match", "segmentation", "matched.png");
