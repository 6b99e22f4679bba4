import { type AnyPlugin, kebab, type ParamSchema, type ParamSchemas, type Ports, parsePort } from "../core/plugin.js";
import { type Dimension, exampleOf, unitNames } from "../core/quantity.js";
import type { inputKeys } from "./inputs.js";
import type { topKeys } from "./layers.js";
import type { outputKeys } from "./outputs.js";
import { eachKinds, namePattern } from "./steps.js";

/** A draft-07 schema; editors understand nothing newer. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The comment that tells editors which schema a pipeline follows. */
export const schemaModeline = (path: string): string => `# yaml-language-server: $schema=${path}`;

const number = "[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?";
/** A text with a `${param}` in it may become anything; the checker looks again when it has. */
const substitution = { type: "string", pattern: "\\$\\{" } as const;
const reference = {
  type: "string",
  minLength: 1,
  description: "The name of an input or step; NAME.PORT for a second output, BLOCK.STEP for the results of a block.",
} as const;
const about = { type: "string", description: "What this is, for people." } as const;
const seed = { type: "integer", minimum: 0 } as const;

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

function describedBy(text: string, extra: readonly string[] = []): JsonSchema {
  return { description: text, markdownDescription: [text, ...extra].join("\n\n") };
}

/** What a user may write for a parameter. */
export function paramSchema(schema: ParamSchema): JsonSchema {
  const notes = "unit" in schema ? [`A number with a unit, such as \`${exampleOf(schema.unit)}\`.`] : [];
  if ("default" in schema && schema.default !== undefined) notes.push(`Default: \`${JSON.stringify(schema.default)}\``);
  return {
    ...describedBy(schema.description, notes),
    ...("default" in schema && schema.default !== undefined ? { default: schema.default } : {}),
    ...orSubstitution(bareSchema(schema)),
  };
}

function bareSchema(schema: ParamSchema): JsonSchema {
  if ("unit" in schema) return quantity(schema.unit);
  switch (schema.type) {
    case "number":
    case "integer":
      return {
        type: schema.type,
        ...(schema.minimum === undefined ? {} : { minimum: schema.minimum }),
        ...(schema.maximum === undefined ? {} : { maximum: schema.maximum }),
      };
    case "boolean":
      return { type: "boolean" };
    case "string":
      return schema.enum ? { enum: schema.enum } : { type: "string" };
    case "array":
      return {
        type: "array",
        items: orSubstitution(bareSchema(schema.items)),
        ...(schema.minItems === undefined ? {} : { minItems: schema.minItems }),
        ...(schema.maxItems === undefined ? {} : { maxItems: schema.maxItems }),
      };
  }
}

const quantity = (dimension: Dimension): JsonSchema => ({
  type: "string",
  pattern: `^\\s*${number}\\s*(${unitNames(dimension).map(escapePattern).join("|")})\\s*$|\\$\\{`,
});

/** Texts hold a `${param}` as they are; everything else gets it as a second form. */
function orSubstitution(schema: JsonSchema): JsonSchema {
  return schema.type === "string" ? schema : { anyOf: [schema, substitution] };
}

function portSchema(port: ReturnType<typeof parsePort>): JsonSchema {
  const what = port.list ? `A list of ${port.type}s` : `One ${port.type}`;
  const text = `${what}: the name of an input or step.`;
  return port.list
    ? { ...describedBy(text), anyOf: [reference, { type: "array", items: reference }] }
    : { ...reference, ...describedBy(text) };
}

const stepWords: Readonly<Record<string, JsonSchema>> = {
  require: {
    type: "object",
    description: 'Metrics that must hold, such as { inliers: ">= 20" }: otherwise the step is refused.',
    additionalProperties: { type: "string", pattern: "^\\s*(<=|>=|==|!=|<|>)\\s*\\S" },
    properties: {
      verdict: {
        type: "string",
        pattern: "^\\s*(<=|>=|==|!=|<|>)\\s*(accepted|suspect|rejected|\\S*\\$\\{.*)\\s*$",
        description: "The weakest verdict that will do; accepted when nothing is said.",
      },
    },
  },
  "on-fail": {
    enum: ["stop", "skip", "warn"],
    default: "stop",
    description: "When the step fails or is refused: stop the run, skip the item, or warn and go on.",
  },
  keep: { ...orSubstitution({ type: "boolean" }), default: false, description: "Store the pixels too." },
  seed: { ...orSubstitution(seed), description: "Seed of this step, in place of the pipeline's." },
  about,
};

