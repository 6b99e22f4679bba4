// Makes plugins/landmarks/landmarks.png: points found on three made-up wings that the training did not see, on truth. Run it after
// `npm run build`.
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import predict from "../dist/plugins/landmarks/predict/index.js";
import train from "../dist/plugins/landmarks/train/index.js";
import { seededRandom } from "../dist/src/math/random.js";
import { wingSample } from "../dist/src/samples/wing.js";

const [width, height, zoom] = [320, 240, 1.25];
const context = { signal: new AbortController().signal, random: seededRandom(1), memory: 1e9, progress() {} };
const sample = (seed) => wingSample({ width, seed });
const annotated = new Map(Array.from({ length: 24 }, (_, i) => [`wing ${i + 1}`, sample(i + 1)]));
const pick = (what) => new Map([...annotated].map(([id, wing]) => [id, wing[what]]));
const params = { tolerance: 0.05, folds: 4, levels: 10, trees: 100, depth: 4, samples: 3000, searchTrees: 20 };
const trained = await train.run({ images: pick("image"), points: pick("landmarks") }, params, context);
if (!trained.ok) throw new Error(trained.diagnostics[0].message);

const panels = [];
for (const [n, seed] of [101, 102, 103].entries()) {
  const { image, landmarks } = sample(seed);
  const found = await predict.run({ in: image, model: trained.value.model }, { mirror: false }, context);
  if (!found.ok) throw new Error(found.diagnostics[0].message);
  const dots = (points, draw) =>
    Array.from({ length: points.length / 2 }, (_, k) => {
      return draw(zoom * (points[2 * k] + 0.5), zoom * (points[2 * k + 1] + 0.5));
    }).join("");
  const rings = dots(landmarks.points, (x, y) => `<circle cx="${x}" cy="${y}" r="6" stroke="#00a6c8"/>`);
  const crosses = dots(
    found.value.points.points,
    (x, y) => `<path d="M${x - 4} ${y}h8M${x} ${y - 4}v8" stroke="#e8590c"/>`,
  );
  const { data } = await image.read({ x: 0, y: 0, width, height });
  const [w, h] = [zoom * width, zoom * height];
  const overlay = `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" fill="none" stroke-width="2">${rings}${crosses}</svg>`;
  const picture = await sharp(data, { raw: { width, height, channels: 1 } })
    .resize(w, h)
    .toColourspace("srgb")
    .composite([{ input: Buffer.from(overlay) }])
    .png()
    .toBuffer();
  panels.push({ input: picture, left: n * (w + 10), top: 0 });
}
const out = fileURLToPath(new URL("../plugins/landmarks/landmarks.png", import.meta.url));
await sharp({ create: { width: 3 * zoom * width + 20, height: zoom * height, channels: 3, background: "#ffffff" } })
  .composite(panels)
  .png({ palette: true, colours: 64 })
  .toFile(out);
console.log(out);
