import type { Diagnostic, Place } from "../core/diagnostic.js";
import type { AnyPlugin, ParsedPort, PortType } from "../core/plugin.js";
import type { ParamOrigin } from "../core/record.js";
import type { Entry, MapNode, ScalarNode } from "./node.js";
import type { Gate } from "./task.js";

/** Plugins that a pipeline may name; those that it does name, and all readers and writers, are loaded. */
export interface PluginSet {
  readonly ids: readonly string[];
  readonly loaded: ReadonlyMap<string, AnyPlugin>;
}

/** A name as written where a port wants a value: `affine`, `tile.flat`, `pair.a`. */
export interface Reference {
  readonly text: string;
  readonly at: Place;
}

/** A port with what is written for it. */
export interface PortUse {
  /** As in the manifest, camelCase. */
  readonly port: string;
  readonly type: ParsedPort;
  readonly references: readonly Reference[];
  /** Written as a YAML list, each element one value. */
  readonly listed: boolean;
}

/** A plugin with everything that is written for it, checked against its manifest. */
export interface Bound {
  readonly id: string;
  readonly plugin: AnyPlugin;
  readonly ports: readonly PortUse[];
  /** Kebab-case, defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<string, ParamOrigin>>;
  /** Extra files of a reader, by port: paths as written. */
  readonly files: Readonly<Record<string, ScalarNode>>;
}

export type OnFail = "stop" | "skip" | "warn";

export interface StepSpec {
  readonly kind: "step";
  readonly name: string;
  readonly at: Place;
  readonly bound: Bound;
  readonly gates: readonly Gate[];
  readonly onFail?: OnFail;
  readonly keep: boolean;
  readonly seed?: number;
}

/** What a block runs over. */
export interface EachSpec {
  readonly kind: "items" | "neighbours" | "consecutive" | "pairs-within";
  readonly of: Reference;
  /** `pairs-within`: how far apart two items may be, in places. */
  readonly range: number;
  readonly at: Place;
}

export interface BlockSpec {
  readonly kind: "block";
  readonly name: string;
  readonly at: Place;
  readonly each: EachSpec;
  readonly steps: ReadonlyMap<string, StepSpec | BlockSpec>;
  readonly onFail?: OnFail;
}

/** A comparison of `where:`. */
export interface Condition {
  readonly field: string;
  readonly operator: Gate["operator"];
  readonly value: string;
  readonly at: Place;
}

interface InputBase {
  readonly name: string;
  readonly at: Place;
  /** `use:` of the reader, when the extension shall not decide. */
  readonly use?: ScalarNode;
  /** Ports and parameters of the reader; checked when the reader is known. */
  readonly settings: ReadonlyMap<string, Entry>;
  /** `points:`, points of the input's images. */
  readonly points?: PointsSpec;
}

/** Points of an input's image, or of the images of its items: a file, whose name may have `{field}` places. */
export interface PointsSpec {
  readonly at: Place;
  readonly file: ScalarNode;
  readonly use?: ScalarNode;
  readonly settings: ReadonlyMap<string, Entry>;
}

/** One input: a file, or a collection of items with a file each. */
export type InputSpec = InputBase &
  (
    | {
        readonly kind: "file";
        readonly file: ScalarNode;
        /** `optional: true`: where the file's name is empty, the input is absent, and so is what optional ports take from it. */
        readonly optional?: "given" | "absent";
      }
    | {
        readonly kind: "all" | "table" | "list";
        /** The pattern, the table's path, or nothing for a list. */
        readonly source?: ScalarNode;
        readonly list: readonly ScalarNode[];
        readonly where: readonly Condition[];
        readonly expect?: { readonly count: number; readonly at: Place };
        /** Template for item ids. */
        readonly id?: ScalarNode;
      }
  );

export interface OutputSpec {
  /** The file as written, parameters put in. */
  readonly file: string;
  readonly at: Place;
  readonly from: Reference;
  readonly use?: ScalarNode;
  readonly settings: ReadonlyMap<string, Entry>;
}

/** A whole pipeline, read and typed, before names are looked up and collections are read. */
export interface Spec {
  readonly name: string;
  readonly about?: string;
  readonly file: string;
  readonly seed: number;
  readonly env: Readonly<Record<string, string>>;
  readonly plugins: readonly string[];
  readonly inputs: ReadonlyMap<string, InputSpec>;
  readonly steps: ReadonlyMap<string, StepSpec | BlockSpec>;
  readonly outputs: readonly OutputSpec[];
  /** Names of inputs and steps that could not be read. */
  readonly broken: ReadonlySet<string>;
  /** `defaults:`, for readers and writers, which are chosen later. */
  readonly defaults: ReadonlyMap<string, MapNode>;
}

/** Words of messages: `an image`, `a set of matches`, `a list of images`. */
export function typeWords(type: PortType, list = false): string {
  const many: Readonly<Record<PortType, readonly [string, string]>> = {
    image: ["an image", "images"],
    points: ["a set of points", "sets of points"],
    matches: ["a set of matches", "sets of matches"],
    transform: ["a transform", "transforms"],
    table: ["a table", "tables"],
    metrics: ["a set of metrics", "sets of metrics"],
    model: ["a model", "models"],
    file: ["a file", "files"],
  };
  const [one, more] = many[type];
  return list ? `a list of ${more}` : one;
}

/** What a reading function needs everywhere. */
export interface Reading {
  readonly plugins: PluginSet;
  readonly defaults: ReadonlyMap<string, MapNode>;
  readonly found: Diagnostic[];
  /** Names of inputs and steps that could not be read, wherever they stand: references to them are not told again. */
  readonly broken: Set<string>;
}