function stepSchema(id: string, plugin: AnyPlugin): JsonSchema {
  const properties: Record<string, JsonSchema> = { use: { const: id, description: plugin.summary }, ...stepWords };
  const required = ["use"];
  for (const [name, schema] of Object.entries(plugin.params as ParamSchemas)) {
    properties[kebab(name)] = paramSchema(schema);
  }
  for (const [name, port] of Object.entries(plugin.inputs as Ports)) {
    const parsed = parsePort(port);
    properties[kebab(name)] = portSchema(parsed);
    if (!parsed.optional) required.push(kebab(name));
  }
  return {
    title: id,
    ...describedBy(
      plugin.summary,
      (plugin.cite ?? []).map((c) => `Source: ${c}`),
    ),
    type: "object",
    properties,
    required,
    additionalProperties: false,
  };
}

/** Parameters and ports of all plugins of a kind in one map: which of them is meant depends on a file's name. */
function unionOf(plugins: readonly AnyPlugin[], skip: (type: string) => boolean): Record<string, JsonSchema> {
  const variants = new Map<string, JsonSchema[]>();
  const add = (name: string, schema: JsonSchema): void => {
    const list = variants.get(name) ?? [];
    if (!list.some((s) => JSON.stringify(s) === JSON.stringify(schema))) list.push(schema);
    variants.set(name, list);
  };
  for (const plugin of plugins) {
    for (const [name, s] of Object.entries(plugin.params as ParamSchemas)) add(kebab(name), paramSchema(s));
    for (const [name, port] of Object.entries(plugin.inputs as Ports)) {
      const parsed = parsePort(port);
      if (!skip(parsed.type) || parsed.optional) add(kebab(name), portSchema(parsed));
    }
  }
  const out: Record<string, JsonSchema> = {};
  for (const [name, list] of [...variants].sort(([a], [b]) => (a < b ? -1 : 1))) {
    out[name] = list.length === 1 ? list[0]! : { description: list[0]!.description, anyOf: list };
  }
  return out;
}

function inputSchema(readers: readonly [string, AnyPlugin][]): JsonSchema {
  const file = { type: "string", minLength: 1, pattern: "^[^*]+$", description: "Path, relative to this file." };
  const words: Record<(typeof inputKeys)[number], JsonSchema> = {
    file,
    all: {
      type: "string",
      pattern: "[*?{]",
      description: "A pattern of files: raw/tile_{row:02}_{col:02}.tif; named fields are read from the names.",
    },
    table: { ...file, description: "A CSV file with a row for each item; its column file names the item's file." },
    list: { type: "array", minItems: 1, items: file, description: "Files, one for each item." },
    where: {
      type: "object",
      description: 'Which items: { date: ">= 2023-06-02" }.',
      additionalProperties: { type: "string", pattern: "^\\s*(<=|>=|==|!=|<|>)\\s*\\S" },
    },
    expect: { ...orSubstitution({ type: "integer", minimum: 1 }), description: "How many items there must be." },
    id: { type: "string", description: 'Names of the items, made of fields: "{row}-{col}".' },
    optional: {
      type: "boolean",
      description: "The input is absent where the file's name is empty; only ports that can be left out take it.",
    },
    points: {
      description: "Points of the image, or of each item's: a file, whose name may have {field} places.",
      anyOf: [
        file,
        {
          type: "object",
          required: ["file"],
          additionalProperties: false,
          properties: {
            ...unionOf(
              readers.map(([, p]) => p).filter((p) => Object.values(p.outputs as Ports)[0] === "points"),
              (t) => t === "file",
            ),
            file,
            use: { enum: readers.map(([id]) => id), description: "The reader, when the extension shall not decide." },
            about,
          },
        },
      ],
    },
    use: { enum: readers.map(([id]) => id), description: "The reader, when the extension shall not decide." },
    about,
  };
  const sources = ["file", "all", "table", "list"];
  const only = (key: string): JsonSchema => ({
    required: [key],
    not: { anyOf: sources.filter((s) => s !== key).map((s) => ({ required: [s] })) },
  });
  return {
    description: "A file, a list of files, or a map that says more.",
    oneOf: [
      file,
      { type: "array", minItems: 1, items: file },
      {
        type: "object",
        properties: {
          ...unionOf(
            readers.map(([, p]) => p),
            (t) => t === "file",
          ),
          ...words,
        },
        additionalProperties: false,
        oneOf: [
          { ...only("file"), properties: { where: false, expect: false, id: false } },
          ...sources.slice(1).map((key) => ({ ...only(key), properties: { optional: false } })),
        ],
      },
    ],
  };
}

function outputSchema(writers: readonly [string, AnyPlugin][]): JsonSchema {
  const words: Record<(typeof outputKeys)[number], JsonSchema> = {
    from: reference,
    use: { enum: writers.map(([id]) => id), description: "The writer, when the extension shall not decide." },
    about,
  };
  return {
    description: "The name of what is written, or a map with from: and parameters of the writer.",
    oneOf: [
      reference,
      {
        type: "object",
        properties: {
          ...unionOf(
            writers.map(([, p]) => p),
            () => true,
          ),
          ...words,
        },
        required: ["from"],
        additionalProperties: false,
      },
    ],
  };
}

