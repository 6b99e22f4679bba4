import { pixelGrid } from "../../src/core/grid.js";
import type { Image } from "../../src/core/image.js";
import { seededRandom } from "../../src/math/random.js";
import { memoryImage } from "./image.js";

/** A blob whose outline is an ellipse with two waves on it. */
export interface Blob {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly stretch: number;
  readonly turn: number;
  readonly waves: readonly number[];
}

/** Blobs that do not touch, spread over a square and beyond its border. */
export function blobs(seed: number, side: number, { pitch = 44, radius = [7, 14] } = {}): Blob[] {
  const random = seededRandom(seed);
  const out: Blob[] = [];
  for (let tries = 0; tries < (6 * side * side) / pitch ** 2; tries++) {
    const blob = {
      x: (1.6 * random() - 0.3) * side,
      y: (1.6 * random() - 0.3) * side,
      radius: radius[0]! + (radius[1]! - radius[0]!) * random(),
      stretch: 1 + 0.5 * random(),
      turn: 6.28 * random(),
      waves: [0.15 * random(), 6.28 * random(), 0.12 * random(), 6.28 * random()],
    };
    if (out.every((o) => (o.x - blob.x) ** 2 + (o.y - blob.y) ** 2 > (1.5 * (o.radius + blob.radius)) ** 2))
      out.push(blob);
  }
  return out;
}

/** Changes a share of blobs: a third of them goes, a third comes new, a third takes another form and size. */
export function changed(list: readonly Blob[], share: number, seed: number, side: number): Blob[] {
  const random = seededRandom(seed);
  const strangers = blobs(seed + 1, side);
  const out: Blob[] = [];
  for (const blob of list) {
    const fate = random() / share;
    if (fate < 1 / 3) continue;
    if (fate < 2 / 3) {
      const waves = [0.3 * random(), 6.28 * random(), 0.25 * random(), 6.28 * random()];
      out.push({ ...blob, x: blob.x + 3 * random(), radius: blob.radius * (0.8 + 0.3 * random()), waves });
    } else out.push(blob);
    if (fate < 1) {
      const stranger = strangers[Math.floor(strangers.length * random())]!;
      const free = (o: Blob) =>
        (o.x - stranger.x) ** 2 + (o.y - stranger.y) ** 2 > (1.5 * (o.radius + stranger.radius)) ** 2;
      if (list.every(free) && out.every(free)) out.push(stranger);
    }
  }
  return out;
}

/** 1 inside of a blob. `at` places a pixel in the world of the blobs. */
export function drawn(
  list: readonly Blob[],
  width: number,
  height: number,
  at: (x: number, y: number) => readonly [number, number],
  value: (index: number) => number = () => 255,
): Uint16Array {
  const out = new Uint16Array(width * height);
  const cells = new Map<string, number[]>();
  list.forEach((b, k) => {
    const r = 2 * b.radius;
    for (let i = Math.floor((b.x - r) / 64); i <= (b.x + r) / 64; i++)
      for (let j = Math.floor((b.y - r) / 64); j <= (b.y + r) / 64; j++) {
        const key = `${i} ${j}`;
        if (!cells.has(key)) cells.set(key, []);
        cells.get(key)!.push(k);
      }
  });
  for (let i = 0; i < out.length; i++) {
    const [x, y] = at(i % width, Math.floor(i / width));
    for (const k of cells.get(`${Math.floor(x / 64)} ${Math.floor(y / 64)}`) ?? []) {
      const b = list[k]!;
      const [dx, dy] = [x - b.x, y - b.y];
      const [c, s] = [Math.cos(b.turn), Math.sin(b.turn)];
      const [u, v] = [(c * dx + s * dy) / b.stretch, c * dy - s * dx];
      const angle = Math.atan2(v, u);
      const w = b.waves;
      const rim = b.radius * (1 + w[0]! * Math.cos(2 * angle + w[1]!) + w[2]! * Math.cos(3 * angle + w[3]!));
      if (u * u + v * v < rim * rim) out[i] = value(k);
    }
  }
  return out;
}

/** A pair of masks or labels under rigid motion, with a share of the regions changed. `map` is fixed to moving, 2 by 3. */
export function shapePair(
  seed: number,
  {
    side = 512,
    share = 0.3,
    meaning = "mask" as Image["meaning"],
    turn = undefined as number | undefined,
    scale = 1,
  } = {},
) {
  const random = seededRandom(seed + 900);
  const list = blobs(seed, side);
  const angle = turn ?? 6.28 * random();
  const [c, s] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const h = side / 2;
  const [tx, ty] = [h - c * h + s * h + 40 * random() - 20, h - s * h - c * h + 40 * random() - 20];
  const map = [c, -s, tx, s, c, ty];
  const back = (x: number, y: number) =>
    [(c * (x - tx) + s * (y - ty)) / scale ** 2, (c * (y - ty) - s * (x - tx)) / scale ** 2] as const;
  const number = (k: number) => (meaning === "labels" ? k + 1 : 255);
  // In the moving image labels have other numbers.
  const other = (k: number) => (meaning === "labels" ? 1000 - k : 255);
  const fixed = drawn(list, side, side, (x, y) => [x, y], number);
  const moving = drawn(changed(list, share, seed + 50, side), side, side, back, other);
  const face = { meaning };
  return {
    fixed: memoryImage(fixed, pixelGrid(side, side), face),
    moving: memoryImage(moving, pixelGrid(side, side), face),
    map,
  };
}
