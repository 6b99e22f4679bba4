import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type AnyPlugin,
  type Context,
  DiagnosticError,
  type Image,
  type Matches,
  type Outcome,
  type ParamSchema,
  type PointSet,
  type Port,
  parsePort,
  parseQuantity,
  pixelGrid,
  type Registration,
  seededRandom,
  worldPoints,
} from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { catalogue } from "../../plugins/index.js";
import { pluginParams } from "../../src/run/params.js";
import { root } from "../cli/tiepoint.js";
import { memoryImage } from "../support/image.js";
import { texturedScene, viewImage } from "../support/scene.js";

/** Values for parameters that a plugin cannot do without, as a pipeline would give them. */
const needed: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "match/learned-map": { gives: "displacement" },
  // The suite's images are small, and so are their regions.
  "match/segmentation": { "min-area": 4, smooth: "0 px" },
  "preprocess/crop": { x: 0, y: 0, width: 1, height: 1 },
  "preprocess/rescale": { factor: "50 %" },
};

type Outputs = Readonly<Record<string, unknown>>;
type Inputs = Readonly<Record<string, unknown>>;

const size = { width: 160, height: 120 };
/** The moving image of a sound pair is turned and shifted a little. */
const sceneFromMoving = [0.998, -0.05, 6, 0.05, 0.998, -4, 0, 0, 1];
const scene = texturedScene(5);
/** As images of files do, it heeds the signal of who reads. */
const heeding = (image: Image): Image => ({
  ...image,
  async read(window, options) {
    options?.signal?.throwIfAborted();
    return image.read(window, options);
  },
});
export const sound = {
  fixed: () => heeding(viewImage(scene, { ...size, noise: 1, seed: 1 })),
  moving: () => heeding(viewImage(scene, { ...size, noise: 1, seed: 2, sceneFromPixel: sceneFromMoving })),
};

const flat = (value: number, width: number, height: number) => (): Image =>
  memoryImage(new Float32Array(width * height).fill(value), pixelGrid(width, height));
/** Images that nothing can be made of, and that files hold all the same. */
export const odd: readonly (readonly [string, () => Image])[] = [
  ["blank", flat(7, 96, 80)],
  ["of one pixel", flat(3, 1, 1)],
  ["of 3 by 2 pixels", () => memoryImage(Uint8Array.of(0, 9, 200, 4, 77, 255), pixelGrid(3, 2))],
  ["of NaN alone", flat(Number.NaN, 96, 80)],
  ["of nodata alone", () => ({ ...flat(0, 96, 80)(), nodata: 0 })],
];

/** Tie points that agree on a map, but for every fifth; `images` are those of the pair. */
function tiePoints(fixed: Image, moving: Image): Matches {
  const random = seededRandom(3);
  const from = new Float64Array(160);
  const to = new Float64Array(160);
  for (let i = 0; i < 80; i++) {
    const [x, y] = [random() * (fixed.grid.width - 1), random() * (fixed.grid.height - 1)];
    const wrong = i % 5 === 4 ? 30 * random() : 0;
    from.set([x, y], 2 * i);
    to.set([0.998 * x + 0.05 * y - 5.8 + wrong, -0.05 * x + 0.998 * y + 4.3 - wrong], 2 * i);
  }
  const weight = new Float64Array(80).fill(1);
  return {
    ...{ fixed: worldPoints(from), moving: worldPoints(to), weight, images: { fixed, moving } },
    detected: { fixed: 300, moving: 300 },
  };
}

/** Points with names that agree on a map, but for every fifth. */
function pointsOf(port: string): PointSet {
  const { fixed, moving } = tiePoints(sound.fixed(), sound.moving());
  return { points: port === "moving" ? moving : fixed, names: Array.from({ length: 80 }, (_, i) => `p${i}`) };
}

/** What to give to the ports of a plugin; a reason where this suite has nothing of the kind. */
export function inputsFor(plugin: AnyPlugin, fixed: Image, moving: Image): Inputs | string {
  const inputs: Record<string, unknown> = {};
  const registration: Registration = {
    ...{ transform: { type: "affine", matrix: [0.998, 0.05, -5.8, -0.05, 0.998, 4.3] } },
    ...{ fixed: fixed.grid, moving: moving.grid },
  };
  for (const [name, port] of Object.entries(plugin.inputs as Record<string, Port>)) {
    const { type, list, optional } = parsePort(port);
    if (optional) continue;
    if (list) return `takes a list of ${type}, which no suite makes`;
    if (type === "image")
      inputs[name] = name === "fixed" ? fixed : name === "mask" ? { ...moving, meaning: "mask" } : moving;
    else if (type === "points") inputs[name] = pointsOf(name);
    else if (type === "matches") inputs[name] = tiePoints(fixed, moving);
    else if (type === "transform") inputs[name] = registration;
    else return `takes ${type}, which no suite makes`;
  }
  return inputs;
}

const context = (signal = new AbortController().signal): Context => ({
  ...{ signal, random: seededRandom(1), memory: 1e9, progress: () => {} },
});

export const run = (id: string, plugin: AnyPlugin, inputs: Inputs, signal?: AbortSignal) =>
  plugin.run(inputs, pluginParams(plugin.params, needed[id] ?? {}), context(signal)) as Promise<Outcome<never>>;

const isImage = (value: unknown): value is Image => typeof (value as Partial<Image> | undefined)?.read === "function";