const blockSchema: JsonSchema = {
  title: "block",
  description: "Steps that run once for each item of a collection; outside, BLOCK.STEP is the list of results.",
  type: "object",
  properties: {
    each: {
      description: "What the block runs over.",
      oneOf: [
        reference,
        ...eachKinds.slice(0, 2).map((kind) => ({
          type: "object",
          properties: { [kind]: reference },
          required: [kind],
          additionalProperties: false,
        })),
        {
          type: "object",
          properties: {
            "pairs-within": {
              type: "object",
              properties: { of: reference, range: orSubstitution({ type: "integer", minimum: 1 }) },
              required: ["of", "range"],
              additionalProperties: false,
            },
          },
          required: ["pairs-within"],
          additionalProperties: false,
        },
      ],
    },
    steps: { allOf: [{ type: "object" }, { $ref: "#/definitions/steps" }] },
    "on-fail": stepWords["on-fail"],
    about,
  },
  required: ["each", "steps"],
  additionalProperties: false,
};

/**
 * The JSON Schema of pipeline files, for editors: everything that can be known of a file without its data and its other files.
 *
 * One branch for each plugin, chosen by `use:` (`discriminator`), so that a mistake in a step gives messages about that plugin only.
 */
export function pipelineSchema(plugins: ReadonlyMap<string, AnyPlugin>): JsonSchema {
  const all = [...plugins].sort(([a], [b]) => (a < b ? -1 : 1));
  const names = { pattern: namePattern.source, not: { const: "report" } };
  const properties: Record<(typeof topKeys)[number], JsonSchema> = {
    tiepoint: { const: 1, description: "Version of the pipeline language." },
    name: { type: ["string", "number", "boolean"], description: "Name of the pipeline; the file's name when absent." },
    about: { ...about, type: ["string", "number", "boolean"] },
    extends: { type: "string", minLength: 1, description: "A pipeline whose keys hold where this one has none." },
    plugins: {
      type: "array",
      items: { type: "string", not: { pattern: "^[A-Za-z][A-Za-z0-9+.-]*:" } },
      description: "Plugins to load: files relative to this one, or installed packages.",
    },
    env: {
      type: "array",
      items: { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
      description: "Environment variables that $" + "{env.NAME} may read. Their values enter every key.",
    },
    seed: { ...orSubstitution(seed), default: 1, description: "Seed of everything random." },
    params: {
      type: ["object", "null"],
      propertyNames: { pattern: namePattern.source, not: { const: "env" } },
      description: "Values to use as $" + "{NAME}, and to set by --set NAME=VALUE.",
    },
    inputs: {
      type: ["object", "null"],
      propertyNames: names,
      additionalProperties: { $ref: "#/definitions/input" },
      description: "Files and collections by name.",
    },
    defaults: {
      type: ["object", "null"],
      description: "Parameters of plugins, for all steps that do not set them.",
      additionalProperties: false,
      properties: Object.fromEntries(
        all.map(([id, plugin]) => [
          id,
          {
            type: "object",
            properties: Object.fromEntries(
              Object.entries(plugin.params as ParamSchemas).map(([name, s]) => [kebab(name), paramSchema(s)]),
            ),
            additionalProperties: false,
          },
        ]),
      ),
    },
    steps: { type: ["object", "null"], description: "Steps and blocks by name." },
    outputs: {
      type: ["object", "null"],
      additionalProperties: { $ref: "#/definitions/output" },
      description: "Files to write, and what goes into each; report is the report of the run.",
    },
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Tiepoint pipeline",
    type: "object",
    properties,
    additionalProperties: false,
    // A child may leave the version, and most of each step, to its parent.
    if: { required: ["extends"] },
    // biome-ignore lint/suspicious/noThenProperty: it is a key of JSON Schema.
    then: { properties: { steps: { additionalProperties: { type: "object" } } } },
    else: {
      required: ["tiepoint"],
      properties: { steps: { $ref: "#/definitions/steps" } },
    },
    definitions: {
      steps: {
        type: ["object", "null"],
        propertyNames: names,
        additionalProperties: {
          type: "object",
          if: { required: ["use"] },
          // biome-ignore lint/suspicious/noThenProperty: it is a key of JSON Schema.
          then: { $ref: "#/definitions/step" },
          else: { $ref: "#/definitions/block" },
        },
      },
      step: {
        type: "object",
        required: ["use"],
        discriminator: { propertyName: "use" },
        oneOf: all.filter(([, p]) => p.kind !== "write").map(([id, plugin]) => stepSchema(id, plugin)),
      },
      block: blockSchema,
      input: inputSchema(all.filter(([, p]) => p.kind === "read")),
      output: outputSchema(all.filter(([, p]) => p.kind === "write")),
    },
  };
}
