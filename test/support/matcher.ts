import { expect, test } from "vitest";
import { pixelGrid } from "../../src/core/grid.js";
import type { Image } from "../../src/core/image.js";
import type { Matches } from "../../src/core/matches.js";
import { type AnyPlugin, type Context, camel, kebab, type Outcome } from "../../src/core/plugin.js";
import { parseQuantity } from "../../src/core/quantity.js";
import { seededRandom } from "../../src/math/random.js";
import { memoryImage } from "./image.js";
import { project, texturedScene, viewImage } from "./scene.js";

/** What a plugin sees as its parameters: its defaults, and what a test changes. */
export function paramsOf(plugin: AnyPlugin, changed: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(plugin.params as Record<string, Record<string, unknown>>)) {
    const value = changed[name] ?? schema.default;
    if (value === undefined) continue;
    if (typeof schema.unit === "string" && typeof value === "string") {
      const read = parseQuantity(value, schema.unit as "length");
      if (!read.ok) throw new Error(`Internal error: ${kebab(name)}: ${value}`);
      out[camel(name)] = read.value;
    } else out[camel(name)] = value;
  }
  return out;
}

export const context = (signal = new AbortController().signal): Context => ({
  signal,
  random: seededRandom(1),
  memory: 1e9,
  progress: () => {},
});

type MatchOutcome = Outcome<{ readonly matches: "matches" }>;

export async function match(
  plugin: AnyPlugin,
  inputs: { fixed: Image; moving: Image; fixedMask?: Image; movingMask?: Image },
  changed: Readonly<Record<string, unknown>> = {},
): Promise<MatchOutcome> {
  return (await plugin.run(inputs, paramsOf(plugin, changed), context())) as MatchOutcome;
}

