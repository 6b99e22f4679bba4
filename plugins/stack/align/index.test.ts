import {
  type Affine2,
  blurImage,
  type Image,
  pixelGrid,
  type SliceTransforms,
  seededRandom,
  sliceTransforms,
  wholeWindow,
} from "tiepoint/plugin";
import { expect, test } from "vitest";
import { picture } from "../../../src/samples/camera.js";
import { cells } from "../../../src/samples/cells.js";
import { octaves, smoothStep } from "../../../src/samples/noise.js";
import type { Scene } from "../../../src/samples/scene.js";
import { sampleTimeSeries } from "../../../src/samples/time-series.js";
import { memoryImage } from "../../../test/support/image.js";
import { context } from "../../../test/support/wings.js";
import plugin from "./index.js";

const defaults = Object.fromEntries(
  Object.entries(plugin.params).map(([name, schema]) => [name, "default" in schema ? schema.default : undefined]),
) as unknown as Parameters<typeof plugin.run>[1];
const settings = { ...defaults, maxSide: { value: 2048, unit: "px" } } as const;

async function align(slices: ReadonlyMap<string, Image>, params: Partial<Parameters<typeof plugin.run>[1]> = {}) {
  const outcome = await plugin.run({ slices }, { ...settings, ...params }, context());
  if (!outcome.ok) throw new Error(outcome.diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
  const transforms = sliceTransforms(outcome.value.transforms);
  if (!transforms.ok) throw new Error(transforms.diagnostics[0]!.message);
  return { ...outcome, transforms: transforms.value };
}

/** Root mean square distance of found places from true ones, over slices that were placed, pixels. */
function error({ frameFromSlice, state }: SliceTransforms, truth: readonly Affine2[], size: number): number {
  let [sum, count] = [0, 0];
  frameFromSlice.forEach((m, i) => {
    if (state[i] !== "used") return;
    for (const [x, y] of [
      [0, 0],
      [size, 0],
      [0, size],
      [size, size],
    ] as const) {
      const t = truth[i]!;
      const dx = (m[0] - t[0]) * x + (m[1] - t[1]) * y + m[2] - t[2];
      const dy = (m[3] - t[3]) * x + (m[4] - t[4]) * y + m[5] - t[5];
      sum += dx * dx + dy * dy;
      count++;
    }
  });
  return Math.sqrt(sum / count);
}

test("a film that drifts and turns is steadied, and frames without light are found and bridged", async () => {
  const frames = sampleTimeSeries({ frames: 24, size: 160, seed: 3 });
  const found = await align(new Map(frames.map((f) => [f.name, f.image])));
  expect(found.verdict).toMatchObject({ status: "accepted" });
  expect(found.transforms.slices).toEqual(frames.map((f) => f.name));
  expect(found.transforms.state).toEqual(frames.map((f) => (f.bad ? "bridged" : "used")));
  const truth = frames.map((f) => f.firstFromFrame);
  expect(error(found.transforms, truth, 159)).toBeLessThan(0.08);
  expect(found.notes!.map((n) => n.code)).toEqual(["bad-slice"]);
  expect(found.notes![0]!.message).toMatch(/^frame_010, frame_021 /);
});

test("bands of one image are slices", async () => {
  const frames = sampleTimeSeries({ frames: 4, size: 96, turn: 0, badEvery: 0, seed: 5 });
  const data = new Uint16Array(4 * 96 * 96);
  for (const [i, { image }] of frames.entries())
    data.set((await image.read(wholeWindow(image.grid))).data, i * 96 * 96);
  const bands = ["a", "b", "c", "d"];
  const film = memoryImage(data, pixelGrid(96, 96), { bands });
  const found = await align(new Map([["film.tif", film]]), { model: "translation" });
  expect(found.transforms.slices).toEqual(bands);
  const truth = frames.map((f) => f.firstFromFrame);
  expect(error(found.transforms, truth, 95)).toBeLessThan(0.08);
  expect(found.transforms.frameFromSlice.every((m) => m[0] === 1 && m[1] === 0)).toBe(true);
});

test.each(["previous", "first"] as const)(
  "slices are compared with the %s one alone where that is asked for",
  async (against) => {
    const frames = sampleTimeSeries({ frames: 6, size: 128, badEvery: 0, seed: 7 });
    const found = await align(new Map(frames.map((f) => [f.name, f.image])), { against });
    expect(found.value.pairs.columns.a).toHaveLength(5);
    expect(
      error(
        found.transforms,
        frames.map((f) => f.firstFromFrame),
        127,
      ),
    ).toBeLessThan(0.15);
  },
);

test.each<[string, ReadonlyMap<string, Image>, string]>([
  ["one slice", new Map([["a", memoryImage(new Uint8Array(64), pixelGrid(8, 8))]]), "too-few-slices"],
  [
    "labels",
    new Map(["a", "b"].map((id) => [id, memoryImage(new Uint8Array(64), pixelGrid(8, 8), { meaning: "labels" })])),
    "slices-are-labels",
  ],
])("%s cannot be aligned", async (_, slices, code) => {
  expect(await plugin.run({ slices }, settings, context())).toMatchObject({ ok: false, diagnostics: [{ code }] });
});

test("slices that show nothing are rejected", async () => {
  const blank = () => memoryImage(new Uint8Array(64 * 64).fill(7), pixelGrid(64, 64));
  const found = await align(new Map(["a", "b", "c"].map((id) => [id, blank()])));
  expect(found.verdict).toMatchObject({ status: "rejected" });
});

/** Frames of one scene under a camera that wanders, by 0.3 px a frame along each axis. */
function film(count: number, seed = 4) {
  const size = 128;
  const random = seededRandom(11);
  const normal = () => Array.from({ length: 12 }, random).reduce((s, v) => s + v, -6);
  const scene = cells({ width: 256, height: 256, seed });
  let [x, y] = [0, 0];
  const truth: Affine2[] = [];
  const slices = new Map<string, Image>();
  for (let i = 0; i < count; i++) {
    const at = [x, y] as const;
    truth.push([1, 0, x, 0, 1, y]);
    const image = picture(scene, {
      ...{ width: size, height: size, dtype: "uint16", noise: 0.05, offset: 0.1, gain: 0.8, seed: 100 + i },
      sceneFromPixel: (px, py, out) => {
        out[0] = px + at[0] + 64;
        out[1] = py + at[1] + 64;
      },
    });
    slices.set(`f${i}`, image);
    x += 0.3 * normal();
    y += 0.3 * normal();
  }
  return { slices, truth };
}

test("frames that wander are placed to a small part of a pixel, at the end as at the start", async () => {
  const { slices, truth } = film(60);
  const params = { model: "translation", against: "mean", compare: "brightness" } as const;
  const { transforms } = await align(slices, params);
  const away = transforms.frameFromSlice.map((m, i) => [m[2] - truth[i]![2], m[5] - truth[i]![5]] as const);
  const mean = [0, 1].map((c) => away.reduce((s, v) => s + v[c]!, 0) / away.length);
  const rms = (part: typeof away) =>
    Math.sqrt(part.reduce((s, v) => s + (v[0] - mean[0]!) ** 2 + (v[1] - mean[1]!) ** 2, 0) / part.length);
  expect(rms(away)).toBeLessThan(0.05);
  // Twenty errors of one kind differ by a fifth by chance.
  expect(rms(away.slice(-20))).toBeLessThan(1.5 * rms(away.slice(0, 20)));
});

test("bad slices of every kind are found, no good one with them, and neighbours are where they would be without", async () => {
  const blurred = (image: Image) => blurImage(image, 6);
  const half = (image: Image): Image => ({
    ...image,
    async read(window, options) {
      const pixels = await image.read(window, options);
      return {
        ...pixels,
        data: pixels.data.map((v, n) => (Math.floor(n / window.width) + window.y > 20 ? 0 : v)) as never,
      };
    },
  });
  const random = seededRandom(2);
  const grain = () =>
    memoryImage(
      Uint16Array.from({ length: 128 ** 2 }, () => 65535 * random()),
      pixelGrid(128, 128),
    );
  const kinds = new Map<number, (good: Image, other: Image) => Image>([
    [6, () => memoryImage(new Uint16Array(128 ** 2), pixelGrid(128, 128))],
    [17, () => grain()],
    [30, (_, other) => other],
    [31, () => grain()],
    [44, (good) => half(good)],
    [52, (good) => blurred(good)],
  ]);
  const whole = film(64);
  const other = film(1, 9).slices.get("f0")!;
  const spoilt = new Map([...whole.slices].map(([name, good], i) => [name, kinds.get(i)?.(good, other) ?? good]));
  const params = { model: "translation", compare: "brightness" } as const;
  const found = await align(spoilt, params);
  const clean = await align(whole.slices, params);
  expect(found.transforms.state.flatMap((s, i) => (s === "bridged" ? [i] : []))).toEqual([...kinds.keys()]);
  found.transforms.frameFromSlice.forEach((m, i) => {
    if (kinds.has(i)) return;
    const c = clean.transforms.frameFromSlice[i]!;
    expect(Math.sqrt((m[2] - c[2]) ** 2 + (m[5] - c[5]) ** 2)).toBeLessThan(0.1);
  });
});

test("a tube that runs aslant keeps its slant with trend: keep, and is straightened without", async () => {
  const slope = 0.1763; // the tangent of 10 degrees
  const texture = octaves(7, 3);
  const random = seededRandom(5);
  const jitter = () => 4 * (random() - 0.5);
  const places: (readonly [number, number])[] = [];
  const slices = new Map<string, Image>();
  for (let i = 0; i < 100; i++) {
    const at = [44 + slope * (i - 50) + jitter(), 48 + jitter()] as const;
    places.push(at);
    const tube: Scene = {
      bands: ["gray"],
      paint: (x, y, out) => {
        const r = Math.sqrt((x - at[0]) ** 2 + (y - at[1]) ** 2);
        const inside = smoothStep(-1, 1, 20 - r);
        out[0] = 0.2 + inside * (0.3 + 0.3 * texture((x - at[0]) / 8, (y - at[1]) / 8 + 0.02 * i));
      },
    };
    slices.set(`z${i}`, picture(tube, { width: 96, height: 96, noise: 0.02, seed: i + 1 }));
  }
  const measured = async (trend: "keep" | "remove") => {
    const { transforms } = await align(slices, { model: "translation", trend });
    const x = transforms.frameFromSlice.map((m, i) => places[i]![0] + m[2]);
    const mean = x.reduce((s, v) => s + v, 0) / 100;
    const fitted = x.reduce((s, v, i) => s + (i - 49.5) * v, 0) / 83325;
    const rest = Math.sqrt(x.reduce((s, v, i) => s + (v - mean - fitted * (i - 49.5)) ** 2, 0) / 100);
    return { fitted, rest };
  };
  const [kept, removed] = [await measured("keep"), await measured("remove")];
  expect(Math.abs(kept.fitted / slope - 1)).toBeLessThan(0.05);
  expect(kept.rest).toBeLessThan(0.4); // jitter of 1.15 px, of which 10 slices average out all but a sixth
  expect(Math.abs(removed.fitted)).toBeLessThan(0.05 * slope);
});
