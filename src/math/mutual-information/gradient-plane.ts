import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { blurPlane } from "../blur.js";
import { emptyPlane, type Plane } from "../plane.js";

/** Blur before the derivatives, pixels. */
const SIGMA = 1;

/** Root of the gradient's length: where edges run, strong and weak ones both; NaN where there is no observation. */
export function gradientPlane(arena: Arena, plane: Plane): Plane {
  const k = kernels();
  const { width, height } = plane;
  const smooth = blurPlane(arena, plane, SIGMA);
  const [dx, dy] = [emptyPlane(arena, width, height), emptyPlane(arena, width, height)];
  const line = k.scratch(arena, 8 * (width + 16) + 64);
  k.rows("gradient", height, [
    ...[smooth.at, smooth.stride, dx.at, dy.at, dx.stride, width, height, 3 / 16, 10 / 16, line],
  ]);
  k.rows("gradientLength", height, [dx.at, dy.at, dx.at, dx.stride, width]);
  const samples = arena.f32(dx.at, dx.stride * height);
  for (let y = 0; y < height; y++)
    for (let i = y * dx.stride; i < y * dx.stride + width; i++) samples[i] = Math.sqrt(samples[i]!);
  for (const at of [smooth.at, dy.at, line.base]) arena.free(at);
  return dx;
}
