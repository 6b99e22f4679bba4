import {
  apply,
  type Image,
  type Points,
  pixelGrid,
  type SliceState,
  seededRandom,
  sliceBends,
  slicesTable,
} from "tiepoint/plugin";
import { expect, test } from "vitest";
import { latticeMap } from "../../../src/math/free-form/lattice-map.js";
import { octaves } from "../../../src/samples/noise.js";
import { memoryImage } from "../../../test/support/image.js";
import { samplesOf } from "../../../test/support/step.js";
import { context } from "../../../test/support/wings.js";
import applyPlugin from "../apply/index.js";
import plugin from "./index.js";

const size = 96;
const grid = pixelGrid(size, size);
const slope = 0.2;
const defaults = Object.fromEntries(
  Object.entries(plugin.params).map(([name, schema]) => [name, "default" in schema ? schema.default : undefined]),
) as unknown as Parameters<typeof plugin.run>[1];
const settings = {
  ...{ ...defaults, metric: "ssd" as const, maxSide: { value: 1024, unit: "px" as const } },
  latticeSpacing: { value: 24, unit: "px" },
} as const;

type Bend = (x: number, y: number) => readonly [number, number];

/** A smooth bend of a slice: three waves along each axis. */
function bendOf(random: () => number, amount: number): Bend {
  const waves = Array.from({ length: 6 }, () => {
    const [k, t] = [(2 * Math.PI * (0.4 + 0.6 * random())) / size, 2 * Math.PI * random()];
    return [k * Math.cos(t), k * Math.sin(t), 2 * Math.PI * random(), amount * (0.4 + 0.4 * random())] as const;
  });
  const sum = (part: typeof waves, x: number, y: number) =>
    part.reduce((s, [kx, ky, p, a]) => s + a * Math.sin(kx * x + ky * y + p), 0);
  return (x, y) => [sum(waves.slice(0, 3), x, y), sum(waves.slice(3), x, y)];
}

/** Slices of tissue that runs aslant and slowly changes, each bent in its own way. */
function stack(count: number, amount: number, seed = 1) {
  const random = seededRandom(seed);
  const bends = Array.from({ length: count }, () => bendOf(random, amount));
  const [first, second, large] = [octaves(seed + 10, 3), octaves(seed + 20, 3), octaves(seed + 30, 1)];
  const slices = new Map<string, Image>();
  for (const [i, bend] of bends.entries()) {
    const data = new Float32Array(size * size);
    for (let y = 0, n = 0; y < size; y++) {
      for (let x = 0; x < size; x++, n++) {
        const [u, v] = bend(x, y);
        const [X, Y] = [x + u - slope * i, y + v];
        const other = 0.02 * i;
        const texture = (1 - other) * first(X / 9, Y / 9) + other * second(X / 9, Y / 9);
        data[n] = 100 * (texture + 0.5 * Math.sign(large(X / 25, Y / 25))) + 12 * (random() - 0.5);
      }
    }
    slices.set(`z${i}`, memoryImage(data, grid));
  }
  return { slices, bends };
}

const places = Float64Array.from(
  { length: 2 * 81 },
  (_, k) => 10 + 9 * (k & 1 ? Math.floor((k >> 1) / 9) : (k >> 1) % 9),
);
const table = (slices: ReadonlyMap<string, Image>, states: Readonly<Record<number, SliceState>> = {}) =>
  slicesTable({
    slices: [...slices.keys()],
    frameFromSlice: [...slices].map(() => [1, 0, 0, 0, 1, 0] as const),
    sigma: new Float64Array(slices.size),
    state: [...slices].map((_, i) => states[i] ?? "used"),
  });

