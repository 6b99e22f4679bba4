import { expect, test } from "vitest";
import { encodeWithSharp, fakeRun } from "../../test/support/fake-run.js";
import { pixelGrid } from "../core/grid.js";
import { worldPoints } from "../core/points.js";
import { sequence, type Transform } from "../core/transform.js";
import { bendingOf } from "./bending.js";
import { areaLimit, areaPicture, arrowFactor, gridFactor, gridFigure, lengthPicture } from "./bending-figures.js";
import { bendingSection } from "./bending-section.js";
import { buildReport } from "./report.js";

const [width, height] = [241, 181];
const grid = pixelGrid(width, height);
const under = { href: "data:image/webp;base64,AA==", width, height };
const access = { value: async () => undefined, encode: encodeWithSharp };
const broken = /(?:[dxy]|width|viewBox)="[^"]*(NaN|Infinity|undefined)/;
const textOf = (markup: { text: string } | undefined) =>
  (markup?.text ?? "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

/** A displacement field whose offsets are a function of place. */
function field(offset: (x: number, y: number) => readonly [number, number]): Transform {
  const offsets = new Float32Array(2 * width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) offsets.set(offset(x, y), 2 * (y * width + x));
  return { type: "displacement", grid, offsets };
}

const wave = field((x, y) => [0, 3 * Math.sin((2 * Math.PI * x) / 120) * (y >= 0 ? 1 : 0)]);
const turn: Transform = { type: "affine", matrix: [0.98, -0.17, 30, 0.17, 0.98, -18] };
const shown = (t: Transform) => bendingSection(access, t, grid, grid, under);

test("what a field adds to its affine part is found, also behind a turn", () => {
  for (const t of [wave, sequence(wave, turn)]) {
    const bending = bendingOf(t, grid, pixelGrid(400, 400))!;
    expect(bending.columns).toBe(96);
    expect(bending.rows).toBe(72);
    expect(bending.longest).toBeGreaterThan(2.2);
    expect(bending.longest).toBeLessThan(4.5);
    expect(bending.typical).toBeGreaterThan(1.4);
    expect(bending.typical).toBeLessThan(2.2);
    expect(bending.foldedShare).toBe(0);
    // A shear keeps areas.
    expect(bending.extremes[0]).toBeGreaterThan(0.98);
    expect(bending.extremes[1]).toBeLessThan(1.02);
  }
});

test("where the moving image takes more room the area is larger, in a map turned over as well", () => {
  const swelling = field((x) => [x < 120 ? 0.2 * x : 24, 0]);
  const mirror: Transform = { type: "affine", matrix: [-1, 0, 280, 0, 1, 0] };
  for (const t of [swelling, sequence(swelling, mirror)]) {
    const { area, columns, foldedShare } = bendingOf(t, grid, pixelGrid(400, 200))!;
    expect(foldedShare).toBe(0);
    const row = 30 * columns;
    expect(area[row + 10]! / area[row + 80]!).toBeCloseTo(1.2, 2);
  }
});

test("folds are found and said to be wrong", async () => {
  const fold = field((x) => [x > 100 && x < 120 ? -1.5 * (x - 100) : x >= 120 ? -30 : 0, 0]);
  const bending = bendingOf(fold, grid, grid)!;
  expect(bending.foldedShare).toBeGreaterThan(0.05);
  expect(bending.foldedShare).toBeLessThan(0.12);
  expect(bending.extremes[0]).toBeLessThan(0);
  expect(gridFactor(bending, under)).toBe(1);
  expect(areaLimit(bending)).toBe(4);
  const text = textOf(await shown(fold));
  expect(text).toMatch(/It folds over itself on [\d.]+ % of the image/);
  expect(text).toContain("Here the map folds over itself.");
});

test("small bends are drawn larger, and it is said how much", async () => {
  const bending = bendingOf(wave, grid, grid)!;
  const factor = gridFactor(bending, under);
  expect([2, 5]).toContain(factor);
  expect(arrowFactor(bending, under, 16)).toBe(2);
  const text = textOf(await shown(wave));
  expect(text).toContain(`drawn ${factor} times as far as they do`);
  expect(text).toContain("drawn 2 times as far as they do");
  expect(text).toContain("It folds over itself nowhere.");
});

test("nothing is drawn where the moving image is not met", () => {
  const bending = bendingOf(wave, grid, pixelGrid(120, 181))!;
  const [{ data, width: columns }, length] = [areaPicture(bending, 1.2), lengthPicture(bending, 5)];
  const alpha = (of: Uint8Array, k: number) => of[3 * columns * bending.rows + k]!;
  const row = 40 * columns;
  // The straight grid is drawn all the same.
  expect(/class="before" d="([^"]*)"/.exec(gridFigure(bending, under, 5).text)![1]!.match(/L/g)).toHaveLength(30);
  expect([alpha(data as Uint8Array, row + 20), alpha(data as Uint8Array, row + 60)]).toEqual([190, 0]);
  expect([alpha(length.data as Uint8Array, row + 20), alpha(length.data as Uint8Array, row + 60)]).toEqual([190, 0]);
});