/** Everything that a value says, in plain data: pixels of images too. */
export async function content(value: unknown): Promise<unknown> {
  if (isImage(value)) {
    const { grid, dtype, bands, meaning, nodata } = value;
    const { width, height } = grid;
    const { data } = await value.read({ x: 0, y: 0, width, height });
    return { grid, dtype, bands, meaning, nodata, data: Array.from(data) };
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (Array.isArray(value)) return Promise.all(value.map(content));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([key, one]) => [key, await content(one)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** All numbers within plain data. */
export function* numbersIn(value: unknown): Generator<number> {
  if (typeof value === "number") yield value;
  else if (typeof value === "object" && value !== null) for (const one of Object.values(value)) yield* numbersIn(one);
}

/** What came out, pixels read; a failure that was told is an outcome too, be it told by `run` or by a read. */
export async function outcomeOf(id: string, plugin: AnyPlugin, inputs: Inputs): Promise<unknown> {
  try {
    const outcome = await run(id, plugin, inputs);
    if (!outcome.ok) return { diagnostics: outcome.diagnostics };
    const { value, metrics, verdict, notes } = outcome as { value: Outputs; metrics?: object } & Record<
      string,
      unknown
    >;
    return await content({ value, metrics, verdict, notes });
  } catch (error) {
    if (error instanceof DiagnosticError) return { diagnostics: error.diagnostics };
    throw error;
  }
}

/** The plugins of a kind, loaded. */
export async function pluginsOf(kind: string): Promise<readonly (readonly [string, AnyPlugin])[]> {
  const ids = Object.keys(catalogue).filter((id) => id === kind || id.startsWith(`${kind}/`));
  return Promise.all(ids.map(async (id) => [id, (await catalogue[id]!()).default] as const));
}

/** What holds of every manifest. */
export function describeManifest(id: string, plugin: AnyPlugin): void {
  const schemas = Object.entries(plugin.params as Record<string, ParamSchema>);

  test("has a README, and a description for every parameter", () => {
    expect(existsSync(join(root, "plugins", id.includes("/") ? id : `${id}/${id}`, "README.md"))).toBe(true);
    expect(plugin.summary).toMatch(/^[A-Z].*\.$/s);
    for (const [name, { description }] of schemas) expect(description, name).toMatch(/\S.*\.$/s);
  });

  test("has defaults that its own schema lets pass", () => {
    for (const [name, schema] of schemas) {
      if (schema.default === undefined) continue;
      expect(violation(schema, schema.default), name).toBe(undefined);
    }
  });
}

function violation(schema: ParamSchema, value: unknown): string | undefined {
  switch (schema.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "not a boolean";
    case "string":
      if (typeof value !== "string") return "not a text";
      return !schema.enum || schema.enum.includes(value) ? undefined : `not one of ${schema.enum}`;
    case "array": {
      if (!Array.isArray(value)) return "not a list";
      if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? 1e9)) return "too long or short";
      return value.map((one) => violation(schema.items, one)).find((one) => one !== undefined);
    }
    default: {
      let number = value;
      if ("unit" in schema) {
        const quantity = parseQuantity(String(value), schema.unit);
        if (!quantity.ok) return quantity.diagnostics[0]!.message;
        number = typeof quantity.value === "object" ? quantity.value.value : quantity.value;
      }
      if (typeof number !== "number" || !Number.isFinite(number)) return "not a number";
      if (schema.type === "integer" && !Number.isInteger(number)) return "not an integer";
      const { minimum = -Infinity, maximum = Infinity } = schema;
      return number < minimum || number > maximum ? `not within ${minimum} to ${maximum}` : undefined;
    }
  }
}

/** The suite that every plugin of a kind passes; what is special of the kind is tested beside each plugin. */
export function describeKind(plugins: readonly (readonly [string, AnyPlugin])[]): void {
  describe.each(plugins)("%s", (id, plugin) => {
    describeManifest(id, plugin);

    const given = inputsFor(plugin, sound.fixed(), sound.moving());
    if (typeof given === "string") {
      test.skip(`is run: it ${given}`, () => {});
      return;
    }

    test("gives the same bytes from the same inputs and seed, and leaves the inputs as they were", async () => {
      const before = await content(given);
      const once = await outcomeOf(id, plugin, given);
      expect(once).not.toHaveProperty("diagnostics");
      expect(await content(given)).toEqual(before);
      expect(await outcomeOf(id, plugin, given)).toEqual(once);
      const anew = inputsFor(plugin, sound.fixed(), sound.moving()) as Inputs;
      expect(await outcomeOf(id, plugin, anew)).toEqual(once);
    });

    test("stops when it is told to", async () => {
      const signal = AbortSignal.abort();
      const pixels = async () => {
        const outcome = await run(id, plugin, given, signal);
        if (!outcome.ok) throw new Error(JSON.stringify(outcome));
        // What gives images is lazy: its work is in the reading.
        for (const value of Object.values(outcome.value)) {
          if (isImage(value)) await (value as Image).read({ x: 0, y: 0, width: 1, height: 1 }, { signal });
        }
      };
      await expect(pixels()).rejects.toThrow(/abort/i);
    });

    test.each(odd)("takes an image %s without a crash and gives nothing infinite", async (name, make) => {
      const inputs = inputsFor(plugin, make(), make()) as Inputs;
      const outcome = (await outcomeOf(id, plugin, inputs)) as { diagnostics?: { code: string; message: string }[] };
      if (outcome.diagnostics) {
        expect(outcome.diagnostics.length).toBeGreaterThan(0);
        for (const { code, message } of outcome.diagnostics) {
          expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
          expect(message).not.toMatch(/Internal error|undefined|\[object/);
        }
        return;
      }
      for (const number of numbersIn(outcome)) {
        // NaN is how float pixels say that nothing was observed, or that a point has no place.
        if (Number.isNaN(number) && (name.includes("NaN") || plugin.kind === "warp")) continue;
        expect(Number.isFinite(number), String(number)).toBe(true);
      }
    });
  });
}
