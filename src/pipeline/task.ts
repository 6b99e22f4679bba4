import type { Place } from "../core/diagnostic.js";
import type { PortType } from "../core/plugin.js";
import type { ParamOrigin } from "../core/record.js";

/** One comparison of a step's `require:`. */
export interface Gate {
  readonly metric: string;
  /** As written: ">= 20", "<= 2 px". */
  readonly comparison: string;
  readonly operator: "<" | "<=" | ">" | ">=" | "==" | "!=";
  /** A number in the unit given; verdict gates compare `accepted` > `suspect` > `rejected`. */
  readonly value: number | "accepted" | "suspect" | "rejected";
  readonly unit?: string;
  readonly at: Place;
}

/** Where a port's value comes from: one output of an earlier task, or an ordered list of them by item id. */
export type Source =
  | { readonly task: number; readonly port: string }
  | { readonly items: readonly (readonly [id: string, source: { readonly task: number; readonly port: string }])[] };

/**
 * One unit of work: a step for one item. Tasks are plain data in topological order; sources point to smaller indices.
 *
 * Reading an input and writing an output are tasks like any other (`read/…`, `write/…`).
 */
export interface Task {
  /** `affine`, or `scene[S2A].shift` inside a block; `input:fixed`, `output:results/a.tif` for files. */
  readonly id: string;
  readonly step: string;
  readonly item?: string;
  readonly plugin: string;
  readonly version: string;
  /** Kebab-case, quantities as written, defaults filled in. This enters the key. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<string, ParamOrigin>>;
  readonly seed: number;
  readonly inputs: Readonly<Record<string, Source>>;
  readonly outputs: Readonly<Record<string, PortType>>;
  /** Read tasks: port name to absolute path. The bytes' digest enters the key, the path does not. */
  readonly files?: Readonly<Record<string, string>>;
  /** Write tasks: absolute path of the output, and as written. */
  readonly target?: { readonly path: string; readonly name: string };
  readonly gates: readonly Gate[];
  readonly onFail: "stop" | "skip" | "warn";
  /** Lazy images: store the pixels too, so that later runs need not compute them. */
  readonly keep: boolean;
  readonly at: Place;
}

/** What a pipeline file means: every task, checked and in order. Nothing has been run or read but the file itself. */
export interface Plan {
  readonly name: string;
  readonly about?: string;
  /** Path of the pipeline file, as given. */
  readonly file: string;
  /** Text of every file that places point into. */
  readonly texts: ReadonlyMap<string, string>;
  readonly tasks: readonly Task[];
  /** Path of the HTML report, when `outputs:` asks for one. */
  readonly report?: { readonly path: string; readonly name: string };
  /** Module specifiers of plugins that `plugins:` names, resolved to absolute paths or package names. */
  readonly plugins: readonly string[];
  /** Declared environment variables and their values; they enter every key. */
  readonly env: Readonly<Record<string, string>>;
}
