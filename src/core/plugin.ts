import type { Diagnostic } from "./diagnostic.js";
import type { Image } from "./image.js";
import type { Matches } from "./matches.js";
import type { PointSet } from "./points.js";
import type { Dimension, Length, QuantityTypes } from "./quantity.js";
import type { Registration } from "./registration.js";
import type { Metrics, Verdict } from "./verdict.js";

/** Rows for a CSV file: columns by name, in order, equally long. */
export interface Table {
  readonly columns: Readonly<Record<string, readonly (number | string)[]>>;
  /** What the rows are, where that is more than numbers to print: the report draws it. */
  readonly meaning?: TableMeaning;
}

/** Columns of each: `src/core/tile-tables.ts`, `src/core/slice-tables.ts`, `src/core/slice-bends.ts`. */
export type TableMeaning =
  | "tile-layout"
  | "tile-positions"
  | "tile-edges"
  | "tile-seams"
  | "slice-transforms"
  | "slice-pairs"
  | "slice-bends";

/** A file on disk. Its digest is its key; the path only says where the bytes are. */
export interface FileRef {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A trained file, with its format's name and version. */
export interface Model {
  readonly format: string;
  readonly data: Uint8Array;
}

/** What may travel on a port. */
export interface PortTypes {
  readonly image: Image;
  readonly points: PointSet;
  readonly matches: Matches;
  readonly transform: Registration;
  readonly table: Table;
  readonly metrics: Metrics;
  readonly model: Model;
  readonly file: FileRef;
}
export type PortType = keyof PortTypes;

/** `image`; `image?` may be left out; `image[]` is an ordered map from item id to value. */
export type Port = PortType | `${PortType}?` | `${PortType}[]`;
export type PortValue<P extends Port> = P extends `${infer T extends PortType}[]`
  ? ReadonlyMap<string, PortTypes[T]>
  : P extends `${infer T extends PortType}?`
    ? PortTypes[T] | undefined
    : P extends PortType
      ? PortTypes[P]
      : never;
export type Ports = Readonly<Record<string, Port>>;
export type Values<P extends Ports> = { readonly [K in keyof P]: PortValue<P[K]> };

export interface ParsedPort {
  readonly type: PortType;
  readonly list: boolean;
  readonly optional: boolean;
}

export function parsePort(port: Port): ParsedPort {
  const list = port.endsWith("[]");
  const optional = port.endsWith("?");
  return { type: port.replace(/(\[\]|\?)$/, "") as PortType, list, optional };
}

/**
 * What a parameter may be: a small subset of JSON Schema, plus `unit`.
 *
 * A parameter without `default` is required, unless it says `optional`. With `unit` the user writes a text such as `3 px`
 * and TypeScript gets a `Length`, radians, a fraction or bytes; `minimum` and `maximum` then hold for that number.
 */
export type ParamSchema = { readonly description: string; readonly optional?: true } & (
  | {
      readonly type: "number" | "integer";
      readonly minimum?: number;
      readonly maximum?: number;
      readonly default?: number;
    }
  | {
      readonly type: "number";
      readonly unit: Dimension;
      readonly minimum?: number;
      readonly maximum?: number;
      readonly default?: string;
    }
  | { readonly type: "string"; readonly enum?: readonly string[]; readonly default?: string }
  | { readonly type: "boolean"; readonly default?: boolean }
  | {
      readonly type: "array";
      readonly items: ParamSchema;
      readonly minItems?: number;
      readonly maxItems?: number;
      readonly default?: readonly unknown[];
    }
);

type BareValue<S> = S extends { readonly unit: infer D extends Dimension }
  ? QuantityTypes[D]
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly type: "number" | "integer" }
      ? number
      : S extends { readonly type: "string" }
        ? string
        : S extends { readonly type: "boolean" }
          ? boolean
          : S extends { readonly type: "array"; readonly items: infer I }
            ? readonly BareValue<I>[]
            : never;
export type ParamValue<S> = S extends { readonly optional: true } ? BareValue<S> | undefined : BareValue<S>;
export type ParamSchemas = Readonly<Record<string, ParamSchema>>;
export type Params<P> = { readonly [K in keyof P]: ParamValue<P[K]> };
export type { Length };

