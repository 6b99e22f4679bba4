// Makes the picture of the page of match/intensity: a made-up pair, before and after.
// Run it after `npm run build`.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { makeSample } from "../examples/make-sample.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const side = 420;
const work = mkdtempSync(join(tmpdir(), "tiepoint-picture-"));
const grayOf = (path) => sharp(path).removeAlpha().greyscale().raw().toBuffer();

/** Brings the mean and the spread of an image to those of another, so that overlays show places and not light. */
function lit(image, like) {
  const stats = (a) => {
    const mean = a.reduce((s, v) => s + v, 0) / a.length;
    return [mean, Math.sqrt(a.reduce((s, v) => s + (v - mean) ** 2, 0) / a.length)];
  };
  const [m, s] = stats(image);
  const [n, t] = stats(like);
  return Uint8ClampedArray.from(image, (v) => n + ((v - m) * t) / s);
}

try {
  await makeSample("terrain", work, { size: side });
  cpSync(join(root, "pipelines", "intensity-affine.yaml"), join(work, "pipeline.yaml"));
  const set = [
    "inputs.fixed=fixed.png",
    "inputs.moving=moving.png",
    "model=projective",
    "outputs.results/aligned.png=aligned",
  ];
  execFileSync(
    process.execPath,
    [join(root, "bin", "tiepoint.js"), "run", "pipeline.yaml", ...set.flatMap((s) => ["--set", s])],
    { cwd: work, stdio: ["ignore", "ignore", "inherit"] },
  );
  const fixed = await grayOf(join(work, "fixed.png"));
  const moving = lit(await grayOf(join(work, "moving.png")), fixed);
  const bare = await grayOf(join(work, "results", "aligned.png"));
  const aligned = lit(bare, fixed);
  const panels = [new Uint8Array(3 * side * side), new Uint8Array(3 * side * side)];
  for (let i = 0; i < side * side; i++) {
    panels[0].set([fixed[i], moving[i], moving[i]], 3 * i);
    // Where nothing reaches the fixed image stands alone.
    if (bare[i] > 0) panels[1].set([fixed[i], aligned[i], aligned[i]], 3 * i);
  }
  const raw = { raw: { width: side, height: side, channels: 3 } };
  await sharp({ create: { width: 2 * side + 8, height: side, channels: 3, background: "white" } })
    .composite(panels.map((input, i) => ({ input: Buffer.from(input), ...raw, left: i * (side + 8), top: 0 })))
    .jpeg({ quality: 80 })
    .toFile(join(root, "plugins", "match", "intensity", "aligned.jpg"));
} finally {
  rmSync(work, { recursive: true, force: true });
}
