import type { MessagePort } from "node:worker_threads";
import type { Diagnostic } from "../core/diagnostic.js";
import type { PortType, Provenance } from "../core/plugin.js";
import type { RunRecord } from "../core/record.js";
import type { SharedKernels } from "../kernel/lane.js";
import type { SeenFile } from "./files.js";
import type { Action, InputRef } from "./store.js";
import type { PortRef } from "./value.js";

/** What a lane is given at birth. */
export interface LaneStart {
  readonly kernels: SharedKernels;
  readonly lane: number;
  readonly port: MessagePort;
  readonly store: { readonly folder: string; readonly layers: readonly string[] };
  /** Module with `registry(extra)`: the catalogue of plugins. */
  readonly catalogueUrl: string;
  /** Modules of the user's plugins, each with a plugin, or a list of them, as default export. */
  readonly pluginUrls: readonly string[];
}

/** One task as plain data: all that a lane, on this machine or another, needs to do it. */
export interface TaskEnvelope {
  readonly key: string;
  readonly plugin: string;
  readonly version: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly inputs: Readonly<Record<string, InputRef>>;
  readonly outputs: Readonly<Record<string, PortType>>;
  readonly keep: boolean;
  /** Bytes that the task may hold. */
  readonly memory: number;
  /** Write tasks: the file to make. */
  readonly target?: string;
  readonly provenance?: Provenance;
}

/** Asks for the report, which is written like an output. */
export interface ReportEnvelope {
  readonly module: string;
  readonly record: RunRecord;
  /** Where the values of the run are: port references by task id. */
  readonly keys: ReadonlyMap<string, string>;
  readonly target: string;
}

export type Job =
  | { readonly type: "task"; readonly task: TaskEnvelope }
  | { readonly type: "digest"; readonly path: string; readonly isOutput?: boolean }
  | { readonly type: "report"; readonly report: ReportEnvelope };

export type JobResult =
  | { readonly type: "done"; readonly action: Action }
  | { readonly type: "digested"; readonly file: SeenFile }
  | { readonly type: "reported"; readonly sha256: string; readonly bytes: number }
  | { readonly type: "failed"; readonly diagnostics: readonly Diagnostic[] }
  /** Something that an earlier action stored is gone or damaged. */
  | { readonly type: "missing"; readonly key: string }
  | { readonly type: "aborted" };

export type ToLane =
  | { readonly type: "job"; readonly id: number; readonly job: Job }
  | { readonly type: "files"; readonly files: readonly SeenFile[] };

export type FromLane =
  | { readonly type: "ready" }
  | { readonly type: "progress"; readonly id: number; readonly fraction: number }
  | { readonly type: "result"; readonly id: number; readonly result: JobResult; readonly peakBytes: number };

export type { PortRef };
