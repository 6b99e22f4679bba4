// Makes the pictures of docs/interpolation.md: a detail after twelve turns by 30 degrees with every kernel, what the kernels make of
// waves, and one picture through a transform of every family. Run it after `npm run build`.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { pixelGrid } from "../dist/src/core/grid.js";
import { fourTapKernel, isFourTaps } from "../dist/src/math/four-taps.js";
import { warpImage } from "../dist/src/math/resample.js";
import { samplePair } from "../dist/src/samples/pairs.js";
import { makeWarps, transforms } from "../examples/make-warps.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const docs = (name) => join(root, "docs", name);
const size = 320;
const whole = { x: 0, y: 0, width: size, height: size };
const kernels = ["nearest", "linear", "cubic-smooth", "mitchell", "cubic-sharp", "cubic", "lanczos3", "bspline3"];
const text = (words, width, height, fontSize = 15) =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><text x="${width / 2}" y="${height - 7}" font-family="sans-serif" font-size="${fontSize}" text-anchor="middle" fill="#222">${words}</text></svg>`,
  );

/** A gray image in float32. */
const held = (data) => ({
  ...{ grid: pixelGrid(size, size), dtype: "float32", bands: ["gray"], meaning: "intensity" },
  tile: { width: size, height: size },
  read: async (window) => {
    const out = new Float32Array(window.width * window.height);
    for (let y = 0; y < window.height; y++)
      out.set(
        data.subarray((window.y + y) * size + window.x, (window.y + y) * size + window.x + window.width),
        y * window.width,
      );
    return { data: out, width: window.width, height: window.height, bands: 1 };
  },
});

async function kernelPicture() {
  const { turn } = await transforms(size);
  const { fixed } = samplePair("terrain", { size, bend: null, noise: 0 });
  const { data } = await fixed.read(whole);
  const gray = Float32Array.from({ length: size * size }, (_, i) => 0.3 * data[i] + 0.6 * data[size * size + i]);
  const panels = [{ name: "the picture", data: gray }];
  for (const interpolation of kernels) {
    let now = gray;
    for (let k = 0; k < 12; k++) {
      const out = warpImage(held(now), turn, pixelGrid(size, size), { interpolation, antialias: false });
      now = (await out.read(whole)).data;
    }
    panels.push({ name: interpolation, data: now });
  }
  const [side, scale, label, gap] = [84, 3, 26, 8];
  const [left, top] = [112, 96];
  const pieces = await Promise.all(
    panels.map(async ({ name, data: plane }, i) => {
      const bytes = new Uint8ClampedArray(side * side);
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) bytes[y * side + x] = 2.2 * plane[(top + y) * size + left + x] - 40;
      const input = await sharp(Buffer.from(bytes), { raw: { width: side, height: side, channels: 1 } })
        .resize(side * scale, side * scale, { kernel: "nearest" })
        .png()
        .toBuffer();
      const at = { left: (i % 3) * (side * scale + gap), top: Math.floor(i / 3) * (side * scale + label) };
      return [
        { input: text(name, side * scale, label), ...at },
        { input, left: at.left, top: at.top + label },
      ];
    }),
  );
  await sharp({
    create: { width: 3 * side * scale + 2 * gap, height: 3 * (side * scale + label), channels: 3, background: "white" },
  })
    .composite(pieces.flat())
    .jpeg({ quality: 84 })
    .toFile(docs("interpolation.jpg"));
}

/** Root mean square over all fractions of what a kernel leaves of a wave of `w` radians a pixel, and of what it adds or takes. */
function response(name, w) {
  const sinc = (t) => (t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t));
  const kernel = (t) => {
    if (isFourTaps(name)) return fourTapKernel(name, t);
    if (name === "nearest") return t >= -0.5 && t < 0.5 ? 1 : 0;
    if (name === "linear") return Math.max(0, 1 - Math.abs(t));
    return Math.abs(t) < 3 ? sinc(t) * sinc(t / 3) : 0;
  };
  const scale = name === "bspline3" ? 3 / (2 + Math.cos(w)) : 1;
  let error = 0;
  const steps = 64;
  for (let k = 0; k < steps; k++) {
    const f = (k + 0.5) / steps;
    let [re, im, sum] = [0, 0, 0];
    for (let tap = -3; tap <= 4; tap++) {
      const weight = kernel(tap - f);
      sum += weight;
      re += weight * Math.cos(w * (tap - f));
      im += weight * Math.sin(w * (tap - f));
    }
    const share = scale / (name === "bspline3" ? 1 : sum);
    error += ((re * share - 1) ** 2 + (im * share) ** 2) / steps;
  }
  return Math.sqrt(error);
}

async function responsePicture() {
  const [width, height, x0, y0, w, h] = [760, 400, 70, 20, 520, 320];
  const colours = ["#888888", "#b8860b", "#a0522d", "#9467bd", "#d62728", "#1f77b4", "#2ca02c", "#000000"];
  // Periods of 20 to 2 pixels across, errors of 0.01 % to 100 % up.
  const px = (frequency) => x0 + (w * (frequency - 0.05)) / 0.45;
  const py = (error) => y0 + h * (-Math.log10(Math.min(1, Math.max(1e-4, error))) / 4);
  const lines = kernels.map((name, i) => {
    const points = Array.from({ length: 91 }, (_, k) => 0.05 + (0.45 * k) / 90).map(
      (frequency) => `${px(frequency).toFixed(1)},${py(response(name, 2 * Math.PI * frequency)).toFixed(1)}`,
    );
    const y = y0 + 20 + 24 * i;
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${colours[i]}" stroke-width="2.2"/>
<line x1="${x0 + w + 16}" x2="${x0 + w + 44}" y1="${y - 5}" y2="${y - 5}" stroke="${colours[i]}" stroke-width="3"/>
<text x="${x0 + w + 52}" y="${y}">${name}</text>`;
  });
  const rows = [1, 0.1, 0.01, 1e-3, 1e-4].map(
    (e) => `<line x1="${x0}" x2="${x0 + w}" y1="${py(e)}" y2="${py(e)}" stroke="#ddd"/>
<text x="${x0 - 8}" y="${py(e) + 5}" text-anchor="end">${100 * e} %</text>`,
  );
  const columns = [20, 10, 6, 4, 3, 2].map(
    (period) => `<line x1="${px(1 / period)}" x2="${px(1 / period)}" y1="${y0}" y2="${y0 + h}" stroke="#eee"/>
<text x="${px(1 / period)}" y="${y0 + h + 20}" text-anchor="middle">${period}</text>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="14" fill="#222">
<rect width="100%" height="100%" fill="white"/>${rows.join("")}${columns.join("")}${lines.join("")}
<text x="${x0 + w / 2}" y="${y0 + h + 44}" text-anchor="middle">period of a wave, pixels</text></svg>`;
  await sharp(Buffer.from(svg)).png({ palette: true, colours: 64, effort: 10 }).toFile(docs("interpolation-error.png"));
}

