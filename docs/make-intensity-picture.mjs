// Makes the pictures of match/intensity and of docs/intensity.md: a made-up pair before and after, its joint histograms, and the course.
// Run it after `npm run build`.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { makeSample } from "../examples/make-sample.mjs";

const { captureFigure, reaches } = await import("../dist/src/report/capture-figure.js");
const { courseChart } = await import("../dist/src/report/course-chart.js");
const { courseStyle } = await import("../dist/src/report/course-style.js");
const { jointHistogram, jointPicture, largestShare } = await import("../dist/src/report/joint-histogram.js");

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

/** The report's charts as pictures: its styles with the colours of a light page. */
async function chart(markup, width) {
  const colours = {
    accent: "#3457a6",
    panel: "#f6f7f9",
    line: "#dde1e8",
    ink: "#1d2330",
    soft: "#5b6475",
    good: "#1a7f4b",
  };
  const style = `${courseStyle.replaceAll(/h4\{[^}]*\}/g, "")}text{font:12.5px sans-serif;fill:var(--soft);text-anchor:middle}.course .y,.capture .y{text-anchor:end}.title{fill:var(--ink)}`;
  const literal = style.replaceAll(/var\(--(\w+)\)/g, (_, name) => colours[name] ?? "#9a5700");
  const svg = markup.text.replace(">", `><style>${literal}</style>`);
  return sharp(Buffer.from(svg), { density: 144 })
    .resize({ width })
    .flatten({ background: colours.panel })
    .png()
    .toBuffer({ resolveWithObject: true });
}

/** Overlays and joint histograms before and after at the left, course and capture range at the right. */
async function teaching(fixed, moving, aligned, transform) {
  const [cell, gap, right] = [230, 8, 540];
  const { verdict } = JSON.parse(readFileSync(transform, "utf8"));
  const course = {
    ...verdict.course,
    steps: verdict.course.steps.map(([level, value, step]) => ({ level, value, step })),
  };
  const grid = { width: side, height: side };
  const picture = (data, valid = () => 1) => ({
    grid,
    bands: 1,
    data: Uint8Array.from(data),
    valid: Uint8Array.from(data, valid),
  });
  const before = jointHistogram(picture(fixed), picture(moving));
  const after = jointHistogram(
    picture(fixed),
    picture(aligned, (v) => (v > 0 ? 1 : 0)),
  );
  const joint = async (of) => {
    const { data, width, height } = jointPicture(of, Math.max(largestShare(before), largestShare(after)));
    const plane = width * height;
    const rgb = new Uint8Array(3 * plane).map((_, i) =>
      data[3 * plane + Math.floor(i / 3)] ? data[(i % 3) * plane + Math.floor(i / 3)] : [40, 44, 52][i % 3],
    );
    return sharp(rgb, { raw: { width, height, channels: 3 } })
      .resize(cell, cell, { kernel: "nearest" })
      .png()
      .toBuffer();
  };
  const over = async (other) => {
    const rgb = new Uint8Array(3 * side * side).map((_, i) => {
      const k = Math.floor(i / 3);
      return i % 3 === 0 || other[k] === 0 ? fixed[k] : other[k];
    });
    return sharp(rgb, { raw: { width: side, height: side, channels: 3 } })
      .resize(cell, cell)
      .png()
      .toBuffer();
  };
  const parts = [await over(moving), await over(aligned), await joint(before), await joint(after)];
  const steps = await chart(courseChart(course, verdict.metrics["expected-error"].value), right);
  const capture = await chart(captureFigure(reaches(course.capture, course.found, side)), right);
  const height = Math.max(2 * cell + gap, steps.info.height + capture.info.height + gap);
  const page = sharp({ create: { width: 2 * (cell + gap) + right, height, channels: 3, background: "white" } });
  const left = 2 * (cell + gap);
  return page
    .composite([
      ...parts.map((input, i) => ({ input, left: (i % 2) * (cell + gap), top: (i >> 1) * (cell + gap) })),
      { input: steps.data, left, top: 0 },
      { input: capture.data, left, top: steps.info.height + gap },
    ])
    .png()
    .toBuffer();
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
  await sharp(await teaching(fixed, moving, bare, join(work, "results", "transform.json")))
    .png({ palette: true, quality: 90 })
    .toFile(join(root, "docs", "intensity.png"));
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
