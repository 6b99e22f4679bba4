import { decodeLandmarkModel, type PointSet, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { context, imagesOf, pointsOf, quick, trained, wings } from "../../../test/support/wings.js";
import plugin from "./index.js";

const some = await wings(1, 12);
const images = imagesOf(some);
const points = pointsOf(some);
const run = (sets: ReadonlyMap<string, PointSet>, of = images) =>
  plugin.run({ images: of, points: sets }, quick, context());
const changed = (id: string, change: (set: PointSet) => PointSet) => {
  const sets = new Map(points);
  sets.set(id, change(sets.get(id)!));
  return sets;
};

test("a model is learned, and held-out images say how good it is", async () => {
  const { value, metrics } = await trained(images, points);
  expect(metrics!["mean-error"]!.value).toBeLessThan(3); // pixels of 160; clicks of a careful person are about 1 px off
  expect(metrics!["mean-error"]!.value).toBeLessThan(0.5 * metrics!["mean-shape-error"]!.value);
  const { columns } = value.curve;
  expect(columns.images).toEqual([3, 6]); // a quarter of six images would be too few
  expect(columns["mean-error-px"]![1]).toBe(metrics!["mean-error"]!.value);
  const errors = value.images.columns["mean-error-px"] as number[];
  expect(errors).toEqual([...errors].sort((a, b) => b - a));
  expect([...value.images.columns.image!].sort()).toEqual([...images.keys()].sort());
});

test("the same seed gives the same bytes, another seed others", async () => {
  const models = await Promise.all(
    [1, 1, 2].map((seed) => trained(images, points, { levels: 2, trees: 5, searchTrees: 2 }, seed)),
  );
  const [a, b, c] = models.map(({ value }) => value.model.data);
  expect(b).toEqual(a);
  expect(c).not.toEqual(a);
});

test("points may be missing, and their order does not matter", async () => {
  const without = changed("wing 3", ({ points: xy, names }) => ({
    points: worldPoints([...xy.slice(2)].reverse().flatMap((_, i, all) => (i % 2 ? [] : [all[i + 1]!, all[i]!]))),
    names: [...names!.slice(1)].reverse(),
  }));
  const holes = changed("wing 3", ({ points: xy, names }) => ({
    ...{ points: worldPoints([Number.NaN, Number.NaN, ...xy.slice(2)]), names: names! },
  }));
  const [a, b] = await Promise.all(
    [without, holes].map((sets) => trained(images, sets, { levels: 2, trees: 5, searchTrees: 2 })),
  );
  expect(b!.value.model.data).toEqual(a!.value.model.data);
  expect(b!.metrics!["mean-error"]!.value).toBeGreaterThan(0);
});

test("a model survives its bytes, and damaged bytes are refused", async () => {
  const { model } = (await trained(images, points, { levels: 2, trees: 5, searchTrees: 2 })).value;
  expect(decodeLandmarkModel(model)).toMatchObject({
    ok: true,
    value: { names: points.get("wing 1")!.names, images: 12 },
  });
  for (let at = 1; at < model.data.length; at += 4999) {
    const outcome = decodeLandmarkModel({ ...model, data: model.data.slice(0, at) });
    expect(outcome).toMatchObject({ ok: false, diagnostics: [{ code: "model-damaged" }] });
  }
  const foreign = decodeLandmarkModel({ ...model, format: "onnx" });
  expect(foreign).toMatchObject({ ok: false, diagnostics: [{ code: "not-a-landmark-model" }] });
});

test.each<[string, () => ReadonlyMap<string, PointSet>, string]>([
  ["four images", () => new Map([...points].slice(0, 4)), "too-few-images"],
  ["points of other items", () => new Map([...points].map(([id, set]) => [`x ${id}`, set])), "images-without-points"],
  [
    "a name that is spelt otherwise in one image",
    () => changed("wing 2", (set) => ({ ...set, names: set.names!.map((n) => (n === "alula" ? "alulla" : n)) })),
    "point-rarely-seen",
  ],
  [
    "points without names among others",
    () => changed("wing 2", ({ points: xy }) => ({ points: xy })),
    "points-without-names",
  ],
  ["a name twice", () => changed("wing 2", (set) => ({ ...set, names: set.names!.with(1, "hinge") })), "double-name"],
  [
    "points outside of the image",
    () =>
      changed("wing 2", (set) => ({ ...set, points: worldPoints(set.points.map((v, i) => (i % 2 ? v - 120 : v))) })),
    "point-outside-image",
  ],
  [
    "one point each",
    () =>
      new Map([...points].map(([id, set]) => [id, { points: worldPoints(set.points.slice(0, 2)), names: ["hinge"] }])),
    "too-few-points",
  ],
])("%s: refused, with what to do", async (_, sets, code) => {
  const outcome = await run(sets());
  expect(outcome.ok).toBe(false);
  if (!outcome.ok) expect(outcome.diagnostics.map((d) => d.code)).toContain(code);
});

test("items of one input alone are left out, and said to be", async () => {
  const outcome = await plugin.run(
    { images, points: new Map([...points].slice(1)) },
    { ...quick, levels: 1, trees: 2, searchTrees: 2 },
    context(),
  );
  expect(outcome).toMatchObject({ ok: true, metrics: { images: { value: 11 } } });
  expect(outcome.ok && outcome.notes?.map((n) => n.code)).toEqual(["images-without-points", "few-images"]);
});

test("too little memory is said before anything is read", async () => {
  const outcome = await plugin.run({ images, points }, quick, { ...context(), memory: 1e6 });
  expect(outcome).toMatchObject({ ok: false, diagnostics: [{ code: "memory-too-small" }] });
});
