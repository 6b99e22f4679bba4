// Makes plugins/estimate/tps/bend.png: two made-up sections, of which one is bent, over each other after an affine map and after a
// thin-plate spline. Run it after `npm run build`.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { samplePair } from "../dist/src/samples/pairs.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "tiepoint-picture-"));
const size = 480;
/** The part that is shown. */
const view = { left: 60, top: 150, width: 320, height: 260 };

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

try {
  const pair = samplePair("terrain", { size, bend: { amplitude: 7, period: 150, seed: 4 } });
  mkdirSync(join(work, "data"));
  await save(pair.fixed, join(work, "data", "fixed.png"));
  await save(pair.moving, join(work, "data", "moving.png"));
  const text = readFileSync(join(root, "pipelines", "features-bend.yaml"), "utf8")
    .replaceAll(".tif", ".png")
    .replace(
      "outputs:",
      "  straight: { use: warp, in: moving, transform: affine, like: fixed }\n\noutputs:\n  results/straight.png: straight",
    );
  writeFileSync(join(work, "pipeline.yaml"), text);
  execFileSync(process.execPath, [join(root, "bin", "tiepoint.js"), "run", "pipeline.yaml"], {
    cwd: work,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const fixed = await gray(join(work, "data", "fixed.png"));
  const panels = [];
  for (const name of ["straight", "aligned"]) {
    const moving = await gray(join(work, "results", `${name}.png`));
    const rgb = new Uint8Array(size * size * 3);
    for (let i = 0; i < size * size; i++) rgb.set([fixed[i], moving[i], fixed[i]], 3 * i);
    panels.push(
      await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
        .extract(view)
        .png()
        .toBuffer(),
    );
  }
  const file = join(root, "plugins", "estimate", "tps", "bend.png");
  await sharp({ create: { width: 2 * view.width + 8, height: view.height, channels: 3, background: "white" } })
    .composite(panels.map((input, k) => ({ input, left: k * (view.width + 8), top: 0 })))
    .png({ palette: true, colours: 48, effort: 10 })
    .toFile(file);
  console.log(`${file}: ${Math.round(readFileSync(file).length / 1000)} kB`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
