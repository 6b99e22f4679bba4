// Makes the pictures of match/mutual-information and its page: a made-up pair of two kinds, before and after, in squares of either; and
// which brightness meets which. Run it after `npm run build`.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { makeSample } from "../examples/make-sample.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const side = 400;
const square = 50;
const bins = 100;
const work = mkdtempSync(join(tmpdir(), "tiepoint-picture-"));
const rgbOf = (path) => sharp(path).removeAlpha().toColourspace("srgb").raw().toBuffer();
const grayOf = (path) => sharp(path).removeAlpha().greyscale().raw().toBuffer();

/** Squares of the fixed and of the moving image in turn; white where nothing reaches. */
function squares(fixed, moving) {
  const rgb = new Uint8Array(3 * side * side);
  for (let i = 0; i < side * side; i++) {
    const isMoving = ((Math.floor((i % side) / square) + Math.floor(i / side / square)) & 1) === 1;
    const from = isMoving ? moving : fixed;
    const bare = isMoving && moving[3 * i] + moving[3 * i + 1] + moving[3 * i + 2] === 0;
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = bare ? 255 : from[3 * i + c];
  }
  return rgb;
}

/** How often which brightness of the fixed image (across) meets which of the moving one (up): darker is more often. */
function joint(fixed, moving) {
  const counts = new Float64Array(bins * bins);
  const bin = (v) => Math.min(bins - 1, Math.floor((v * bins) / 256));
  for (let i = 0; i < fixed.length; i++)
    if (moving[i] > 0) counts[bins * (bins - 1 - bin(moving[i])) + bin(fixed[i])]++;
  const most = Math.log1p(Math.max(...counts));
  const rgb = new Uint8Array(3 * side * side);
  for (let i = 0; i < side * side; i++) {
    const k = bins * Math.floor((Math.floor(i / side) * bins) / side) + Math.floor(((i % side) * bins) / side);
    rgb.fill(255 - (235 * Math.log1p(counts[k])) / most, 3 * i, 3 * i + 3);
  }
  return rgb;
}

function sheet(panels, columns) {
  const raw = { raw: { width: side, height: side, channels: 3 } };
  const rows = Math.ceil(panels.length / columns);
  const size = (n) => n * side + (n - 1) * 8;
  const create = { width: size(columns), height: size(rows), channels: 3, background: "white" };
  const at = (i) => ({ left: (i % columns) * (side + 8), top: Math.floor(i / columns) * (side + 8) });
  return sharp({ create }).composite(panels.map((input, i) => ({ input: Buffer.from(input), ...raw, ...at(i) })));
}

try {
  await makeSample("stains", work, { size: side });
  cpSync(join(root, "pipelines", "multimodal-mi.yaml"), join(work, "pipeline.yaml"));
  const set = ["inputs.fixed=fixed.png", "inputs.moving=moving.png", "outputs.results/aligned.png=aligned"];
  execFileSync(
    process.execPath,
    [join(root, "bin", "tiepoint.js"), "run", "pipeline.yaml", ...set.flatMap((s) => ["--set", s])],
    { cwd: work, stdio: ["ignore", "ignore", "inherit"] },
  );
  const [fixed, moving, aligned] = ["fixed.png", "moving.png", "results/aligned.png"].map((name) => join(work, name));
  const shown = [squares(await rgbOf(fixed), await rgbOf(moving)), squares(await rgbOf(fixed), await rgbOf(aligned))];
  await sheet(shown, 2)
    .jpeg({ quality: 80 })
    .toFile(join(root, "plugins", "match", "mutual-information", "aligned.jpg"));
  const histograms = [
    joint(await grayOf(fixed), await grayOf(moving)),
    joint(await grayOf(fixed), await grayOf(aligned)),
  ];
  await sheet([...shown, ...histograms], 2)
    .jpeg({ quality: 80 })
    .toFile(join(root, "docs", "mutual-information.jpg"));
} finally {
  rmSync(work, { recursive: true, force: true });
}
