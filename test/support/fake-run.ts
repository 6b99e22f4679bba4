import sharp from "sharp";
import { type Diagnostic, problem, warning } from "../../src/core/diagnostic.js";
import { pixelGrid } from "../../src/core/grid.js";
import type { Image, Pixels } from "../../src/core/image.js";
import type { Matches } from "../../src/core/matches.js";
import type { PortType } from "../../src/core/plugin.js";
import { worldPoints } from "../../src/core/points.js";
import { seededRandom } from "../../src/core/random.js";
import type { RunAccess, RunRecord, TaskRecord, ValueSummary } from "../../src/core/record.js";
import { apply, type Transform } from "../../src/core/transform.js";
import type { Metrics, Verdict, VerdictStatus } from "../../src/core/verdict.js";
import { texturedScene, viewImage } from "./scene.js";

export interface FakeOptions {
  readonly fixed?: Image;
  readonly moving?: Image;
  /** Fixed world to moving world. */
  readonly transform?: Transform;
  readonly status?: VerdictStatus;
  readonly name?: string;
  readonly file?: string;
  /** Tie points; some of them wrong. */
  readonly points?: number;
  /** How the estimate ended. */
  readonly state?: TaskRecord["state"];
  /** Run the steps once per item, as a block does. */
  readonly items?: readonly string[];
}

/** Turn by 12 degrees about the middle, slightly larger, shifted: what the moving view of the sample scene shows. */
export const sampleTransform: Transform = {
  type: "affine",
  matrix: [0.9976, 0.212, -38, -0.212, 0.9976, 71],
};

