// Makes docs/deformable.png: two made-up sections of which one is bent, over each other after an affine map and after a B-spline;
// the bend as a grid, and how it changes areas. Run it after `npm run build`.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { apply, jacobianImage, parseTransformFile, worldPoints } from "../dist/src/plugin.js";
import { samplePair } from "../dist/src/samples/pairs.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "tiepoint-picture-"));
const size = 480;
const side = 340;

async function save(image, file) {
  const { data, bands } = await image.read({ x: 0, y: 0, width: size, height: size });
  const interleaved = new Uint8Array(size * size * bands);
  for (let i = 0; i < size * size; i++)
    for (let b = 0; b < bands; b++) interleaved[bands * i + b] = data[b * size * size + i];
  await sharp(interleaved, { raw: { width: size, height: size, channels: bands } })
    .png()
    .toFile(file);
}
const gray = (file) => sharp(file).removeAlpha().greyscale().raw().toBuffer();
const panel = (rgb) =>
  sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
    .resize(side, side)
    .png()
    .toBuffer();

/** Fixed in magenta, moving in green, where the moving image reaches. */
function over(fixed, moving) {
  const rgb = new Uint8Array(3 * size * size);
  for (let i = 0; i < size * size; i++)
    rgb.set(moving[i] > 0 ? [fixed[i], moving[i], fixed[i]] : [255, 255, 255], 3 * i);
  return panel(rgb);
}

/** Lines that were straight in the fixed image, where the bend takes them, three times as far. */
function gridPicture(bend) {
  const lines = [];
  const at = (x, y) => {
    const [u, v] = apply(bend, worldPoints([x, y]));
    const k = side / size;
    return `${(k * (x + 3 * (u - x))).toFixed(1)},${(k * (y + 3 * (v - y))).toFixed(1)}`;
  };
  for (let c = 0; c <= size; c += 20) {
    const steps = Array.from({ length: size / 5 + 1 }, (_, i) => 5 * i);
    lines.push(steps.map((t) => at(c, t)).join(" "), steps.map((t) => at(t, c)).join(" "));
  }
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><rect width="100%" height="100%" fill="#fff"/>${lines
    .map((points) => `<polyline points="${points}" fill="none" stroke="#345" stroke-width="1"/>`)
    .join("")}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** Areas that grow in orange, that shrink in blue; white is no change, full colour 15 %. */
async function areaPicture(bend, grid) {
  const { data } = await jacobianImage(bend, grid).read({ x: 0, y: 0, width: size, height: size });
  const rgb = new Uint8Array(3 * size * size);
  data.forEach((area, i) => {
    const t = Math.max(-1, Math.min(1, (area - 1) / 0.15));
    const [r, g, b] = t > 0 ? [230, 120, 20] : [30, 100, 200];
    const k = Math.abs(t);
    rgb.set([255 + k * (r - 255), 255 + k * (g - 255), 255 + k * (b - 255)].map(Math.round), 3 * i);
  });
  return panel(rgb);
}

try {
  const pair = samplePair("sections", { size, bend: { amplitude: 6, period: 130, seed: 4 } });
  mkdirSync(join(work, "data"));
  await save(pair.fixed, join(work, "data", "fixed.png"));
  await save(pair.moving, join(work, "data", "moving.png"));
  const text = readFileSync(join(root, "pipelines", "deformable-ssd.yaml"), "utf8")
    .replaceAll(".tif", ".png")
    .replace("  results/area.png: area.image\n", "")
    .replace(
      "outputs:",
      "  straight: { use: warp, in: moving, transform: global, like: fixed }\n\noutputs:\n  results/straight.png: straight",
    );
  writeFileSync(join(work, "pipeline.yaml"), text);
  execFileSync(process.execPath, [join(root, "bin", "tiepoint.js"), "run", "pipeline.yaml"], {
    cwd: work,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const parsed = parseTransformFile(readFileSync(join(work, "results", "transform.json"), "utf8"));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  const { transform } = parsed.value.registration;
  const bend = transform.steps.find((step) => step.type === "bspline");
  const fixed = await gray(join(work, "data", "fixed.png"));
  const panels = [
    await over(fixed, await gray(join(work, "results", "straight.png"))),
    await over(fixed, await gray(join(work, "results", "aligned.png"))),
    await gridPicture(bend),
    await areaPicture(bend, pair.fixed.grid),
  ];
  const gap = 8;
  const whole = 2 * side + gap;
  const file = join(root, "docs", "deformable.png");
  await sharp({ create: { width: whole, height: whole, channels: 3, background: "white" } })
    .composite(panels.map((input, k) => ({ input, left: (k % 2) * (side + gap), top: (k >> 1) * (side + gap) })))
    .png({ palette: true, colours: 64, effort: 10 })
    .toFile(file);
  console.log(`${file}: ${Math.round(readFileSync(file).length / 1000)} kB`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
