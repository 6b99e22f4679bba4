// Runs our own command line, as a user would, and reads what it says of itself.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measure } from "./measure.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const tiepoint = [process.execPath, join(root, "bin", "tiepoint.js")];

/** `tiepoint run` on a pipeline given as text, nothing cached. Gives figures, the run's record, and the output folder. */
export async function runPipeline(text, scratch, name, more = []) {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "pipeline.yaml");
  writeFileSync(file, text);
  const got = await measure([...tiepoint, "run", file, "--out", folder, "--cache", "off", "--json", ...more], {
    cwd: folder,
    scratch,
  });
  // Refused (3) is a result; anything else that is not 0 is told with the first thing that the run says.
  if (got.exit !== 0 && got.exit !== 3) throw new Error(`exit ${got.exit}: ${got.stderr.trim().slice(0, 300)}`);
  const record = JSON.parse(got.stdout);
  return { ...got, record, folder };
}

/** Seconds of the steps themselves, by the record: reading and writing files are tasks of their own and left out. */
export const stepSeconds = (record) =>
  record.tasks.filter((task) => !/^(read|write)\//.test(task.plugin)).reduce((sum, task) => sum + task.seconds, 0);

/** What each step took, for the eye. */
export const parts = (record) =>
  record.tasks
    .filter((task) => !/^(read|write)\//.test(task.plugin) && task.seconds >= 0.005)
    .map((task) => `${task.step} ${task.seconds.toFixed(2)} s`)
    .join(", ");

/** A transform file's linear map, as nine numbers. */
export function matrixOf(path) {
  const { transform } = JSON.parse(readFileSync(path, "utf8"));
  if (transform.type === "affine") return [...transform.matrix, 0, 0, 1];
  if (transform.type === "projective") return transform.matrix;
  throw new Error(`expected a linear transform in ${path}, but found ${transform.type}`);
}

/** A transform file for a known matrix, nine numbers. */
export function transformFile(path, matrix, grid) {
  const flat = matrix.flat();
  const linear = flat[6] === 0 && flat[7] === 0;
  const transform = linear ? { type: "affine", matrix: flat.slice(0, 6) } : { type: "projective", matrix: flat };
  const place = { grid: { worldFromPixel: [1, 0, 0, 0, 1, 0], crs: "px", ...grid } };
  const file = { format: "tiepoint/transform", version: 1, maps: "fixed-to-moving", unit: "px" };
  writeFileSync(path, JSON.stringify({ ...file, fixed: place, moving: place, transform }, null, 2));
}

export function project(m, x, y) {
  const w = m[6] * x + m[7] * y + m[8];
  return [(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w];
}

/** Root of the mean squared distance between two maps over a lattice of the fixed image: the measure of the peers. */
export function gridError(found, truth, width, height, n = 21) {
  const t = truth.flat();
  let sum = 0;
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      const x = (i * (width - 1)) / (n - 1);
      const y = (j * (height - 1)) / (n - 1);
      const [a, b] = project(found, x, y);
      const [c, d] = project(t, x, y);
      sum += (a - c) ** 2 + (b - d) ** 2;
    }
  }
  return Math.sqrt(sum / (n * n));
}