/** A run that never was: a record, and values made for it. For tests and for looking at reports. */
export function fakeRun(options: FakeOptions = {}): {
  record: RunRecord;
  access: RunAccess;
  values: Map<string, unknown>;
} {
  const { status = "accepted", name = "section-on-section", transform = sampleTransform, items } = options;
  const state = options.state ?? (status === "rejected" ? "refused" : "computed");
  const size = { width: 512, height: 384 };
  const scene = texturedScene(7);
  const fixed = options.fixed ?? viewImage(scene, size);
  const moving = options.moving ?? viewImage(scene, { ...size, sceneFromPixel: sceneFromMoving(transform) });
  const values = new Map<string, unknown>();
  const tasks: TaskRecord[] = [];
  const add = (
    task: Partial<TaskRecord> & Pick<TaskRecord, "id" | "plugin">,
    port?: string,
    type?: PortType,
    value?: unknown,
  ) => {
    tasks.push(taskOf(task, port, type, type === "image" && value ? imageFacts(value as Image) : undefined));
    if (port) values.set(`${task.id} ${port}`, value);
  };
  add({ id: "input:fixed", plugin: "read/tiff", seconds: 0.05 }, "image", "image", fixed);
  add({ id: "input:moving", plugin: "read/tiff", seconds: 0.06 }, "image", "image", moving);
  add(
    { id: "fixed-gray", plugin: "preprocess/gray", state: "cached", seconds: 0, inputs: { in: ["input:fixed"] } },
    "image",
    "image",
    fixed,
  );
  add(
    {
      id: "moving-gray",
      plugin: "preprocess/gray",
      inputs: { in: ["input:moving"] },
      params: { invert: true, method: "luma" },
      origins: { invert: "pipeline", method: "default" },
    },
    "image",
    "image",
    moving,
  );
  for (const item of items ?? [undefined]) {
    const of = (step: string) => (item === undefined ? step : `pair[${item}].${step}`);
    const common = item === undefined ? {} : { item };
    const its = items && items.indexOf(item!) % 5 === 0 ? "suspect" : status;
    const matches = fakeMatches(
      options.points ?? 300,
      transform,
      fixed,
      moving,
      item === undefined ? 1 : items!.indexOf(item),
    );
    const verdict = fakeVerdict(its, 0.4 + (items ? items.indexOf(item!) % 7 : 0.31));
    add(
      {
        ...common,
        id: of("matches"),
        step: "matches",
        plugin: "match/sift",
        summary: "Finds places that look alike by scale-invariant keypoints.",
        cite: ["doi:10.1023/B:VISI.0000029664.99615.94"],
        seconds: 2.1,
        peakBytes: 310e6,
        inputs: { fixed: ["fixed-gray"], moving: ["moving-gray"] },
        params: { "max-keypoints": 5000, ratio: 0.8, "contrast-threshold": 0.013 },
        origins: { "max-keypoints": "pipeline", ratio: "--set", "contrast-threshold": "default" },
        metrics: { matches: { value: matches.residual!.length } },
        notes: [
          warning("few-scales", "The moving image gave keypoints in 3 of 6 octaves only", "Raise max-keypoints."),
        ],
      },
      "matches",
      "matches",
      { ...matches, inlier: undefined, images: undefined },
    );
    const noTransform = state === "failed" || state === "skipped";
    add(
      {
        ...common,
        id: of("affine"),
        step: "affine",
        plugin: "estimate/affine",
        summary: "Fits shift, rotation, scale and shear.",
        cite: [
          "doi:10.1109/CVPR42600.2020.00138",
          "R. Hartley, In defense of the eight-point algorithm, IEEE TPAMI 19 (1997), doi:10.1109/34.601246.",
        ],
        seconds: 0.04,
        state,
        inputs: { matches: [of("matches")] },
        params: { "inlier-distance": "3 px", "held-out": "20 %" },
        origins: { "inlier-distance": "pipeline", "held-out": "default" },
        ...(noTransform ? {} : { verdict, metrics: { inliers: verdict.metrics.inliers! } }),
        gates: noTransform
          ? []
          : [
              { metric: "inliers", comparison: ">= 20", found: verdict.metrics.inliers!, passed: its !== "rejected" },
              {
                metric: "held-out-rmse",
                comparison: "<= 2 px",
                found: verdict.metrics["held-out-rmse"]!,
                passed: its !== "rejected",
              },
            ],
        notes:
          state === "failed"
            ? [
                problem(
                  "collinear",
                  "All 14 tie points lie on one line; an affine map needs three that do not",
                  "Take use: estimate/similarity, or match more of the image (raise max-keypoints).",
                ),
              ]
            : [],
      },
      noTransform ? undefined : "transform",
      "transform",
      { transform, fixed: fixed.grid, moving: moving.grid, verdict },
    );
    if (!noTransform) values.set(`${of("affine")} matches`, matches);
    const last = tasks.length - 1;
    if (!noTransform)
      tasks[last] = {
        ...tasks[last]!,
        outputs: [...tasks[last]!.outputs, { port: "matches", type: "matches", digest: "5".repeat(64) }],
      };
    const after = state === "computed" || state === "cached" ? "computed" : "skipped";
    add({
      ...common,
      id: of("aligned"),
      step: "aligned",
      plugin: "warp",
      version: "2",
      state: after,
      seconds: 0.9,
      inputs: { in: ["input:moving"], transform: [of("affine")], like: ["input:fixed"] },
      params: { interpolation: "cubic" },
      origins: { interpolation: "pipeline" },
    });
    add({
      ...common,
      id: of("output:results/aligned.tif"),
      step: "output:results/aligned.tif",
      plugin: "write/tiff",
      state: after,
      seconds: 0.4,
      inputs: { in: [of("aligned")] },
    });
  }
  const record: RunRecord = {
    format: "tiepoint/run",
    version: 1,
    tiepoint: "0.1.0",
    pipeline: {
      name,
      about: "Align an H&E section to a fluorescence section, and carry its cell labels along.",
      file: options.file ?? "pipelines/section.yaml",
    },
    inputs: [
      { name: "fixed", file: "data/fluorescence.ome.tif", sha256: "a3".repeat(32), bytes: 25_165_824 },
      { name: "moving", file: "data/he.tif", sha256: "7c".repeat(32), bytes: 9_437_184 },
    ],
    tasks,
    outputs:
      state === "computed"
        ? [{ file: "results/aligned.tif", from: "aligned", sha256: "0f".repeat(32), bytes: 18_874_368 }]
        : [],
    notes: [],
    ...(state === "failed" ? {} : { verdict: items ? "suspect" : status }),
    exit: state === "failed" ? 1 : state === "refused" ? 3 : 0,
    seconds: 3.84,
    machine: { node: "22.12.0", platform: "linux x64", cores: 8, jobs: 8, memory: 9_600_000_000 },
  };
  return { record, access: accessTo(values), values };
}

export const accessTo = (values: ReadonlyMap<string, unknown>): RunAccess => ({
  value: async (task, port) => values.get(`${task} ${port}`),
  encode: encodeWithSharp,
});

export async function encodeWithSharp(
  pixels: Pixels,
  format: "jpeg" | "png" | "webp",
  quality = 80,
): Promise<Uint8Array> {
  const { data, width, height, bands } = pixels;
  const size = width * height;
  const raw = Buffer.alloc(size * bands);
  for (let b = 0; b < bands; b++) for (let i = 0; i < size; i++) raw[i * bands + b] = data[b * size + i]!;
  return sharp(raw, { raw: { width, height, channels: bands as 1 | 3 | 4 } })
    .toFormat(format, { quality })
    .toBuffer();
}