export type Kind =
  | "read"
  | "write"
  | "preprocess"
  | "detect"
  | "match"
  | "estimate"
  | "warp"
  | "stitch"
  | "stack"
  | "geo"
  | "change"
  | "landmarks"
  | "measure";

/** Where a result came from, for files that carry it. No clock and no absolute path: same run, same bytes. */
export interface Provenance {
  readonly tiepoint: string;
  readonly pipeline: string;
  /** Every input file that the written value depends on. */
  readonly inputs: readonly { readonly name: string; readonly file: string; readonly sha256: string }[];
  /** The steps that led here, in order. */
  readonly steps: readonly { readonly step: string; readonly plugin: string; readonly params: unknown }[];
}

/** What a plugin may reach besides its inputs. There is no clock, no Math.random and no working directory. */
export interface Context {
  readonly signal: AbortSignal;
  /** Uniform in [0, 1), from the step's seed: the same sequence in every run. */
  readonly random: () => number;
  /** Bytes that the step may hold at one time. */
  readonly memory: number;
  /** Tells how far the step is, from 0 to 1. Shown, never stored. */
  progress(fraction: number): void;
  /** `write` plugins only: the file to fill. It is moved to its place when the plugin returns. */
  readonly target?: string;
  /** `write` plugins only. */
  readonly provenance?: Provenance;
}

/** The outcome of a run: port values, with numbers for gates, the verdict of an estimate, and notes for the reader. */
export type Outcome<Out extends Ports> =
  | {
      readonly ok: true;
      readonly value: Values<Out>;
      readonly metrics?: Metrics;
      readonly verdict?: Verdict;
      readonly notes?: readonly Diagnostic[];
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** File formats that a `read` or `write` plugin is for. */
export interface FileFormats {
  /** Lower case, with the dot; the longest match wins: ".ome.tif" before ".tif". */
  readonly extensions: readonly string[];
  /** First bytes in hexadecimal, any of which identifies the format whatever the file is called. */
  readonly magic?: readonly string[];
}

/**
 * A plugin: a pure function with a manifest. The manifest gives types, schema, help and documentation.
 *
 * A step that gives an `image` is lazy: its `run` builds the image, is called in every worker that needs it, and must be
 * cheap; pixels are computed in `read`.
 */
export interface Plugin<P extends ParamSchemas, In extends Ports, Out extends Ports> {
  readonly kind: Kind;
  readonly name: string;
  /** Goes into every cache key: raise it whenever the same inputs can give other outputs. */
  readonly version: string;
  readonly summary: string;
  /** Sources of the method, `doi:` first where there is one. */
  readonly cite?: readonly string[];
  readonly formats?: FileFormats;
  readonly params: P;
  readonly inputs: In;
  /** The first is what a bare step name refers to. */
  readonly outputs: Out;
  /**
   * The outcome has a verdict, which must be `accepted` unless the pipeline asks for less. So it is with every plugin that
   * gives a transform, whatever it says here.
   */
  readonly judged?: true;
  /**
   * The pixels of its images are stored, as with `keep: true`: for a step that looks at all its inputs to make a small image.
   * Its `run` need not be cheap then.
   */
  readonly keeps?: true;
  run(inputs: Values<In>, params: Params<P>, context: Context): Promise<Outcome<Out>>;
}

// biome-ignore lint/suspicious/noExplicitAny: a plugin of unknown manifest; the engine checks values against the manifest.
export type AnyPlugin = Plugin<any, any, any>;

/** Checks the manifest's types and infers those of `run`; returns its argument. */
export function definePlugin<const P extends ParamSchemas, const In extends Ports, const Out extends Ports>(
  plugin: Plugin<P, In, Out>,
): Plugin<P, In, Out> {
  return plugin;
}

/** What `use:` says: `kind/name`, or the kind alone where the name is the same (`warp`). */
export const pluginId = (plugin: Pick<AnyPlugin, "kind" | "name">): string =>
  plugin.kind === plugin.name ? plugin.kind : `${plugin.kind}/${plugin.name}`;

/** Plugins by id, loaded when first asked for. */
export interface Registry {
  readonly ids: readonly string[];
  load(id: string): Promise<AnyPlugin | undefined>;
}

/** `maxKeypoints` in TypeScript is `max-keypoints` in YAML. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
export const camel = (name: string): string => name.replace(/-([a-z0-9])/g, (_, c: string) => c.toUpperCase());
