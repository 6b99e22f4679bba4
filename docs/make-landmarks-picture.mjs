// Makes docs/landmarks.png: made-up wings put onto the first by their landmarks. Run it after `npm run build`.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const root = fileURLToPath(new URL("..", import.meta.url));
const { wingSample } = await import("../dist/src/samples/wing.js");
const work = mkdtempSync(join(tmpdir(), "tiepoint-picture-"));
const width = 320;
const height = 240;
const count = 5;
const raw = { raw: { width, height, channels: 3 } };
const gray = (path) => sharp(path).greyscale().raw().toBuffer();

try {
  mkdirSync(join(work, "data", "specimens"), { recursive: true });
  const rows = ["image,name,x,y"];
  const panels = [];
  for (let k = 0; k < count; k++) {
    const { image, landmarks } = wingSample({ width, seed: k + 1, noise: 0.004 });
    const { data, dtype } = await image.read({ x: 0, y: 0, width, height });
    const bytes = Uint8Array.from(data.subarray(0, width * height), (v) => (dtype === "uint16" ? v / 257 : v));
    const file = k === 0 ? "template.png" : `specimens/w${k}.png`;
    const picture = sharp(bytes, { raw: { width, height, channels: 1 } });
    await picture
      .clone()
      .png()
      .toFile(join(work, "data", file));
    const points = landmarks.names.map((name, i) => [name, landmarks.points[2 * i], landmarks.points[2 * i + 1]]);
    for (const [name, x, y] of points) rows.push(`${file},${name},${x},${y}`);
    const dots = points.map(
      ([, x, y]) => `<circle cx="${x}" cy="${y}" r="3.5" fill="none" stroke="#d33" stroke-width="2"/>`,
    );
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${dots.join("")}</svg>`;
    panels.push(
      await picture
        .toColourspace("srgb")
        .composite([{ input: Buffer.from(svg) }])
        .png()
        .toBuffer(),
    );
  }
  writeFileSync(join(work, "data", "all.csv"), `${rows.join("\n")}\n`);
  cpSync(join(root, "pipelines", "landmarks-to-template.yaml"), join(work, "p.yaml"));
  const set = [
    "inputs.template.points=data/all.csv",
    "inputs.specimens.points=data/all.csv",
    "largest-error=30 px",
    "weakest-verdict=suspect",
  ];
  const args = ["run", "p.yaml", ...set.flatMap((s) => ["--set", s])];
  execFileSync(process.execPath, [join(root, "bin", "tiepoint.js"), ...args], { cwd: work, stdio: "inherit" });

  const mean = async (paths) => {
    const all = await Promise.all(paths.map(gray));
    const out = Buffer.alloc(width * height * 3);
    for (let i = 0; i < width * height; i++)
      out.fill(all.reduce((sum, one) => sum + one[i], 0) / all.length, 3 * i, 3 * i + 3);
    return sharp(out, raw)
      .resize(2.5 * width - 5, null)
      .png()
      .toBuffer();
  };
  const ids = Array.from({ length: count - 1 }, (_, k) => `w${k + 1}`);
  const template = join(work, "data", "template.png");
  const before = await mean([template, ...ids.map((id) => join(work, "data", "specimens", `${id}.png`))]);
  const after = await mean([template, ...ids.map((id) => join(work, "results", `${id}.png`))]);
  const below = Math.round((2.5 * width - 5) * 0.75);
  const whole = await sharp({
    create: { width: count * width, height: height + 10 + below, channels: 3, background: "#fff" },
  })
    .composite([
      ...panels.map((input, k) => ({ input, left: k * width, top: 0 })),
      { input: before, left: 0, top: height + 10 },
      { input: after, left: 2.5 * width + 5, top: height + 10 },
    ])
    .png()
    .toBuffer();
  await sharp(whole)
    .resize(900)
    .png({ palette: true, colours: 24, dither: 0, effort: 10 })
    .toFile(join(root, "docs", "landmarks.png"));
  console.log(readFileSync(join(root, "docs", "landmarks.png")).length, "bytes");
} finally {
  rmSync(work, { recursive: true, force: true });
}
