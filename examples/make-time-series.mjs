// Makes a time series that drifts, with the truth, as the example drifting-cells needs it:
//   node examples/make-time-series.mjs FOLDER [FRAMES] [SIZE] [SEED]
// FOLDER/frames/frame_NNN.png, and the truth in FOLDER/truth.csv: from each frame's pixels to those of the first.
// Needs the project to be built (`npm run build`). Same numbers: same pixels, on every machine.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { writePng } from "./make-sample.mjs";

export async function makeTimeSeries(folder, options = {}) {
  const { sampleTimeSeries } = await import("../dist/src/samples/time-series.js");
  mkdirSync(join(folder, "frames"), { recursive: true });
  const truth = ["file,m00,m01,m02,m10,m11,m12,bad"];
  const frames = sampleTimeSeries(options);
  for (const { name, image, firstFromFrame, bad } of frames) {
    await writePng(image, join(folder, "frames", `${name}.png`));
    truth.push([`${name}.png`, ...firstFromFrame, bad ? 1 : 0].join(","));
  }
  writeFileSync(join(folder, "truth.csv"), `${truth.join("\n")}\n`);
  return frames;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...numbers] = argv.slice(2);
  if (!folder) {
    console.error("usage: node examples/make-time-series.mjs FOLDER [FRAMES] [SIZE] [SEED]");
    exit(2);
  }
  const names = ["frames", "size", "seed"];
  const given = names.map((name, i) => [name, Number(numbers[i])]).filter(([, value]) => value > 0);
  const frames = await makeTimeSeries(folder, Object.fromEntries(given));
  console.log(`${folder}: ${frames.length} frames, the truth in truth.csv`);
}