export function matchesOf(outcome: MatchOutcome): Matches {
  if (outcome.ok) return outcome.value.matches;
  throw new Error(outcome.diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
}

/** Share of the matches that lie within a distance of the truth, and how many there are. */
export function agreement(
  matches: Pick<Matches, "fixed" | "moving">,
  movingFromFixed: readonly number[],
  distance: number,
): { share: number; count: number } {
  const count = matches.fixed.length / 2;
  let good = 0;
  for (let i = 0; i < count; i++) {
    const [x, y] = project(movingFromFixed, matches.fixed[2 * i]!, matches.fixed[2 * i + 1]!);
    if (Math.hypot(x - matches.moving[2 * i]!, y - matches.moving[2 * i + 1]!) < distance) good++;
  }
  return { share: good / count, count };
}

/** The matrix from scene to view for the moving image of the suite: turned by 12 degrees, 0.92 times the size, a little tilted. */
const fixedFromMoving = [1.06, -0.23, 41, 0.22, 1.05, -22, 6e-5, -4e-5, 1];
export const movingFromFixed = inverse3(fixedFromMoving);

/** The suite that every matcher of two images passes. */
export function testMatcher(
  plugin: AnyPlugin,
  claims: { readonly least: number; readonly share: number; readonly within: number; readonly code: string },
): void {
  const size = { width: 320, height: 256 };
  const scene = texturedScene(11);
  const pair = (dtype: "uint8" | "uint16" | "float32" = "uint8", more: object = {}) => ({
    fixed: viewImage(scene, { ...size, dtype, noise: 1, seed: 1, ...more }),
    moving: viewImage(scene, { ...size, dtype, noise: 1, seed: 2, sceneFromPixel: fixedFromMoving, ...more }),
  });

  test.each(["uint8", "uint16", "float32"] as const)("finds a known projective map (%s)", async (dtype) => {
    const outcome = await match(plugin, pair(dtype));
    const matches = matchesOf(outcome);
    const { share, count } = agreement(matches, movingFromFixed, claims.within);
    expect(count).toBeGreaterThanOrEqual(claims.least);
    expect(share).toBeGreaterThanOrEqual(claims.share);
    expect(matches.weight).toHaveLength(count);
    expect(Array.from(matches.weight!)).toEqual(Array.from(matches.weight!).sort((a, b) => b - a));
    expect(Math.max(...matches.weight!)).toBeLessThanOrEqual(1);
    expect(Math.min(...matches.weight!)).toBeGreaterThanOrEqual(0);
    expect(outcome.ok && outcome.metrics?.matches?.value).toBe(count);
    expect(matches.detected!.fixed).toBeGreaterThanOrEqual(count);
  });

  test("gives the same matches twice, and says which images they are of", async () => {
    const images = pair();
    const once = matchesOf(await match(plugin, images));
    expect(matchesOf(await match(plugin, images))).toEqual(once);
    expect(once.images!.fixed).toBe(images.fixed);
    expect(once.images!.moving).toBe(images.moving);
  });

  test("moving the world moves the matches with it", async () => {
    const plain = matchesOf(await match(plugin, pair()));
    const grid = { ...pixelGrid(size.width, size.height), worldFromPixel: [0.5, 0, 100, 0, -0.5, 900, 0] as never };
    const placed = matchesOf(await match(plugin, pair("uint8", { grid })));
    expect(placed.fixed.length).toBe(plain.fixed.length);
    for (let i = 0; i < plain.fixed.length; i += 2) {
      expect(placed.fixed[i]).toBeCloseTo(0.5 * plain.fixed[i]! + 100, 9);
      expect(placed.moving[i + 1]).toBeCloseTo(-0.5 * plain.moving[i + 1]! + 900, 9);
    }
  });

  test("no tie point begins or ends in the pixel of another", async () => {
    const matches = matchesOf(await match(plugin, pair()));
    for (const points of [matches.fixed, matches.moving]) {
      const pixels = new Set<string>();
      for (let i = 0; i < points.length; i += 2) pixels.add(`${Math.round(points[i]!)} ${Math.round(points[i + 1]!)}`);
      expect(pixels.size).toBe(points.length / 2);
    }
  });

  test("nothing is found on nodata or under a mask", async () => {
    const { fixed, moving } = pair();
    const { data } = await fixed.read({ x: 0, y: 0, ...size });
    const left = data.map((v, i) => (i % size.width < 150 ? 0 : Math.max(1, v)));
    const holed = memoryImage(Uint8Array.from(left), fixed.grid, { nodata: 0 });
    const mask = memoryImage(
      Uint8Array.from(left, (v) => (v === 0 ? 0 : 1)),
      fixed.grid,
      { meaning: "mask" },
    );
    for (const inputs of [
      { fixed: holed, moving },
      { fixed, moving, fixedMask: mask },
    ]) {
      const { fixed: points } = matchesOf(await match(plugin, inputs));
      expect(points.length).toBeGreaterThan(20);
      for (let i = 0; i < points.length; i += 2) expect(points[i]).toBeGreaterThan(151);
    }
  });

  const blank = (value: number, width = 200, height = 150) =>
    memoryImage(new Float32Array(width * height).fill(value), pixelGrid(width, height));
  test.each([
    ["blank", blank(7)],
    ["of NaN alone", blank(Number.NaN)],
    ["of infinity alone", blank(Number.POSITIVE_INFINITY)],
    ["of one pixel", blank(1, 1, 1)],
    ["of one row", blank(1, 300, 1)],
    ["of nodata alone", { ...blank(0), nodata: 0 }],
  ] as const)("an image %s gives a diagnostic with a hint", async (_, bad) => {
    const outcome = await match(plugin, { fixed: pair().fixed, moving: bad });
    expect(outcome.ok).toBe(false);
    const [first] = outcome.ok ? [] : outcome.diagnostics;
    expect(first?.code).toBe(claims.code);
    expect(first?.message).toContain("moving");
    expect(first?.hint).toBeTruthy();
  });

  test("a mask of another size is refused", async () => {
    const images = pair();
    const outcome = await match(plugin, { ...images, fixedMask: blank(1, 10, 10) });
    expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["mask-size"]);
  });

  test("an image that cannot fit the memory is refused with the numbers before a pixel is read", async () => {
    const { grid } = blank(0, 1, 1);
    const large: Image = {
      ...{ ...blank(0, 1, 1), grid: { ...grid, width: 5000, height: 4000 } },
      read: () => Promise.reject(new Error("Internal error: a pixel was read")),
    };
    const run = async (memory: number) =>
      (await plugin.run({ fixed: pair().fixed, moving: large }, paramsOf(plugin), {
        ...context(),
        memory,
      })) as MatchOutcome;
    const outcome = await run(99e6);
    expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
      {
        code: "memory-too-small",
        message: expect.stringContaining("moving image at 5000 x 4000 px takes 100 MB for its pixels alone"),
        hint: expect.stringContaining("--memory"),
      },
    ]);
    await expect(run(101e6)).rejects.toThrow("a pixel was read");
  });

  test("a coarser level gives matches in the same world", async () => {
    const matches = matchesOf(await match(plugin, pair(), { maxSide: "160 px" }));
    expect(agreement(matches, movingFromFixed, 2 * claims.within).share).toBeGreaterThanOrEqual(claims.share - 0.05);
  });

  test("stops when it is told to", async () => {
    const stop = new AbortController();
    const images = pair();
    stop.abort();
    await expect(plugin.run(images, paramsOf(plugin), context(stop.signal))).rejects.toThrow(/abort/i);
  });
}

function inverse3(m: readonly number[]): readonly number[] {
  const [a, b, c, d, e, f, g, h, i] = m as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ].map((v) => v / det);
}