const imageFacts = ({ grid, dtype, bands, meaning }: Image): NonNullable<ValueSummary["image"]> => ({
  grid,
  dtype,
  bands,
  meaning,
});

function taskOf(
  task: Partial<TaskRecord> & Pick<TaskRecord, "id" | "plugin">,
  port?: string,
  type?: PortType,
  image?: ValueSummary["image"],
): TaskRecord {
  return {
    step: task.id,
    version: "1",
    key: "9d".repeat(32),
    params: {},
    origins: {},
    seed: 1,
    inputs: {},
    outputs: port && type ? [{ port, type, digest: "4b".repeat(32), ...(image ? { image } : {}) }] : [],
    metrics: {},
    gates: [],
    notes: [],
    state: "computed",
    seconds: 0.2,
    peakBytes: 40e6,
    ...task,
  };
}

/** Places of the moving view in the scene, row-major 3 × 3: the inverse of the affine map from fixed (= scene) to moving. */
function sceneFromMoving(transform: Transform): number[] {
  if (transform.type !== "affine") throw new Error("The sample scene takes an affine map");
  const [a, b, c, d, e, f] = transform.matrix;
  const det = a * e - b * d;
  return [e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det, 0, 0, 1];
}

function fakeMatches(n: number, transform: Transform, fixed: Image, moving: Image, seed: number): Matches {
  const random = seededRandom(seed + 1);
  const { width, height } = fixed.grid;
  const from = new Float64Array(2 * n);
  const inlier = new Uint8Array(n);
  const residual = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    from[2 * i] = width * (0.05 + 0.75 * random());
    from[2 * i + 1] = height * (0.05 + 0.9 * random() * random());
  }
  const world = worldPoints(from);
  const to = apply(transform, world);
  for (let i = 0; i < n; i++) {
    const noise = () => (random() + random() + random() - 1.5) * 1.1;
    inlier[i] = i % 3 === 0 ? 0 : 1;
    const [u, v] = inlier[i]
      ? [noise() + from[2 * i]! / width, noise()]
      : [(random() - 0.5) * width * 0.7, (random() - 0.5) * height * 0.7];
    to[2 * i]! += u;
    to[2 * i + 1]! += v;
    residual[i] = Math.sqrt(u * u + v * v);
  }
  return { fixed: world, moving: to, inlier, residual, images: { fixed, moving } };
}

function fakeVerdict(status: VerdictStatus, error: number): Verdict {
  const low = status === "rejected";
  const metrics: Metrics = {
    "fit-rmse": { value: low ? 1.9 : error * 0.85, unit: "px" },
    "held-out-rmse": { value: low ? 41.3 : error, unit: "px" },
    "expected-error": { value: low ? 63.2 : error * 1.1, unit: "px" },
    inliers: { value: low ? 9 : 200 },
    "inlier-share": { value: low ? 4.1 : 66.7, unit: "%" },
    coverage: { value: low ? 6 : 71.9, unit: "%" },
    "log10-nfa": { value: low ? 1.3 : -212.4 },
    "null-inliers": { value: 8 },
    overlap: { value: low ? 22.1 : 83.2, unit: "%" },
    "ncc-before": { value: 0.104 },
    "ncc-after": { value: low ? 0.098 : 0.971 },
    "nmi-before": { value: 1.021 },
    "nmi-after": { value: low ? 1.022 : 1.412 },
    rotation: { value: 12, unit: "deg" },
    "sobel-agreement": { value: 0.44 },
  };
  const reasons: Diagnostic[] =
    status === "accepted"
      ? []
      : status === "suspect"
        ? [
            warning(
              "low-coverage",
              "Tie points cover 31 % of the image; at least 40 % is expected",
              "Raise max-keypoints, or use match/structure for the empty parts.",
            ),
          ]
        : [
            problem(
              "chance",
              "9 tie points agree, but 8 agree by chance on images that cannot match",
              "Check that both files show the same object; look at them side by side.",
            ),
            problem(
              "no-gain",
              "Correlation did not rise (0.104 before, 0.098 after)",
              "Try use: match/mutual-information for images of different kinds.",
            ),
          ];
  return { status, reasons, metrics, stopped: low ? "too-few-inliers" : "converged" };
}

/** A plain grid of the sample's size, for tests that need one. */
export const sampleGrid = pixelGrid(512, 384);
