import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { type Diagnostic, DiagnosticError, problem, warning } from "../core/diagnostic.js";
import type { Image } from "../core/image.js";
import { type AnyPlugin, type Context, type Port, parsePort, pluginId } from "../core/plugin.js";
import { seededRandom } from "../core/random.js";
import type { ImageSummary } from "../core/record.js";
import type { Registration } from "../core/registration.js";
import type { Metrics, Verdict } from "../core/verdict.js";
import { KernelMemoryError } from "../kernel/memory.js";
import { diskError, guarded, makeFolder, moveIntoPlace, tempBeside } from "./disk.js";
import { digestOutput } from "./files.js";
import { tilesOf } from "./kept.js";
import { storeBlocks } from "./kept-blocks.js";
import { pluginParams } from "./params.js";
import type { JobResult, TaskEnvelope } from "./protocol.js";
import { type Action, MissingValueError, type Store, type StoredOutput } from "./store.js";
import { isFolder, moveFolderIntoPlace } from "./tree.js";
import { encodeValue, isImage } from "./value.js";
import { inFile, type Values } from "./values.js";

export interface Execution {
  readonly store: Store;
  readonly values: Values;
  readonly signal: AbortSignal;
  progress(fraction: number): void;
  /** Fails when the plugin lost a rejected promise: what it gave may lack something. */
  settled(): Promise<void>;
}

/** Does one task: reads its inputs, runs the plugin, stores what came out, and says so last. */
export async function execute(
  task: TaskEnvelope,
  { store, values, signal, progress, settled }: Execution,
): Promise<JobResult> {
  values.begin();
  const plugin = await values.plugin(task.plugin);
  if (plugin.version !== task.version) {
    throw new Error(
      `Internal error: ${task.plugin} is version ${plugin.version} here, but was planned as ${task.version}`,
    );
  }
  const temp = task.target === undefined ? undefined : tempBeside(task.target);
  const context: Context = {
    signal,
    random: seededRandom(task.seed),
    memory: task.memory,
    progress,
    ...(temp === undefined ? {} : { target: temp }),
    ...(task.provenance === undefined ? {} : { provenance: task.provenance }),
  };
  try {
    if (temp !== undefined) guarded(temp, () => makeFolder(dirname(temp)));
    const inputs: Record<string, unknown> = {};
    for (const [port, ref] of Object.entries(task.inputs)) inputs[port] = await values.input(ref);
    const outcome = await plugin.run(inputs, pluginParams(plugin.params, task.params), context);
    if (!outcome.ok) return { type: "failed", diagnostics: inFile(outcome.diagnostics, values.nameOf(task)) };
    await settled();
    signal.throwIfAborted();

    const origin = { key: task.key, plugin: task.plugin, params: task.params, seed: task.seed, inputs: task.inputs };
    const given = values.adopt(origin, outcome.value ?? {});
    const outputs: StoredOutput[] = [];
    for (const [port, declared] of Object.entries(plugin.outputs as Record<string, Port>)) {
      const output = await storeOutput(port, declared, given[port], { plugin, keep: task.keep, store, signal });
      if (output) outputs.push(output);
    }
    const changes = values.changes();
    if (changes.length > 0) return { type: "failed", diagnostics: changes };
    if (temp !== undefined) outputs.push(deliver(temp, task.target!, plugin));

    const verdict = outcome.verdict ?? verdictIn(given);
    const action: Action = {
      format: "tiepoint/action",
      version: 1,
      key: task.key,
      plugin: task.plugin,
      pluginVersion: task.version,
      summary: plugin.summary,
      ...(plugin.cite === undefined ? {} : { cite: plugin.cite }),
      params: task.params,
      seed: task.seed,
      inputs: task.inputs,
      outputs,
      metrics: finite({ ...metricsIn(plugin, given), ...verdict?.metrics, ...outcome.metrics }),
      ...(verdict === undefined ? {} : { verdict: { ...verdict, metrics: finite(verdict.metrics) } }),
      notes: outcome.notes ?? [],
    };
    const before = store.action(task.key);
    const differs = before !== undefined && !isSameResult(before, action);
    store.putAction(action);
    return differs
      ? { type: "done", action: { ...action, notes: [...action.notes, otherwise(task.plugin)] } }
      : { type: "done", action };
  } finally {
    if (temp !== undefined) rmSync(temp, { force: true, recursive: true });
  }
}

const isSameResult = (a: Action, b: Action): boolean =>
  JSON.stringify([a.outputs, a.metrics, a.verdict]) === JSON.stringify([b.outputs, b.metrics, b.verdict]);

const otherwise = (plugin: string): Diagnostic =>
  warning(
    "not-deterministic",
    `${plugin} gave another result than before, from the same inputs and parameters`,
    "This is a bug of the plugin: please report it. Both results are in the store.",
  );

