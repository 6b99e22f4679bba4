// Makes one picture with a grid drawn on it, and one transform of every family for it, all about its middle:
//   node examples/make-warps.mjs FOLDER [SIZE]
// turn.json and back.json are a rotation by 30 degrees and its reverse; translation.json, rigid.json, similarity.json,
// affine.json, projective.json, tps.json, bspline.json and displacement.json move the picture by up to a tenth of its size.
// Needs the project to be built (`npm run build`).
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { writePng } from "./make-sample.mjs";

/** Shares of a picture's side: places on a 5 by 5 lattice, and where a twist and a bulge take them. */
function bentPlaces() {
  const places = [];
  for (let j = 0; j < 5; j++) for (let i = 0; i < 5; i++) places.push([i / 4, j / 4]);
  return places.map(([x, y]) => {
    const [dx, dy] = [x - 0.5, y - 0.5];
    const near = 1 / (1 + 12 * (dx * dx + dy * dy));
    return { from: [x, y], by: [(-0.5 * dy - 0.25 * dx) * near, (0.5 * dx - 0.25 * dy) * near] };
  });
}

/** Every map is from the pixels of the output to those of the picture, which both have the same size. */
export async function transforms(size) {
  const { thinPlateSmoother } = await import("../dist/src/math/bending/thin-plate-smoother.js");
  const { kernels } = await import("../dist/src/kernel/lane.js");
  const middle = (size - 1) / 2;
  /** A matrix about the middle, then a shift by shares of the size. */
  const about = ([a, b, c, d], [x, y] = [0, 0]) => ({
    type: "affine",
    matrix: [
      ...[a, b, middle - a * middle - b * middle + x * size],
      ...[c, d, middle - c * middle - d * middle + y * size],
    ],
  });
  // Cosines and sines of 30 and of about 12 degrees.
  const [c30, s30] = [Math.sqrt(3) / 2, 0.5];
  const [c12, s12] = [0.98, Math.sqrt(1 - 0.98 ** 2)];
  const grid = (count, margin) => {
    const step = (size - 1) / (count - 1 - 2 * margin);
    const worldFromPixel = [step, 0, -margin * step, 0, step, -margin * step];
    return { width: count, height: count, worldFromPixel, crs: "px" };
  };
  const places = bentPlaces();
  const from = Float64Array.from(places.flatMap(({ from: [x, y] }) => [x * (size - 1), y * (size - 1)]));
  const to = Float64Array.from(
    places.flatMap(({ from: [x, y], by: [u, v] }) => [(x + u) * (size - 1), (y + v) * (size - 1)]),
  );
  const weight = new Float64Array(places.length).fill(1);
  const arena = kernels().arena();
  const tps = thinPlateSmoother(arena, from, weight).value.solve(to, 0).transform;
  // A bump of one coefficient is a knock that does not reach far: here of four.
  const lattice = grid(11, 2);
  const coefficients = new Float64Array(2 * 11 * 11);
  for (const [i, j, x, y] of [
    [4, 4, 0.08, 0.05],
    [7, 3, -0.06, 0.07],
    [3, 7, 0.05, -0.08],
    [6, 7, -0.09, -0.02],
  ])
    coefficients.set([x * size, y * size], 2 * (11 * j + i));
  const field = grid(33, 0);
  const offsets = Float32Array.from({ length: 2 * 33 * 33 }, (_, k) => {
    const [i, j] = [(k >> 1) % 33, Math.floor((k >> 1) / 33)];
    // Waves of triangles, made smooth: without sines, so that every machine makes the same.
    const wave = (t) => {
      const u = t - Math.floor(t);
      return u < 0.5 ? 16 * u * (0.5 - u) : -16 * (u - 0.5) * (1 - u);
    };
    return 0.025 * size * (k & 1 ? wave(i / 12) : wave(j / 16));
  });
  const tilt = 0.35 / size;
  return {
    turn: about([c30, -s30, s30, c30]),
    back: about([c30, s30, -s30, c30]),
    translation: about([1, 0, 0, 1], [0.08, -0.05]),
    rigid: about([c12, -s12, s12, c12], [0.03, 0]),
    similarity: about([1.25 * c12, -1.25 * s12, 1.25 * s12, 1.25 * c12]),
    affine: about([1.15, 0.25, 0.05, 0.95]),
    projective: {
      type: "projective",
      matrix: [1.1, 0.12, -0.08 * size, 0, 1.25, -0.1 * size, 0, tilt, 1],
    },
    tps,
    bspline: { type: "bspline", lattice, coefficients },
    displacement: { type: "displacement", grid: field, offsets },
  };
}

/** A made-up land with a grid of 12 by 12 cells drawn on it, in memory. */
export async function gridPicture(size) {
  const { samplePair } = await import("../dist/src/samples/pairs.js");
  const { fixed } = samplePair("terrain", { size, bend: null, noise: 0 });
  const { data, bands } = await fixed.read({ x: 0, y: 0, width: size, height: size });
  const cell = size / 12;
  const isLine = (v) => Math.floor((v + 0.5 + cell / 2) / cell) !== Math.floor((v - 1 + cell / 2) / cell);
  for (let i = 0; i < size * size; i++) {
    if (!isLine(i % size) && !isLine(Math.floor(i / size))) continue;
    for (let b = 0; b < bands; b++) data[b * size * size + i] = b === 2 ? 120 : 250;
  }
  return { ...fixed, read: async () => ({ data, width: size, height: size, bands }) };
}

export async function makeWarps(folder, size = 480) {
  const { formatTransformFile } = await import("../dist/src/core/transform-json.js");
  const { pixelGrid } = await import("../dist/src/core/grid.js");
  const { samplePair } = await import("../dist/src/samples/pairs.js");
  mkdirSync(folder, { recursive: true });
  await writePng(samplePair("terrain", { size, bend: null, noise: 0 }).fixed, join(folder, "plain.png"));
  await writePng(await gridPicture(size), join(folder, "picture.png"));
  const grid = pixelGrid(size, size);
  for (const [name, transform] of Object.entries(await transforms(size))) {
    const text = formatTransformFile({ registration: { transform, fixed: grid, moving: grid }, fixed: {}, moving: {} });
    writeFileSync(join(folder, `${name}.json`), text);
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, size] = argv.slice(2);
  if (!folder) {
    console.error("usage: node examples/make-warps.mjs FOLDER [SIZE]");
    exit(2);
  }
  await makeWarps(folder, size ? Number(size) : undefined);
  console.log(`${folder}: a picture and ten transforms`);
}
