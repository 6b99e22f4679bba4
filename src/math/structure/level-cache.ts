import type { Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import type { StructureFields } from "./fields.js";
import type { StructureImage } from "./image.js";
import { shrinkPlane } from "./levels.js";

/** An image at a coarser size. */
export interface Level {
  readonly channels: readonly Plane[];
  readonly width: number;
  readonly height: number;
  /** Pixel of the image's channels to pixel of the level. */
  readonly levelFromImage: Matrix3;
}

/** Fields as the kernels of the tie grid take them; see src/kernel/assembly/tie-surface.ts. */
export interface PackedFields {
  readonly width: number;
  readonly height: number;
  /** Row length in pixels, rim included. */
  readonly stride: number;
  /** Addresses: four int16 per pixel; one int16 per pixel. */
  readonly products: number;
  readonly energy: number;
  readonly seen: number;
  readonly seenCount: number;
}

/** @param rim  pixels of zeros on every side; @param weight4  how much fourfold angles count */
export function packFields(arena: Arena, fields: StructureFields, rim: number, weight4: number): PackedFields {
  const { width, height, z2, z4, valid } = fields;
  const stride = width + 2 * rim;
  const count = stride * (height + 2 * rim);
  const zeros = (bytes: number): number => {
    const at = arena.bytes(bytes);
    if (rim > 0) arena.u8(at, bytes).fill(0);
    return at;
  };
  const [products, energy, seen] = [zeros(8 * count), zeros(2 * count), zeros(2 * count)];
  kernels().rows("packFields", height, [
    ...[z2.re, z2.im, z4.re, z4.im, valid, fields.stride, width],
    ...[products, energy, seen, stride, rim, weight4],
  ]);
  return { width, height, stride, products, energy, seen, seenCount: fields.validCount };
}

/** Levels of one image, made when first asked for; they live as long as the arena. */
export class LevelCache {
  readonly #levels = new Map<string, Level>();

  constructor(
    readonly arena: Arena,
    readonly image: Pick<StructureImage, "channels">,
  ) {}

  get width(): number {
    return this.image.channels[0]!.width;
  }
  get height(): number {
    return this.image.channels[0]!.height;
  }

  /** The level whose sides are `factor` (at most 1) times the image's, rounded; at least 16 pixels. */
  at(factor: number): Level {
    const side = (n: number) => Math.min(n, Math.max(16, Math.round(n * factor)));
    const [width, height] = [side(this.width), side(this.height)];
    const key = `${width} ${height}`;
    let level = this.#levels.get(key);
    if (!level) {
      const { channels } = this.image;
      const whole = width === this.width && height === this.height;
      const [x, y] = [width / this.width, height / this.height];
      level = {
        ...{ width, height },
        channels: whole ? channels : channels.map((plane) => shrinkPlane(this.arena, plane, width, height)),
        levelFromImage: [x, 0, (x - 1) / 2, 0, y, (y - 1) / 2, 0, 0, 1],
      };
      this.#levels.set(key, level);
    }
    return level;
  }
}
