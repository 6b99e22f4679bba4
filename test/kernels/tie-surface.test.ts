import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { gaussianWeights } from "../../src/math/gaussian.js";
import { seededRandom } from "../../src/math/random.js";
import { packSlowly, settleSlowly, surfaceSlowly } from "../reference/tie-surface.js";

const [width, height] = [61, 53];
const stride = 64;
const RIM = 8;

/** Fields of a smooth angle, up to 2 long; a share of them unobserved. */
function fields(seed: number, shift: number, holes: boolean) {
  const random = seededRandom(seed);
  const values: number[][] = [];
  const seen: boolean[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const t = 3 * Math.sin((x + shift) / 5) + 2 * Math.cos(y / 4) + 0.3 * random();
      const w = 1 + Math.sin((x + shift) / 3 + y / 2);
      values.push(
        [w * Math.cos(2 * t), w * Math.sin(2 * t), w * Math.cos(4 * t), w * Math.sin(4 * t)].map(Math.fround),
      );
      seen.push(!holes || (x > 20 - y / 4 && random() > 0.02));
    }
  }
  return { values, seen };
}

test.each([
  [24, false, 64],
  [24, true, 1],
  [48, true, 2],
  [32, false, 1],
] as const)("surfaces agree with the slow twin's (blocks of %i, holes %s, grain %i)", (side, holes, grain) => {
  using arena = kernels().arena();
  const planes = [fields(1, 0, holes), fields(2, 3, holes)] as const;
  const weights = [0.7, 1] as const;
  const packed = planes.map(({ values, seen }, i) => {
    const rim = i === 0 ? 0 : RIM;
    const plane = (of: (k: number) => number) => {
      const out = new Float32Array(stride * height);
      for (let k = 0; k < width * height; k++) out[Math.floor(k / width) * stride + (k % width)] = of(k);
      return arena.put(out);
    };
    const rowLength = stride + 2 * rim;
    const count = rowLength * (height + 2 * rim);
    const [products, energy, observed] = [
      arena.put(new Int16Array(4 * count)),
      arena.put(new Int16Array(count)),
      arena.put(new Int16Array(count)),
    ];
    const inputs = [0, 1, 2, 3].map((c) => plane((k) => values[k]![c]!));
    kernels().rows(
      "packFields",
      height,
      [
        ...inputs,
        plane((k) => Number(seen[k])),
        stride,
        width,
        products,
        energy,
        observed,
        rowLength,
        rim,
        weights[i]!,
      ],
      7,
    );
    return { products, energy, observed, rowLength };
  });
  const [f, m] = packed as [(typeof packed)[0], (typeof packed)[0]];
  const corners = [
    [0, 0],
    [width - side, height - side],
    [5, 3],
    [13, 5],
  ] as const;
  const blur = gaussianWeights(1.2);
  const out = arena.bytes(corners.length * 289 * 4);
  const peaks = arena.bytes(corners.length * 12);
  kernels().rows(
    "tieSurfaces",
    corners.length,
    [
      ...[f.products, f.energy, f.observed, f.rowLength, m.products, m.energy, m.observed, m.rowLength],
      ...[arena.put(Int32Array.from(corners.flat())), side, arena.put(blur), blur.length - 1, 1.7],
      ...[out, peaks, kernels().scratch(arena, 8192)],
    ],
    grain,
  );
  const [slowF, slowM] = planes.map(({ values, seen }, i) => packSlowly(values, seen, width, height, weights[i]!)) as [
    ReturnType<typeof packSlowly>,
    ReturnType<typeof packSlowly>,
  ];
  corners.forEach(([x, y], n) => {
    const wanted = settleSlowly(surfaceSlowly(slowF, slowM, x, y, side, 1.7), blur);
    const found = arena.f32(out + n * 289 * 4, 289);
    // Sums are exact; single precision enters by the quotient and the blur.
    for (let i = 0; i < 289; i++) expect(found[i]).toBeCloseTo(wanted[i]!, 5);
    const best = found.indexOf(Math.max(...found));
    expect([...arena.i32(peaks + 12 * n, 2)]).toEqual([best % 17, Math.floor(best / 17)]);
    expect(arena.f32(peaks + 12 * n + 8, 1)[0]).toBe(found[best]);
  });
});

test("maps are scored by the values at the shifts they predict", () => {
  using arena = kernels().arena();
  const random = seededRandom(5);
  const count = 30;
  const surfaces = Float32Array.from({ length: count * 289 }, random);
  const centres = Float64Array.from({ length: 2 * count }, () => 2 * random() - 1);
  const maps = Float64Array.from({ length: 6 * 20 }, () => 10 * random() - 5);
  const out = arena.bytes(8 * 20);
  const args = [arena.put(maps), arena.put(centres), count, arena.put(surfaces), out];
  kernels().rows("scoreShifts", 20, args, 3);
  const found = arena.f64(out, 20);
  for (let k = 0; k < 20; k++) {
    const [a, b, c, d, e, f] = maps.subarray(6 * k, 6 * k + 6) as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    let wanted = 0;
    for (let n = 0; n < count; n++) {
      const [x, y] = [centres[2 * n]!, centres[2 * n + 1]!];
      const u = Math.round(a * x + b * y + c) + 8;
      const v = Math.round(d * x + e * y + f) + 8;
      if (u >= 0 && v >= 0 && u < 17 && v < 17) wanted += surfaces[n * 289 + v * 17 + u]!;
    }
    expect(found[k]).toBeCloseTo(wanted, 12);
  }
});
