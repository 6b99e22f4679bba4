import {
  type Affine2,
  type Image,
  pixelGrid,
  type SliceTransforms,
  sliceTransforms,
  wholeWindow,
} from "tiepoint/plugin";
import { expect, test } from "vitest";
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
