import { expect, test } from "vitest";
import type { PixelData } from "../core/image.js";
import { type Halving, halve } from "./halve.js";

const numbers: Halving = { categorical: false, nodata: undefined, isFloat: false, highest: 255 };

/** Halves 5 by 2 pixels to 3. */
function halved<T extends PixelData>(from: T, how: Partial<Halving>): number[] {
  const to = from.slice(0, 3);
  halve(from, 5, 2, to, 3, { ...numbers, ...how });
  return [...to];
}

test("integers are averaged and rounded, and an odd edge counts only what is there", () => {
  expect(halved(Uint8Array.of(1, 2, 9, 9, 4, 3, 5, 9, 7, 6), {})).toEqual([3, 9, 5]);
  expect(halved(Uint16Array.of(65535, 65535, 0, 1, 65535, 65535, 65535, 0, 0, 0), {})).toEqual([65535, 0, 32768]);
});

test("negative integers round as positive ones do: halves up", () => {
  expect(halved(Int16Array.of(-1, -2, -9, 9, 4, -3, -5, -9, 7, -5), {})).toEqual([-3, 0, 0]);
  expect(halved(Int16Array.of(-1, -2, -9, 9, 4, -3, -5, -9, 7, -5), { nodata: -999 })).toEqual([-3, 0, 0]);
});

test("nodata is not mixed in, and no mean becomes nodata by chance", () => {
  expect(halved(Uint8Array.of(0, 2, 0, 0, 4, 3, 5, 0, 0, 0), { nodata: 0 })).toEqual([3, 0, 4]);
  expect(halved(Uint8Array.of(1, 3, 7, 7, 4, 1, 3, 7, 7, 4), { nodata: 2 })).toEqual([3, 7, 4]);
  expect(halved(Uint8Array.of(254, 254, 7, 7, 4, 254, 254, 7, 7, 4), { nodata: 254 })).toEqual([254, 7, 4]);
});

test("NaN is not mixed in", () => {
  const none = Number.NaN;
  const from = Float32Array.of(none, 2, none, none, 4, 3, 4, none, none, 5);
  expect(halved(from, { isFloat: true })).toEqual([3, none, 4.5]);
});

test("the most frequent label wins, the first at a tie", () => {
  expect(halved(Uint8Array.of(1, 8, 7, 6, 4, 8, 3, 5, 9, 5), { categorical: true })).toEqual([8, 7, 4]);
});

test("rows go where the stride says", () => {
  const to = new Uint8Array(8);
  halve(Uint8Array.of(1, 1, 3, 3, 1, 1, 3, 3, 5, 5, 7, 7), 4, 3, to, 4, numbers);
  expect([...to]).toEqual([1, 3, 0, 0, 5, 7, 0, 0]);
});