test("maps that do not bend, are defined nowhere, or are hostile do not break it", async () => {
  expect(await shown(turn)).toBeUndefined();
  const nowhere = field(() => [Number.NaN, 0]);
  expect(textOf(await shown(nowhere))).toContain("Hardly any place of the fixed image has one in the moving image");
  const knots = worldPoints(Array.from({ length: 40_000 }, (_, i) => (i * 7919) % 241));
  const weights = (v: number) => new Float64Array(knots.length).fill(v);
  const straight = [1, 0, 0, 0, 1, 0] as const;
  for (const t of [
    { type: "tps", affine: straight, knots, weights: weights(1e300) },
    { type: "tps", affine: straight, knots, weights: weights(1e-12) },
    { type: "bspline", lattice: grid, coefficients: new Float64Array(2 * width * height).fill(Number.NaN) },
    { type: "sequence", steps: [wave, { type: "inverse", of: wave }] },
    field((x, y) => [(x * 7919) % 100, (y * 104729) % 100]),
    field((x, y) => ((x + y) % 2 ? [Number.NaN, 0] : [0, 0])),
    field(() => [0, 0]),
  ] satisfies Transform[]) {
    const text = (await shown(t))!.text;
    expect(text).not.toMatch(broken);
    expect(text.length).toBeLessThan(120_000);
  }
  const thin = pixelGrid(1, 1);
  expect(textOf(await bendingSection(access, wave, thin, thin, { ...under, width: 1, height: 1 }))).toContain(
    "Hardly any",
  );
});

test("a report shows how a registration bends in place of its sentence on areas", async () => {
  const { record, access: run, values } = fakeRun();
  const one = values.get("affine transform") as { transform: Transform; fixed: typeof grid };
  const lattice = { ...pixelGrid(8, 8), worldFromPixel: [100, 0, -100, 0, 100, -100] as const };
  const coefficients = Float64Array.from({ length: 128 }, (_, i) => ((i * 7919) % 11) - 5);
  const transform = sequence({ type: "bspline", lattice, coefficients }, one.transform);
  values.set("affine transform", { ...one, transform });
  const page = await buildReport(record, run);
  expect(page.match(/class="chart bend"/g)).toHaveLength(3);
  expect(page).toContain("Sequence of 2 maps, applied one after the other: b-spline, affine map");
  expect(page).not.toContain("It is not the same everywhere");
  const without = await buildReport(record, {
    ...run,
    value: async (id, port) => (port === "transform" ? run.value(id, port) : undefined),
  });
  expect(without).not.toContain('class="chart bend"');
  expect(without).toContain("It is not the same everywhere");
});
