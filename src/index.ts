/**
 * Tiepoint as a library: read pipelines, run them, and use what they find.
 *
 * ```ts
 * import { loadPipeline, runPipeline, readTransform, apply } from "tiepoint";
 *
 * const plan = await loadPipeline("stitch.yaml");
 * if (plan.ok) {
 *   const record = await runPipeline(plan.value);
 *   console.log(record.exit, record.verdict);
 * }
 * ```
 *
 * For plugins there is `tiepoint/plugin`.
 */
import { dirname, join, resolve } from "node:path";
import { catalogueUrl, reportUrl, version } from "./cli/execute.js";
import { CommandFailure } from "./cli/exit.js";
import { load, readText } from "./cli/load.js";
import type { Result } from "./core/diagnostic.js";
import { failed, problem } from "./core/diagnostic.js";
import type { RunEvent, RunRecord } from "./core/record.js";
import type { Registration } from "./core/registration.js";
import { parseTransformFile } from "./core/transform-json.js";
import type { Plan } from "./pipeline/task.js";
import type { RunOptions } from "./run/options.js";
import { runPlan } from "./run/run.js";

export { registry } from "../plugins/index.js";
export { describeTransform, type TransformDescription, transformInWords } from "./core/describe.js";
export type { Diagnostic, Place, Result } from "./core/diagnostic.js";
export { DiagnosticError } from "./core/diagnostic.js";
export { type Affine2, type Crs, type Grid, pixelGrid, toPixel, toWorld, type Window } from "./core/grid.js";
export type { DType, Image, PixelData, Pixels, ReadOptions } from "./core/image.js";
export type { Matches } from "./core/matches.js";
export { type PointSet, type Points, pixelPoints, worldPoints } from "./core/points.js";
export type { RunEvent, RunRecord, TaskRecord } from "./core/record.js";
export type { Registration } from "./core/registration.js";
export { apply, invert, sequence, type Transform } from "./core/transform.js";
export { formatTransformFile, parseTransformFile, type TransformFile } from "./core/transform-json.js";
export type { Metric, Metrics, Verdict, VerdictStatus } from "./core/verdict.js";
export type { Plan, Task } from "./pipeline/task.js";
export { version };

/** A pipeline that was read and checked, with the modules of its own plugins. */
export interface Pipeline {
  readonly plan: Plan;
  readonly pluginUrls: readonly string[];
}

/** What may be changed about a pipeline without changing its file. */
export interface PipelineOptions {
  /** Texts `a.b=c`, as of `--set`. */
  readonly set?: readonly string[];
  /** Paths of parameter files, as of `--params`. */
  readonly params?: readonly string[];
  /** Folder for the outputs. */
  readonly out?: string;
}

/** Reads and checks a pipeline file. Runs nothing but the code of plugins that it names under `plugins:`. */
export async function loadPipeline(file: string, options: PipelineOptions = {}): Promise<Result<Pipeline>> {
  try {
    const loaded = await load({ file, ...options });
    if (!loaded.ok) return loaded;
    return { ok: true, value: { plan: loaded.value, pluginUrls: loaded.pluginUrls } };
  } catch (error) {
    if (error instanceof CommandFailure) return failed(...error.diagnostics);
    throw error;
  }
}

/**
 * Runs a pipeline. What a user, a file or the machine did wrong is told by `exit`, `notes` and the tasks of the record;
 * the promise rejects for bugs alone.
 *
 * @param options  the store is `.tiepoint` beside the pipeline when absent
 * @param onEvent  hears what happens as it happens
 */
export async function runPipeline(
  { plan, pluginUrls }: Pipeline,
  options: Partial<Omit<RunOptions, "catalogueUrl" | "pluginUrls" | "version" | "reportUrl">> = {},
  onEvent: (event: RunEvent) => void = () => undefined,
): Promise<RunRecord> {
  const storeDir = options.storeDir ?? join(dirname(resolve(plan.file)), ".tiepoint");
  const run = runPlan(plan, { ...options, storeDir, catalogueUrl, reportUrl, pluginUrls, version });
  for await (const event of run.events) onEvent(event);
  return run.done;
}

/** Reads a transform file (`transform.json`). */
export async function readTransform(file: string): Promise<Result<Registration>> {
  const text = await readText(file);
  if (!text.ok) return text;
  const parsed = parseTransformFile(text.value);
  if (parsed.ok) return { ok: true, value: parsed.value.registration };
  return failed(...parsed.diagnostics.map((d) => problem(d.code, `${file}: ${d.message}`, d.hint)));
}