interface Storing {
  readonly plugin: AnyPlugin;
  readonly keep: boolean;
  readonly store: Store;
  readonly signal: AbortSignal;
}

async function storeOutput(
  port: string,
  declared: Port,
  value: unknown,
  { plugin, keep, store, signal }: Storing,
): Promise<StoredOutput | undefined> {
  const { type, list, optional } = parsePort(declared);
  if (value === undefined || value === null) {
    if (optional) return undefined;
    throw new Error(`Internal error: ${plugin.kind}/${plugin.name} gave nothing for its output ${port}`);
  }
  const mark = list ? ({ list: true } as const) : {};
  if (type !== "image") return { port, type, ...mark, ...store.put(encodeValue(value)) };
  if (list) return { port, type, ...mark, digest: "" };
  if (!isImage(value)) throw new Error(`Internal error: ${plugin.kind}/${plugin.name} gave no image for ${port}`);
  const image = summaryOf(value, plugin);
  if (!keep) return { port, type, digest: value.recipe?.key ?? "", image };
  const pixels =
    (await storeBlocks(value, `${pluginId(plugin)}@${plugin.version}`, store, signal)) ??
    (await store.putPieces(tilesOf(value, signal)));
  return { port, type, digest: value.recipe?.key ?? "", image, pixels };
}

function summaryOf(image: Image, plugin: AnyPlugin): ImageSummary {
  const { grid, dtype, bands, meaning, nodata } = image;
  const isSize = (n: number) => Number.isInteger(n) && n > 0;
  if (!isSize(grid.width) || !isSize(grid.height) || bands.length === 0) {
    throw new Error(
      `Internal error: ${plugin.kind}/${plugin.name} gave an image of ${grid.width} x ${grid.height} with ${bands.length} bands`,
    );
  }
  // A NaN does not survive JSON, and means "no observation" without being said.
  return { grid, dtype, bands, meaning, ...(nodata === undefined || !Number.isFinite(nodata) ? {} : { nodata }) };
}

function deliver(temp: string, target: string, plugin: AnyPlugin): StoredOutput {
  const made = digestOutput(temp);
  if (!made.ok) throw new Error(`Internal error: ${plugin.kind}/${plugin.name} wrote no file`);
  if (isFolder(temp)) moveFolderIntoPlace(temp, target, "output");
  else moveIntoPlace(temp, target, "output");
  return { port: "file", type: "file", digest: made.value.sha256, bytes: made.value.bytes };
}

/** Metrics on ports of type metrics: a gate may ask for them too. */
function metricsIn(plugin: AnyPlugin, outputs: Readonly<Record<string, unknown>>): Metrics {
  const ports = Object.entries(plugin.outputs as Record<string, Port>).filter(([, port]) => port === "metrics");
  return Object.assign({}, ...ports.map(([port]) => outputs[port]));
}

function verdictIn(outputs: Readonly<Record<string, unknown>>): Verdict | undefined {
  return Object.values(outputs)
    .map((value) => (value as Partial<Registration> | undefined)?.verdict)
    .find((verdict) => verdict !== undefined);
}

/** Numbers that are not finite say nothing that a gate or a reader could use. */
const finite = (metrics: Metrics): Metrics =>
  Object.fromEntries(Object.entries(metrics).filter(([, metric]) => Number.isFinite(metric.value)));

/** Turns what a task threw into its result. */
export function resultOfThrown(error: unknown, aborted: boolean, what: string): JobResult {
  if (aborted) return { type: "aborted" };
  if (error instanceof MissingValueError) return { type: "missing", key: error.key };
  return { type: "failed", diagnostics: diagnosticsOf(error, what) };
}

const MB = 1e6;
/** 32-bit addresses end here. */
const KERNEL_MAX = 4e9;

export function diagnosticsOf(error: unknown, what: string): readonly Diagnostic[] {
  const told = diskError(error, (error as { path?: string } | undefined)?.path ?? what);
  if (told instanceof DiagnosticError) return told.diagnostics;
  if (error instanceof KernelMemoryError) {
    const mb = (bytes: number) => `${Math.ceil(bytes / MB)} MB`;
    return [
      problem(
        "memory-exceeded",
        `${what} needs ${mb(error.wanted)} beside ${mb(error.used)} in use, but the run may use ${mb(error.limit)}`,
        error.limit < KERNEL_MAX
          ? "Give more with --memory, run fewer tasks at a time with --jobs 1, or work at a coarser level (preprocess/rescale)."
          : "Kernels cannot use more than 4 GB, whatever --memory says: work at a coarser level (preprocess/rescale), or on a part (preprocess/crop).",
      ),
    ];
  }
  const message = error instanceof Error ? error.message : String(error);
  const text = message.startsWith("Internal error") ? message : `Internal error: ${message}`;
  return [
    problem("internal-error", `${text} (in ${what})`, "This is a bug of Tiepoint or of the plugin: please report it."),
  ];
}