async function bend(
  slices: ReadonlyMap<string, Image>,
  params: Partial<Parameters<typeof plugin.run>[1]> = {},
  states: Readonly<Record<number, SliceState>> = {},
) {
  const outcome = await plugin.run(
    { slices, transforms: table(slices, states) },
    { ...settings, ...params },
    context(),
  );
  if (!outcome.ok) throw new Error(outcome.diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
  const found = sliceBends(outcome.value.bends);
  if (!found.ok) throw new Error(found.diagnostics[0]!.message);
  return { ...outcome, found: found.value };
}

/** How far each slice still is from straight at each place, interleaved; without found bends: as it came. */
function offsets(bends: readonly Bend[], found?: Awaited<ReturnType<typeof bend>>["found"]): Float64Array[] {
  return bends.map((truth, i) => {
    const at = found
      ? apply(
          latticeMap({ lattice: found.lattice, coefficients: found.coefficients[i]! }, grid),
          places as Points<"world">,
        )
      : places;
    return Float64Array.from(at, (v, k) => v - places[k]! + truth(at[k & ~1]!, at[k | 1]!)[k & 1 ? 1 : 0]!);
  });
}
const rms = (list: readonly Float64Array[]) =>
  Math.sqrt(list.reduce((s, v) => s + v.reduce((t, e) => t + e * e, 0), 0) / (list.length * 81));
/** Mean of what the offsets in x change by from slice to slice. */
const drift = (list: readonly Float64Array[]) => {
  const middle = (list.length - 1) / 2;
  const mean = list.map((v) => v.reduce((s, e, k) => s + (k & 1 ? 0 : e), 0) / 81);
  return mean.reduce((s, e, i) => s + e * (i - middle), 0) / mean.reduce((s, _, i) => s + (i - middle) ** 2, 0);
};

test("slices that bend are straightened, what runs aslant keeps its slope, and a bad slice bends nobody", async () => {
  const { slices, bends } = stack(32, 1.4);
  const other = stack(1, 0, 99).slices.get("z0")!;
  const spoilt = new Map(slices).set("z12", other).set("z20", memoryImage(new Float32Array(size * size), grid));
  const { found, verdict, notes, metrics } = await bend(spoilt, {}, { 20: "bridged" });
  expect(verdict).toMatchObject({ status: "accepted" });
  expect(notes!.map((n) => n.message)).toEqual([expect.stringMatching(/^z12: looks like none/)]);
  const good = <T>(list: readonly T[]) => list.filter((_, i) => i !== 12 && i !== 20);
  const [before, after] = [offsets(bends), offsets(bends, found)];
  expect(rms(good(after))).toBeLessThan(rms(good(before)) / 3.2);
  // The bends themselves go with the slices a little, by chance; nothing is added to that.
  expect(Math.abs(drift(good(after)) - drift(good(before)))).toBeLessThan(0.05 * slope);
  expect(rms(after.slice(-8))).toBeLessThan(2 * rms(good(after)));
  const error = metrics!["expected-error"]!.value;
  expect(error / rms(good(after))).toBeGreaterThan(0.6);
  expect(error / rms(good(after))).toBeLessThan(1.8);
  expect(metrics!["jacobian-min"]!.value).toBeGreaterThan(0.3);
  for (const i of [12, 20]) {
    const [low, own, high] = [i - 1, i, i + 1].map((j) => found.coefficients[j]!);
    for (const [k, v] of own!.entries()) expect(v).toBeCloseTo((low![k]! + high![k]!) / 2, 3);
  }
});

test("slices that do not bend are said to need none", async () => {
  const { slices, bends } = stack(8, 0);
  const { found, verdict } = await bend(slices, { sweeps: 2 });
  expect(verdict!.status).not.toBe("accepted");
  expect(rms(offsets(bends, found))).toBeLessThan(0.3);
});

test("slices of other things are not bent onto each other", async () => {
  const slices = new Map(
    Array.from({ length: 6 }, (_, i) => [`z${i}`, stack(1, 1, 7 * i + 1).slices.get("z0")!] as const),
  );
  const outcome = await plugin.run({ slices, transforms: table(slices) }, settings, context());
  expect(outcome.ok && outcome.verdict!.status === "accepted").toBe(false);
});

test("bends are applied on top of the places, in one sampling", async () => {
  const { slices } = stack(5, 1.5);
  const transforms = table(slices);
  const { value } = await bend(slices, { sweeps: 1 });
  const inputs = { slices, transforms, bends: value.bends };
  const how = { frame: "first", channel: undefined, interpolation: undefined, fill: undefined } as const;
  const bent = await applyPlugin.run(inputs, how, context());
  const flat = await applyPlugin.run({ ...inputs, bends: undefined }, how, context());
  if (!bent.ok || !flat.ok) throw new Error("not applied");
  const ncc = (v: readonly number[]) => {
    const [a, b] = [2, 3].map((i) => v.slice(i * size * size, (i + 1) * size * size));
    const seen = a!.flatMap((u, k) => (Number.isNaN(u + b![k]!) ? [] : [[u, b![k]!] as const]));
    const mean = [0, 1].map((c) => seen.reduce((s, p) => s + p[c]!, 0) / seen.length);
    const [aa, ab, bb] = [
      [0, 0],
      [0, 1],
      [1, 1],
    ].map(([p, q]) => seen.reduce((s, w) => s + (w[p!]! - mean[p!]!) * (w[q!]! - mean[q!]!), 0));
    return ab! / Math.sqrt(aa! * bb!);
  };
  expect(ncc(await samplesOf(bent.value.image))).toBeGreaterThan(0.04 + ncc(await samplesOf(flat.value.image)));
  const stranger = {
    ...value.bends,
    columns: { ...value.bends.columns, file: value.bends.columns.file!.map((f) => `${f}!`) },
  };
  expect(await applyPlugin.run({ ...inputs, bends: stranger }, how, context())).toMatchObject({
    diagnostics: [{ code: "slices-differ" }],
  });
});

test.each([
  ["two slices", stack(2, 1).slices, {}, {}, "too-few-slices"],
  [
    "slices of which one was placed",
    stack(4, 1).slices,
    {},
    { 0: "lost", 1: "bridged", 2: "bridged" },
    "too-few-slices",
  ],
  [
    "a lattice finer than what pixels tell",
    stack(3, 1).slices,
    { latticeSpacing: { value: 3, unit: "px" } },
    {},
    "lattice-too-fine",
  ],
  [
    "labels",
    new Map(["a", "b", "c"].map((id) => [id, memoryImage(new Uint8Array(64), pixelGrid(8, 8), { meaning: "labels" })])),
    {},
    {},
    "slices-are-labels",
  ],
] as const)("%s cannot be bent", async (_, slices, params, states, code) => {
  const transforms = table(slices, states as Readonly<Record<number, SliceState>>);
  const outcome = await plugin.run({ slices, transforms }, { ...settings, ...(params as object) }, context());
  expect(outcome).toMatchObject({ ok: false, diagnostics: [{ code }] });
});

test("slices that show nothing give no bends", async () => {
  const blank = new Map(
    ["a", "b", "c", "d"].map((id) => [id, memoryImage(new Float32Array(size * size).fill(7), grid)]),
  );
  const outcome = await plugin.run({ slices: blank, transforms: table(blank) }, settings, context());
  expect(outcome.ok && outcome.verdict!.status === "accepted").toBe(false);
});
