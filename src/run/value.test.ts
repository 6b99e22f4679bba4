import { expect, test } from "vitest";
import { pixelGrid } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { decodeValue, encodeValue, type PortRef } from "./value.js";

const image = (key: string): Image => ({
  grid: pixelGrid(2, 2),
  dtype: "uint8",
  bands: ["gray"],
  meaning: "intensity",
  tile: { width: 2, height: 2 },
  recipe: { key, port: "image", plugin: "p", params: {}, seed: 0, inputs: {} },
  read: () => Promise.reject(new Error("not read here")),
});
const noImages = (ref: PortRef) => Promise.reject(new Error(`no image ${ref.key}`));
const roundTrip = (value: unknown) => decodeValue(encodeValue(value), noImages);

test("values come back with their arrays, maps and odd numbers", async () => {
  const value = {
    points: new Float64Array([1.5, -0, Number.NaN]),
    offsets: new Float32Array([0.25]),
    flags: new Uint8Array([1, 0]),
    counts: new Uint32Array([4294967295]),
    items: new Map<string, unknown>([
      ["b", 1],
      ["a", [new Int16Array([-3])]],
    ]),
    numbers: [Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-300, null],
    $odd: { $f64: "not an array" },
    nested: { deep: { empty: {}, text: "ü" } },
  };
  const back = (await roundTrip(value)) as typeof value;
  expect(back).toEqual(value);
  expect([...back.items.keys()]).toEqual(["b", "a"]);
  expect(Object.is(back.numbers[2], -0)).toBe(true);
});

test("a view of a longer buffer is stored as the view alone", async () => {
  const whole = new Float64Array([1, 2, 3, 4]);
  expect(await roundTrip(whole.subarray(1, 3))).toEqual(new Float64Array([2, 3]));
});

test("equal values have equal bytes whatever the order of their keys", () => {
  expect(encodeValue({ a: 1, b: { c: 2, d: undefined } })).toBe(encodeValue({ b: { c: 2 }, a: 1 }));
});

test("the columns of a table keep their order", async () => {
  const table = { columns: { z: [1, Number.NaN], a: ["x", "y"] } };
  const back = (await roundTrip({ table })) as { table: typeof table };
  expect(back.table).toEqual(table);
  expect(Object.keys(back.table.columns)).toEqual(["z", "a"]);
});

test("a key such as __proto__ stays a key", async () => {
  const value = JSON.parse('{"__proto__": {"polluted": 1}}') as object;
  const back = (await roundTrip({ value })) as { value: object };
  expect(Object.keys(back.value)).toEqual(["__proto__"]);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

test("images are stored as where they come from, and each is asked for once", async () => {
  const text = encodeValue({ fixed: image("k1"), moving: image("k2"), again: image("k1") });
  const asked: string[] = [];
  const back = (await decodeValue(text, async (ref) => {
    asked.push(ref.key);
    return image(ref.key);
  })) as Record<string, Image>;
  expect(asked.sort()).toEqual(["k1", "k2"]);
  expect(back.moving?.recipe?.key).toBe("k2");
});

test("an image that no step gave cannot be stored", () => {
  const { recipe: _, ...bare } = image("k");
  expect(() => encodeValue({ bare })).toThrow("must be inputs of its step");
});
