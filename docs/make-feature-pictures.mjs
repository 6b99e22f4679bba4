// Makes the pictures of the pages of match/features, match/brisk and match/surf: keypoints and matches of a made-up pair.
// Run it after `npm run build`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { kernels } from "../dist/src/kernel/lane.js";
import { featuresOf } from "../dist/src/math/features/match-features.js";
import { pairFeatures } from "../dist/src/math/features/nearest.js";
import { ImageViews } from "../dist/src/math/features/views.js";
import { makeSample } from "../examples/make-sample.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const side = 420;

async function grayOf(path) {
  const { data, info } = await sharp(path).removeAlpha().greyscale().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, pixels: Float32Array.from(data, (v) => v / 255) };
}

function found(gray, choice) {
  const arena = kernels().arena();
  const usual = { upright: false, direction: "auto", maxKeypoints: 150, spread: 1 };
  const features = featuresOf(new ImageViews(arena, gray), { ...usual, ...choice });
  arena[Symbol.dispose]();
  return features;
}

/** Circles of the keypoints' sizes with their directions. */
const circles = (f, dx, dy) =>
  Array.from({ length: f.count }, (_, i) => {
    const [x, y, r] = [f.x[i] + dx, f.y[i] + dy, 3 * f.scale[i]];
    const [u, v] = [x + r * Math.cos(f.angle[i]), y + r * Math.sin(f.angle[i])];
    return `<circle cx="${x}" cy="${y}" r="${r}"/><line x1="${x}" y1="${y}" x2="${u}" y2="${v}"/>`;
  }).join("");

/** Rows of two images side by side, with what was found in each, and lines between what matches. */
async function picture(rows, images, out) {
  const grays = await Promise.all(images.map(grayOf));
  let marks = "";
  let lines = "";
  rows.forEach((choice, row) => {
    const [fixed, moving] = grays.map((gray) => found(gray, choice));
    marks += circles(fixed, 0, row * side) + circles(moving, side, row * side);
    const pairs = pairFeatures(fixed, moving, { ratio: 0.85, mutual: true });
    for (let n = 0; n < pairs.count; n++) {
      const [i, j] = [pairs.fixed[n], pairs.moving[n]];
      lines += `<line x1="${fixed.x[i]}" y1="${fixed.y[i] + row * side}" x2="${moving.x[j] + side}" y2="${moving.y[j] + row * side}"/>`;
    }
  });
  const size = { width: 2 * side, height: rows.length * side };
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" fill="none">
    <g stroke="#ff9020" stroke-opacity="0.55">${lines}</g><g stroke="#20d060" stroke-width="1.2">${marks}</g></svg>`;
  const place = (input, left, row) => ({ input, left, top: row * side });
  await sharp({ create: { ...size, channels: 3, background: "black" } })
    .composite([
      ...rows.flatMap((_, row) => images.map((input, i) => place(input, i * side, row))),
      { input: Buffer.from(svg), left: 0, top: 0 },
    ])
    .jpeg({ quality: 70 })
    .toFile(join(root, "plugins", "match", out));
}

const work = mkdtempSync(join(tmpdir(), "tiepoint-picture-"));
try {
  await makeSample("terrain", work, { size: side });
  const images = ["fixed.png", "moving.png"].map((name) => join(work, name));
  const harris = { detector: "harris", descriptor: "rootsift" };
  await picture([harris, { ...harris, spread: 0 }], images, "features/spread.jpg");
  await picture([{ detector: "brisk", descriptor: "brisk" }], images, "brisk/matched.jpg");
  await picture([{ detector: "surf", descriptor: "surf" }], images, "surf/matched.jpg");
} finally {
  rmSync(work, { recursive: true, force: true });
}
