// Makes one of the project's own sample pairs, with its truth:
//   node examples/make-sample.mjs NAME FOLDER [SIZE] [SEED]        NAME: stains, sections, cells or terrain
// Needs the project to be built (`npm run build`). Same name, size and seed: same pixels, on every machine.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

/** Writes an image as PNG, 8 or 16 bits as it is. */
export async function writePng(image, path) {
  const { width, height } = image.grid;
  const { data, bands } = await image.read({ x: 0, y: 0, width, height });
  const plane = width * height;
  const interleaved = new data.constructor(data.length);
  for (let b = 0; b < bands; b++) {
    for (let i = 0; i < plane; i++) interleaved[i * bands + b] = data[b * plane + i];
  }
  let out = sharp(interleaved, { raw: { width, height, channels: bands } });
  if (image.dtype === "uint16") out = out.toColourspace("grey16");
  await out.png().toFile(path);
}

/** fixed.png, moving.png, truth.csv, and fixed_labels.png and moving_labels.png where the sample has objects. */
export async function makeSample(name, folder, options = {}) {
  const { samplePair } = await import("../dist/src/samples/pairs.js");
  const { truthCsv } = await import("../dist/src/samples/truth.js");
  const pair = samplePair(name, options);
  mkdirSync(folder, { recursive: true });
  await writePng(pair.fixed, join(folder, "fixed.png"));
  await writePng(pair.moving, join(folder, "moving.png"));
  if (pair.labels) {
    await writePng(pair.labels.fixed, join(folder, "fixed_labels.png"));
    await writePng(pair.labels.moving, join(folder, "moving_labels.png"));
  }
  writeFileSync(join(folder, "truth.csv"), truthCsv(pair.truth, pair.fixed.grid, pair.moving.grid));
  return pair;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [name, folder, size, seed] = argv.slice(2);
  const { sampleNames } = await import("../dist/src/samples/pairs.js");
  if (!folder || !sampleNames.includes(name)) {
    console.error(`usage: node examples/make-sample.mjs ${sampleNames.join("|")} FOLDER [SIZE] [SEED]`);
    exit(2);
  }
  const pair = await makeSample(name, folder, {
    ...(size ? { size: Number(size) } : {}),
    ...(seed ? { seed: Number(seed) } : {}),
  });
  console.log(`${folder}: ${pair.about}`);
}
