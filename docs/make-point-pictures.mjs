// Makes the pictures of detect/blobs and match/graph from made-up nuclei. Run it after `npm run build`.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const root = fileURLToPath(new URL("..", import.meta.url));
const load = async (path) => import(join(root, "dist", path));
const { samplePair } = await load("src/samples/pairs.js");
const { parseQuantity, seededRandom } = await load("src/plugin.js");
const blobs = (await load("plugins/detect/blobs/index.js")).default;
const graph = (await load("plugins/match/graph/index.js")).default;

const context = { signal: new AbortController().signal, random: seededRandom(1), memory: 1e9, progress() {} };
const defaults = (plugin, changed) => {
  const read = (schema, value) => (schema.unit ? parseQuantity(value, schema.unit).value : value);
  const entries = Object.entries(plugin.params).map(([name, schema]) => [
    name,
    read(schema, changed[name] ?? schema.default),
  ]);
  return Object.fromEntries(entries);
};

const size = 360;
const angle = 0.65;
const [c, s] = [0.8 * Math.cos(angle), 0.8 * Math.sin(angle)];
const pair = samplePair("cells", {
  ...{ size, seed: 5, noise: 0.01 },
  transform: { type: "affine", matrix: [c, -s, 140, s, c, -62] },
});

async function gray(image) {
  const { data } = await image.read({ x: 0, y: 0, width: size, height: size });
  const most = Float64Array.from(data).sort()[Math.floor(0.998 * data.length)];
  return Uint8Array.from(data, (v) => Math.min(255, (255 * v) / most));
}

async function picture(image, drawing) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" fill="none">${drawing}</svg>`;
  const raw = { raw: { width: size, height: size, channels: 1 } };
  const flat = await sharp(await gray(image), raw)
    .toColourspace("srgb")
    .png()
    .toBuffer();
  return sharp(flat)
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}

const find = async (image, least, most) =>
  (await blobs.run({ in: image }, defaults(blobs, { minDiameter: least, maxDiameter: most }), context)).value.points;
const fixed = await find(pair.fixed, "14 px", "40 px");
const moving = await find(pair.moving, "11 px", "32 px");
const each = (points, draw) =>
  Array.from({ length: points.length / 2 }, (_, i) =>
    draw(points[2 * i].toFixed(1), points[2 * i + 1].toFixed(1)),
  ).join("");
const dot = (colour, r) => (x, y) => `<circle cx="${x}" cy="${y}" r="${r}" stroke="${colour}" stroke-width="1.5"/>`;

const spots = await picture(pair.fixed, each(fixed.points, dot("#ffd640", 6)));
await sharp(spots)
  .png({ palette: true, colours: 48, dither: 0 })
  .toFile(join(root, "plugins", "detect", "blobs", "spots.png"));

const { matches } = (await graph.run({ fixed, moving }, defaults(graph, {}), context)).value;
const gap = 8;
const loose = (points, used) => each(points, dot("#e05a5a", 4)) + each(used, dot("#ffd640", 6));
const canvas = { create: { width: 2 * size + gap, height: size, channels: 3, background: "white" } };
const lines = Array.from({ length: matches.fixed.length / 2 }, (_, i) => {
  const [x, y, u, v] = [
    matches.fixed[2 * i],
    matches.fixed[2 * i + 1],
    matches.moving[2 * i],
    matches.moving[2 * i + 1],
  ];
  return i % 4 === 0
    ? `<line x1="${x.toFixed(1)}" y1="${y.toFixed(1)}" x2="${(u + size + gap).toFixed(1)}" y2="${v.toFixed(1)}" stroke="#64c8ff" stroke-opacity="0.7"/>`
    : "";
}).join("");
const over = `<svg xmlns="http://www.w3.org/2000/svg" width="${2 * size + gap}" height="${size}">${lines}</svg>`;
await sharp(canvas)
  .composite([
    { input: await picture(pair.fixed, loose(fixed.points, matches.fixed)), left: 0, top: 0 },
    { input: await picture(pair.moving, loose(moving.points, matches.moving)), left: size + gap, top: 0 },
    { input: Buffer.from(over), left: 0, top: 0 },
  ])
  .png({ palette: true, colours: 48, dither: 0 })
  .toFile(join(root, "plugins", "match", "graph", "matched.png"));
