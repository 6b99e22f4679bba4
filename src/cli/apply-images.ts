import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { registry } from "../../plugins/index.js";
import type { RunRecord } from "../core/record.js";
import type { Registration } from "../core/registration.js";
import { invert } from "../core/transform.js";
import { formatTransformFile } from "../core/transform-json.js";
import { loadPlan } from "../pipeline/load.js";
import type { Origin } from "./apply-points.js";
import { executePlan } from "./execute.js";
import { CommandFailure, exit } from "./exit.js";
import { readText } from "./load.js";
import type { Terminal } from "./terminal.js";

export interface ImageJob {
  /** Absolute. */
  readonly file: string;
  readonly target: string;
}

export interface ImageOptions {
  readonly from: Origin;
  readonly labels: boolean;
  /** Absolute path of an image that gives the grid. */
  readonly like?: string;
  readonly interpolation?: string;
  readonly jobs?: number;
  readonly memory?: number;
  readonly progress: "auto" | "tty" | "plain" | "json" | "none";
}

/**
 * Warps images of one side of a registration onto the other, by a pipeline that is made for it and leaves nothing behind.
 *
 * @throws CommandFailure when the pipeline cannot be made: no reader or writer for an extension, for example
 */
export async function applyToImages(
  registration: Registration,
  jobs: readonly ImageJob[],
  options: ImageOptions,
  terminal: Terminal,
): Promise<RunRecord> {
  const folder = mkdtempSync(join(tmpdir(), "tiepoint-apply-"));
  // Names of outputs mean something in a pipeline (braces do); the files get their own names when all is done.
  const staged = jobs.map(({ target }, i) => ({
    target,
    path: join(dirname(target), `.tiepoint-${process.pid}-apply-${i}${extension(target)}`),
  }));
  try {
    const transform = join(folder, "transform.json");
    writeFileSync(
      transform,
      formatTransformFile({ registration: pulling(registration, options.from), fixed: {}, moving: {} }),
    );
    const text = pipelineText(
      transform,
      jobs,
      staged.map(({ path }) => basename(path)),
      options,
    );
    const file = "apply";
    const loaded = await loadPlan({
      file,
      text,
      // All targets lie in one folder.
      outDir: dirname(jobs[0]!.target),
      registry: registry(),
      readText,
      listFiles: async () => ({ ok: true, value: [] }),
      env: {},
    });
    if (!loaded.ok) {
      // Places in a text that nobody wrote help nobody.
      throw new CommandFailure(
        exit.wrongUsage,
        loaded.diagnostics.map(({ at: _, related: __, ...rest }) => rest),
      );
    }
    const record = await executePlan(loaded.value, {
      terminal,
      progress: options.progress,
      resume: "the same command again",
      silentNotes: true,
      run: {
        storeDir: join(folder, "store"),
        cache: "off",
        ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
        ...(options.memory === undefined ? {} : { memory: options.memory }),
      },
    });
    if (record.exit === exit.done) for (const { path, target } of staged) renameSync(path, target);
    return record;
  } finally {
    for (const { path } of staged) rmSync(path, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The registration whose fixed side the images shall be brought to. */
function pulling(registration: Registration, from: Origin): Registration {
  const { verdict: _, ...rest } = registration;
  if (from === "moving") return rest;
  const { fixed, moving } = rest;
  return {
    transform: invert(rest.transform),
    ...(moving ? { fixed: moving } : {}),
    ...(fixed ? { moving: fixed } : {}),
  };
}

/** The extension that decides the writer, with `.ome` before it where it is there. */
const extension = (file: string): string => /(\.ome)?\.[^./\\]*$/i.exec(file)?.[0] ?? "";

function pipelineText(
  transform: string,
  jobs: readonly ImageJob[],
  names: readonly string[],
  options: ImageOptions,
): string {
  const { like, labels, interpolation } = options;
  const kind = labels ? ", kind: labels" : "";
  const extra = `${like === undefined ? "" : ", like: like"}${interpolation === undefined || labels ? "" : `, interpolation: ${interpolation}`}`;
  const quoted = (path: string) => JSON.stringify(path.replaceAll("${", () => "$${"));
  return [
    "tiepoint: 1",
    "name: apply",
    "inputs:",
    `  transform: { file: ${quoted(transform)}, use: read/transform }`,
    ...(like === undefined ? [] : [`  like: ${quoted(like)}`]),
    ...jobs.map(({ file }, i) => `  image-${i}: { file: ${quoted(file)}${kind} }`),
    "steps:",
    ...jobs.map((_, i) => `  warped-${i}: { use: warp, in: image-${i}, transform: transform${extra} }`),
    "outputs:",
    ...names.map((name, i) => `  ${quoted(name)}: warped-${i}`),
    "",
  ].join("\n");
}
