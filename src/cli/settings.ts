import { basename, dirname, join, resolve } from "node:path";
import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import { parseQuantity } from "../core/quantity.js";
import { parseText, withoutMark } from "../pipeline/document.js";
import { plain } from "../pipeline/node.js";
import { didYouMean } from "../pipeline/suggest.js";
import type { CacheMode } from "../run/options.js";
import { CommandFailure, exit } from "./exit.js";
import { readText } from "./load.js";

/** What belongs to a machine and not to a pipeline; never part of a result. */
export interface MachineSettings {
  readonly jobs?: number;
  readonly memory?: number;
  readonly cache?: CacheMode;
  readonly store?: string;
}

export const cacheModes = ["rw", "r", "w", "off"] as const satisfies readonly CacheMode[];
const keys = ["jobs", "memory", "cache", "store"] as const;

/** Reads a profile: a YAML file with `jobs`, `memory`, `cache` and `store`. */
export async function readProfile(path: string): Promise<MachineSettings> {
  const text = await readText(path);
  if (!text.ok) throw new CommandFailure(exit.inputMissing, text.diagnostics);
  const clean = withoutMark(text.value);
  const parsed = parseText(path, clean, "pipeline");
  if (!parsed.ok) throw new CommandFailure(exit.wrongUsage, parsed.diagnostics, new Map([[path, clean]]));
  const profile = asProfile(plain(parsed.value.root), path);
  if (!profile.ok) throw new CommandFailure(exit.wrongUsage, profile.diagnostics);
  return profile.value;
}

function asProfile(value: unknown, path: string): Result<MachineSettings> {
  const wrong = (message: string, hint?: string) => failed(problem("bad-profile", `${path}: ${message}`, hint));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return wrong("expected a map", `Write lines such as "jobs: 4" and "memory: 8 GB".`);
  }
  const map = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(map).find((key) => !keys.some((k) => k === key));
  if (unknown !== undefined) return wrong(`there is no setting "${unknown}".${didYouMean(unknown, keys)}`);
  const { jobs, memory, cache, store } = map;
  if (jobs !== undefined && !(typeof jobs === "number" && Number.isInteger(jobs) && jobs >= 1 && jobs <= 1024)) {
    return wrong("expected a whole number from 1 to 1024 for jobs");
  }
  const bytes = memory === undefined ? undefined : parseQuantity(String(memory), "bytes");
  if (bytes && !bytes.ok) return wrong(`memory: ${bytes.diagnostics[0]!.message}`);
  const mode = cacheModes.find((m) => m === cache);
  if (cache !== undefined && mode === undefined) return wrong(`expected one of ${cacheModes.join(", ")} for cache`);
  if (store !== undefined && typeof store !== "string") return wrong("expected the path of a folder for store");
  return ok({
    ...(jobs === undefined ? {} : { jobs }),
    ...(bytes?.ok ? { memory: bytes.value } : {}),
    ...(mode === undefined ? {} : { cache: mode }),
    ...(store === undefined ? {} : { store: resolve(dirname(path), store) }),
  });
}

/** The store of a pipeline: TIEPOINT_STORE, or `.tiepoint` beside the file. */
export function storeOf(pipeline: string, profile: MachineSettings = {}): string {
  const { TIEPOINT_STORE } = process.env;
  return profile.store ?? (TIEPOINT_STORE ? resolve(TIEPOINT_STORE) : join(dirname(resolve(pipeline)), ".tiepoint"));
}

const stem = (pipeline: string): string => basename(pipeline).replace(/\.ya?ml$/i, "");

/** `tiepoint.lock` for `pipeline.yaml`; a pipeline of another name has a lock of that name, so that two can share a folder. */
export function lockOf(pipeline: string): string {
  const name = stem(pipeline);
  return join(dirname(resolve(pipeline)), name === "pipeline" ? "tiepoint.lock" : `${name}.lock`);
}

/** Where the record of the last run of a pipeline is kept, for `plan --why`. */
export const lastRunOf = (pipeline: string, store: string): string => join(store, "runs", `${stem(pipeline)}.json`);
