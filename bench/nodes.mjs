// Whether a pipeline gives the same bits on several versions of Node.
//
//     npm run build && node bench/nodes.mjs [--pair FIXED MOVING] [--seed N] NODE_A NODE_B …
//
// Each NODE is the path of a node binary; the one that runs this script is the first of the comparison. Runs one pipeline with each, in
// a folder and store of its own, and compares transforms, tie points, metrics and decoded pixels. Compressed bytes may differ, because zlib
// is Node's own. Without --pair the images are those of `tiepoint demo`. Ends with 1 if anything differs.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import read from "../dist/plugins/read/tiff/index.js";

const binary = fileURLToPath(new URL("../bin/tiepoint.js", import.meta.url));
const { values, positionals } = parseArgs({
  options: { pair: { type: "boolean", default: false }, seed: { type: "string", default: "1" } },
  allowPositionals: true,
});
const given = values.pair ? positionals.splice(0, 2) : [];
const nodes = [process.execPath, ...positionals];
if (positionals.length === 0 || (values.pair && given.length < 2)) {
  console.error("usage: node bench/nodes.mjs [--pair FIXED MOVING] [--seed N] NODE_A NODE_B …");
  process.exit(2);
}

const files = ["sift.json", "orb.json", "sift.csv", "orb.csv", "metrics.json", "registered.tif", "registered.png"];
const pipeline = (fixed, moving, invert) => `tiepoint: 1
name: nodes
inputs: { fixed: "${fixed}", moving: "${moving}" }
steps:
  fixed-gray: { use: preprocess/gray, in: fixed }
  moving-gray: { use: preprocess/gray, in: moving, invert: ${invert} }
  fixed-soft: { use: preprocess/denoise, in: fixed-gray, method: bilateral }
  moving-soft: { use: preprocess/denoise, in: moving-gray, method: gaussian }
  fixed-even: { use: preprocess/normalise, in: fixed-soft, method: clahe }
  moving-even: { use: preprocess/normalise, in: moving-soft, method: clahe }
  fixed-scored: { use: preprocess/normalise, in: fixed-gray, method: z-score }
  moving-stretched: { use: preprocess/normalise, in: moving-gray, method: percentile }
  by-sift: { use: match/sift, fixed: fixed-even, moving: moving-even }
  by-orb: { use: match/orb, fixed: fixed-scored, moving: moving-stretched }
  sift: { use: estimate/affine, matches: by-sift }
  orb: { use: estimate/projective, matches: by-orb }
  registered: { use: warp, in: moving, transform: sift, like: fixed, interpolation: lanczos3 }
  metrics: { use: measure/similarity, fixed: fixed-gray, moving: moving-gray, transform: sift }
outputs:
  sift.json: sift
  orb.json: orb
  sift.csv: sift.matches
  orb.csv: orb.matches
  metrics.json: metrics
  registered.tif: registered
  registered.png: registered
`;

const context = { signal: new AbortController().signal, random: () => 0, memory: 2e9, progress: () => {} };
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The digest of what a file says; of a picture, of its decoded samples. */
async function content(path) {
  const bytes = readFileSync(path);
  if (extname(path) === ".png") return sha256(await sharp(bytes).raw({ depth: "ushort" }).toBuffer());
  if (extname(path) !== ".tif") return sha256(bytes);
  const file = { path, sha256: sha256(bytes), bytes: bytes.length };
  const outcome = await read.run({ file }, { kind: "intensity" }, context);
  if (!outcome.ok) throw new Error(outcome.diagnostics.map((d) => d.message).join("\n"));
  const { image } = outcome.value;
  const { data } = await image.read({ x: 0, y: 0, width: image.grid.width, height: image.grid.height });
  return sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

const top = mkdtempSync(join(tmpdir(), "tiepoint-nodes-"));
const images = join(top, "images");
mkdirSync(images);
let pair = given.map((path, i) => {
  const name = `${["fixed", "moving"][i]}${extname(path)}`;
  cpSync(path, join(images, name));
  return name;
});
if (pair.length === 0) {
  const demo = spawnSync(process.execPath, [binary, "demo", "-o", join(top, "demo"), "--seed", values.seed]);
  if (demo.status !== 0) throw new Error(demo.stderr.toString());
  pair = ["fixed.png", "moving.png"];
  for (const name of pair) cpSync(join(top, "demo", name), join(images, name));
}

let golden;
let differ = false;
for (const [i, node] of nodes.entries()) {
  const folder = join(top, String(i));
  cpSync(images, folder, { recursive: true });
  writeFileSync(join(folder, "pipeline.yaml"), pipeline(...pair, given.length === 0));
  const version = spawnSync(node, ["--version"]).stdout.toString().trim();
  const { status, stderr } = spawnSync(node, [binary, "run", join(folder, "pipeline.yaml"), "--progress", "none"]);
  if (status !== 0) throw new Error(`${version} ended with ${status}: ${stderr}`);
  const found = await Promise.all(files.map((name) => content(join(folder, name))));
  golden ??= found;
  const others = files.filter((_, at) => found[at] !== golden[at]);
  differ ||= others.length > 0;
  const says = others.length === 0 ? `${files.length} outputs, the same bits` : `differs in ${others.join(", ")}`;
  console.log(`${version.padEnd(10)} ${i === 0 ? `${files.length} outputs, the measure` : says}`);
}
if (differ) console.log(`kept in ${top}`);
else rmSync(top, { recursive: true });
process.exitCode = differ ? 1 : 0;
