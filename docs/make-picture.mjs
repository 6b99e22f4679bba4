// Makes docs/demo.png: what `npm run demo` does, in four panels. Run it after `npm run build`.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { makeSample } from "../examples/make-sample.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "tiepoint-picture-"));
const side = 720;
/** The part of the fixed image that is shown, so that cells can be seen. */
const view = { left: 150, top: 190, width: 312, height: 312 };

const grayOf = async (path) => sharp(path).removeAlpha().greyscale().raw().toBuffer();
const rgbOf = async (path) => sharp(path).removeAlpha().toColourspace("srgb").raw().toBuffer();
const panel = async (rgb) =>
  sharp(rgb, { raw: { width: side, height: side, channels: 3 } })
    .extract(view)
    .png()
    .toBuffer();

try {
  const example = join(work, "examples", "stained-on-fluorescence");
  cpSync(join(root, "pipelines"), join(work, "pipelines"), { recursive: true });
  mkdirSync(example, { recursive: true });
  cpSync(join(root, "examples", "stained-on-fluorescence", "pipeline.yaml"), join(example, "pipeline.yaml"));
  await makeSample("stains", join(example, "data"), { size: side });
  const outputs = ["--set", "outputs.results/aligned.png=aligned"];
  execFileSync(process.execPath, [join(root, "bin", "tiepoint.js"), "run", "pipeline.yaml", ...outputs], {
    cwd: example,
    stdio: ["ignore", "ignore", "inherit"],
  });

  const fixed = await grayOf(join(example, "data", "fixed.png"));
  const moving = await rgbOf(join(example, "data", "moving.png"));
  const aligned = await rgbOf(join(example, "results", "aligned.png"));
  const cells = await sharp(join(example, "results", "cells_aligned.png"))
    .toColourspace("grey16")
    .raw({ depth: "ushort" })
    .toBuffer();
  const labels = new Uint16Array(cells.buffer, cells.byteOffset, side * side);

  const before = new Uint8Array(side * side * 3);
  const after = new Uint8Array(side * side * 3);
  const fluorescence = new Uint8Array(side * side * 3);
  for (let i = 0; i < side * side; i++) {
    const x = i % side;
    const y = Math.floor(i / side);
    const light = Math.min(255, 1.5 * fixed[i]);
    const stain = 255 - moving[3 * i];
    fluorescence.set([light * 0.35, light * 0.62, light], 3 * i);
    before.set([stain, light, stain], 3 * i);
    const edge =
      labels[i] > 0 &&
      x > 0 &&
      x < side - 1 &&
      y > 0 &&
      y < side - 1 &&
      (labels[i - 1] !== labels[i] ||
        labels[i + 1] !== labels[i] ||
        labels[i - side] !== labels[i] ||
        labels[i + side] !== labels[i]);
    const square = (Math.floor((x - view.left) / 104) + Math.floor((y - view.top) / 104)) % 2 === 0;
    if (edge) after.set([255, 214, 64], 3 * i);
    else if (square) after.set(aligned.subarray(3 * i, 3 * i + 3), 3 * i);
    else after.set([light * 0.35, light * 0.62, light], 3 * i);
  }
  const gap = 6;
  const panels = await Promise.all([fluorescence, moving, before, after].map(panel));
  await sharp({ create: { width: 4 * view.width + 3 * gap, height: view.height, channels: 3, background: "white" } })
    .composite(panels.map((input, k) => ({ input, left: k * (view.width + gap), top: 0 })))
    .png({ palette: true, colours: 96, effort: 10 })
    .toFile(join(root, "docs", "demo.png"));
  console.log(`docs/demo.png: ${Math.round(readFileSync(join(root, "docs", "demo.png")).length / 1000)} kB`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
