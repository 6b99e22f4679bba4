import { type Kernels, kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { type BytePlane, bytePlane, levelCount, SHRINK, shrink, shrinkFactor } from "./byte-pyramid.js";
import type { Keypoints } from "./keypoints.js";
import { type GrayImage, grayRows, rowStride } from "./scale-space.js";
import { clearOf } from "./support.js";

/** Levels have room for the largest patch around a point between their borders. */
const LEAST_SIDE = 37;
const MOST_LEVELS = 16;

/**
 * The size of a keypoint (see `Keypoints`) whose patch is described on the pyramid's level 0: corners found there have it.
 * A patch of 15 pixels all around is then as wide as SIFT's window at that size.
 */
export const CORNER_SCALE = 2;

/**
 * What detectors and descriptors look at: one image, and what is derived from it, each made when first asked for.
 *
 * All of it lies in the arena that the views were made with.
 */
export class ImageViews {
  readonly width: number;
  readonly height: number;
  /** Levels of the byte pyramid that are large enough to look at. */
  readonly levelCount: number;
  readonly kernels: Kernels = kernels();
  readonly #arena: Arena;
  readonly #levels: BytePlane[] = [];
  readonly #derived = new Map<string, unknown>();
  #rows: { address: number; stride: number } | undefined;
  #integral: { at: number; stride: number } | undefined;
  #clear: ReturnType<typeof clearOf> | undefined;

  constructor(
    arena: Arena,
    /** Nominal range 0..1. */
    readonly gray: GrayImage,
    /** One byte per pixel: 0 where there is no observation. */
    readonly mask?: Uint8Array,
    /** Rows per chunk, for tests: changes no byte. */
    readonly grain?: number,
  ) {
    this.#arena = arena;
    this.width = gray.width;
    this.height = gray.height;
    this.levelCount = levelCount(gray.width, gray.height, MOST_LEVELS, LEAST_SIDE);
  }

  /** The gray image's rows in kernel memory, float32. */
  get rows(): { address: number; stride: number } {
    this.#rows ??= grayRows(this.#arena, this.gray);
    return this.#rows;
  }

  /** What else is derived from the image, by name: made in its arena when first asked for. */
  derived<T>(name: string, make: (arena: Arena) => T): T {
    if (!this.#derived.has(name)) this.#derived.set(name, make(this.#arena));
    return this.#derived.get(name) as T;
  }

  /** Size of level n of the byte pyramid. */
  sizeOf(n: number): { readonly width: number; readonly height: number } {
    const factor = shrinkFactor(n);
    return { width: Math.round(this.width / factor), height: Math.round(this.height / factor) };
  }

  /** Level n of the byte pyramid, 1.2 to the n times smaller; 0..1 is 0..255. */
  level(n: number): BytePlane {
    for (let i = this.#levels.length; i <= n; i++) {
      if (i === 0) {
        const { width, height, kernels: k } = this;
        const plane = bytePlane(this.#arena, width, height);
        const from = this.rows;
        k.rows("byteRows", height, [from.address, from.stride, plane.at, plane.stride, width], this.grain ?? 64);
        this.#levels.push(plane);
        continue;
      }
      const { width, height } = this.sizeOf(i);
      this.#levels.push(shrink(this.kernels, this.#arena, this.#levels[i - 1]!, width, height, this.grain));
    }
    return this.#levels[n]!;
  }

  /** Sums of the bytes of level 0 over all that lies above and to the left: see the kernels `integralRows`. */
  get integral(): { readonly at: number; readonly stride: number } {
    if (this.#integral) return this.#integral;
    const { kernels: k, width, height, grain = 64 } = this;
    const level = this.level(0);
    const stride = rowStride(width + 1);
    const at = this.#arena.bytes(4 * stride * (height + 1));
    k.rows("integralRows", height, [level.at, level.stride, width, at, stride], grain);
    k.rows("integralColumns", stride / 16, [height, at, stride], Math.ceil(grain / 8));
    this.#integral = { at, stride };
    return this.#integral;
  }

  /** The level on which a keypoint of this size is described. */
  levelOf(scale: number): number {
    let n = 0;
    // Half a step of 1.2, that is, times its square root.
    for (let s = scale / CORNER_SCALE; s >= Math.sqrt(SHRINK) && n < this.levelCount - 1; s /= SHRINK) n++;
    return n;
  }

  /** Whether a disc lies inside the image. */
  holds(x: number, y: number, radius: number): boolean {
    return x >= radius && y >= radius && x <= this.width - 1 - radius && y <= this.height - 1 - radius;
  }

  /** Whether a disc lies on observed pixels alone. */
  isClear(x: number, y: number, radius: number): boolean {
    if (!this.mask) return true;
    this.#clear ??= clearOf(this.mask, this.width, this.height);
    return this.#clear(x, y, radius);
  }
}

/** From the image's pixels to a level's, and back: pixels' areas map onto each other. */
export const onLevel = (v: number, size: number, levelSize: number): number => ((v + 0.5) * levelSize) / size - 0.5;
export const offLevel = (v: number, size: number, levelSize: number): number => ((v + 0.5) * size) / levelSize - 0.5;

/** Keypoints that are described on one level of the pyramid. */
export interface LevelPoints {
  readonly octave: number;
  /** Their indices, ascending. */
  readonly of: readonly number[];
  /** Their places on the level, interleaved x, y. */
  readonly points: Float32Array;
}

/** Sorts keypoints by level, the finest first, leaving out those nearer than `border` pixels of the level to its edge. */
export function pointsByLevel(
  views: ImageViews,
  keypoints: Pick<Keypoints, "count" | "x" | "y" | "scale">,
  border: number,
): LevelPoints[] {
  const lists = Array.from({ length: views.levelCount }, (): { of: number[]; at: number[] } => ({ of: [], at: [] }));
  for (let i = 0; i < keypoints.count && lists.length > 0; i++) {
    const octave = views.levelOf(keypoints.scale[i]!);
    const { width, height } = views.sizeOf(octave);
    const x = onLevel(keypoints.x[i]!, views.width, width);
    const y = onLevel(keypoints.y[i]!, views.height, height);
    if (!(x >= border && y >= border && x <= width - 1 - border && y <= height - 1 - border)) continue;
    lists[octave]!.of.push(i);
    lists[octave]!.at.push(x, y);
  }
  return lists.flatMap(({ of, at }, octave) => (of.length > 0 ? [{ octave, of, points: Float32Array.from(at) }] : []));
}
