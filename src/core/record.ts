import type { Diagnostic } from "./diagnostic.js";
import type { Grid } from "./grid.js";
import type { DType, Image, Pixels } from "./image.js";
import type { PortType } from "./plugin.js";
import type { Metric, Metrics, Verdict, VerdictStatus } from "./verdict.js";

/** How a task ended. `refused`: it ran, but a gate or its verdict said no. `skipped`: something it needs failed or was refused. */
export type TaskState = "computed" | "cached" | "failed" | "refused" | "skipped";

/** One comparison of `require:`, with what was found. */
export interface GateRecord {
  readonly metric: string;
  readonly comparison: string;
  readonly found?: Metric;
  readonly passed: boolean;
}

/** What a port carried, told in a line: enough for the plan, the record and the report. */
export interface ValueSummary {
  readonly port: string;
  readonly type: PortType;
  /** Digest of the stored value or of the written file; for a lazy image its key. */
  readonly digest: string;
  readonly bytes?: number;
  readonly image?: ImageSummary;
}

/** All of an image but its pixels. */
export interface ImageSummary {
  readonly grid: Grid;
  readonly dtype: DType;
  readonly bands: readonly string[];
  readonly meaning: Image["meaning"];
  readonly nodata?: number;
}

/** How one task came out. Everything but `state`, `seconds` and `peakBytes` is the same on every run. */
export interface TaskRecord {
  /** `affine`, or `scene[S2A].shift` inside a block. */
  readonly id: string;
  readonly step: string;
  readonly item?: string;
  readonly plugin: string;
  readonly version: string;
  /** From the plugin's manifest: what it does in one sentence, and the sources of its method, for the methods text of the report. */
  readonly summary?: string;
  readonly cite?: readonly string[];
  readonly key: string;
  /** As in YAML (kebab-case, with units), defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Where each parameter's value came from. */
  readonly origins: Readonly<Record<string, ParamOrigin>>;
  readonly seed: number;
  /** Port to the ids of the tasks that feed it. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  readonly outputs: readonly ValueSummary[];
  readonly metrics: Metrics;
  readonly verdict?: Verdict;
  readonly gates: readonly GateRecord[];
  readonly notes: readonly Diagnostic[];
  readonly state: TaskState;
  readonly seconds: number;
  readonly peakBytes: number;
}

export type ParamOrigin = "default" | "defaults" | "pipeline" | "extends" | "params-file" | "--set";

/** A whole run: the content of `run.json`, and all that the report is made of besides pictures. */
export interface RunRecord {
  readonly format: "tiepoint/run";
  readonly version: 1;
  readonly tiepoint: string;
  readonly pipeline: { readonly name: string; readonly about?: string; readonly file: string };
  readonly inputs: readonly {
    readonly name: string;
    readonly file: string;
    readonly sha256: string;
    readonly bytes: number;
  }[];
  /** In the order of the plan. */
  readonly tasks: readonly TaskRecord[];
  readonly outputs: readonly {
    readonly file: string;
    readonly from: string;
    readonly sha256: string;
    readonly bytes: number;
  }[];
  /** What is to be said of the run as a whole: why it stopped, how to resume, what differs from the lock file. */
  readonly notes: readonly Diagnostic[];
  /** The worst verdict of the run; absent when no step gives one. */
  readonly verdict?: VerdictStatus;
  readonly exit: number;
  readonly seconds: number;
  readonly machine: {
    readonly node: string;
    readonly platform: string;
    readonly cores: number;
    readonly jobs: number;
    readonly memory: number;
  };
}

/** What the report needs of a run besides its record. */
export interface RunAccess {
  /**
   * The value that an output port carried: `Matches`, `Registration`, … as in core, an `Image` lazy, lists as maps from item id.
   *
   * @returns `undefined` where there is none (the task failed or was skipped, or the value is no longer in the store)
   */
  value(taskId: string, port: string): Promise<unknown>;
  /** Packs uint8 pixels of 1 (gray), 3 (RGB) or 4 (RGBA) bands into a picture file; `quality` from 1 to 100, 80 when absent. */
  encode(pixels: Pixels, format: "jpeg" | "png" | "webp", quality?: number): Promise<Uint8Array>;
}

/** What the module of a report builder exports as `buildReport`: gives the text or bytes of the report. It is called in a worker thread. */
export type BuildReport = (record: RunRecord, access: RunAccess) => Promise<string | Uint8Array>;

/** What happens in a run, as it happens: terminal, record, report and later the UI all follow this one stream. */
export type RunEvent =
  | {
      readonly type: "run.start";
      readonly pipeline: string;
      readonly tasks: number;
      readonly cached: number;
      readonly jobs: number;
      readonly memory: number;
    }
  | { readonly type: "task.start"; readonly id: string; readonly step: string; readonly plugin: string }
  | { readonly type: "task.progress"; readonly id: string; readonly step: string; readonly fraction: number }
  | { readonly type: "task.end"; readonly record: TaskRecord }
  | { readonly type: "gate"; readonly id: string; readonly gate: GateRecord }
  | { readonly type: "note"; readonly id: string; readonly note: Diagnostic }
  | { readonly type: "run.end"; readonly record: RunRecord };