async function familyPicture() {
  const work = mkdtempSync(join(tmpdir(), "tiepoint-picture-"));
  try {
    await makeWarps(join(work, "data"), 480);
    copyFileSync(join(root, "pipelines", "transform-families.yaml"), join(work, "pipeline.yaml"));
    execFileSync(process.execPath, [join(root, "bin", "tiepoint.js"), "run", "pipeline.yaml"], {
      cwd: work,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const names = ["translation", "rigid", "similarity", "affine", "projective", "tps", "bspline", "displacement"];
    const [side, label, gap] = [240, 26, 8];
    const pieces = names.flatMap((name, i) => {
      const at = { left: (i % 4) * (side + gap), top: Math.floor(i / 4) * (side + label) };
      const file = join(work, "results", `${name}.png`);
      return [
        { input: text(name, side, label), ...at },
        { file, left: at.left, top: at.top + label },
      ];
    });
    const composed = await Promise.all(
      pieces.map(async ({ file, input, ...at }) => ({
        ...at,
        input: input ?? (await sharp(readFileSync(file)).removeAlpha().resize(side, side).png().toBuffer()),
      })),
    );
    await sharp({ create: { width: 4 * side + 3 * gap, height: 2 * (side + label), channels: 3, background: "white" } })
      .composite(composed)
      .jpeg({ quality: 80 })
      .toFile(docs("transform-families.jpg"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

await kernelPicture();
await responsePicture();
await familyPicture();
