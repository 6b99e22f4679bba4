import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import { type Plane, warpPlane } from "../plane.js";
import { visibleSide } from "./extent.js";
import { shrinkPlane } from "./levels.js";

/** An image as it would look mirrored or from aside. */
export interface View {
  readonly channels: readonly Plane[];
  /** Pixel of the view to pixel of the channels that it was made from. */
  readonly channelFromView: Matrix3;
  readonly flipped: boolean;
  readonly tilt: number;
}

/** The channels as they are. */
export const plainView = (channels: readonly Plane[]): View => ({
  channels,
  channelFromView: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  flipped: false,
  tilt: 1,
});

/** Mirrored at its vertical middle line. */
export function flippedView(arena: Arena, { channels, channelFromView, flipped, tilt }: View): View {
  const { width, height } = channels[0]!;
  const mirror: Matrix3 = [-1, 0, width - 1, 0, 1, 0, 0, 0, 1];
  return {
    channels: channels.map((plane) => warpPlane(arena, plane, mirror, width, height, "nearest")),
    channelFromView: multiplyMatrix3(channelFromView, mirror),
    flipped: !flipped,
    tilt,
  };
}

/**
 * Seen from aside: shorter by each of `tilts`, along each of four directions.
 *
 * @param side  what follows will look at a long side of this many pixels
 */
export function tiltedViews(arena: Arena, view: View, tilts: readonly number[], side: number): View[] {
  // Made at four times the size, so that what is shortened is averaged when it is reduced, not skipped.
  const { width, height } = view.channels[0]!;
  const ratio = Math.min(1, (4 * side) / visibleSide(view.channels[0]!));
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  const channels = ratio < 1 ? view.channels.map((plane) => shrinkPlane(arena, plane, w, h)) : view.channels;
  const [sx, sy] = [width / w, height / h];
  const larger: Matrix3 = [sx, 0, (sx - 1) / 2, 0, sy, (sy - 1) / 2, 0, 0, 1];
  const from = multiplyMatrix3(view.channelFromView, larger);
  return tilts.flatMap((tilt) =>
    [0, 1, 2, 3].map((eighth) => {
      const shorter = shortened(w, h, tilt, (Math.PI / 4) * eighth);
      return {
        channels: channels.map((plane) =>
          warpPlane(arena, plane, shorter.matrix, shorter.width, shorter.height, "linear"),
        ),
        channelFromView: multiplyMatrix3(from, shorter.matrix),
        flipped: view.flipped,
        tilt,
      };
    }),
  );
}

/** The view that is `tilt` times shorter along a direction, about its middle: its size, and its pixel to the original's. */
function shortened(
  width: number,
  height: number,
  tilt: number,
  angle: number,
): { matrix: Matrix3; width: number; height: number } {
  const [c, s] = [cos(angle), sin(angle)];
  const [a, b, d] = [c * c * tilt + s * s, c * s * (tilt - 1), s * s * tilt + c * c];
  const [p, q, , r, t] = invertMatrix3([a, b, 0, b, d, 0, 0, 0, 1]);
  const w = Math.max(1, Math.ceil(Math.abs(p) * width + Math.abs(q) * height - 1e-9));
  const h = Math.max(1, Math.ceil(Math.abs(r) * width + Math.abs(t) * height - 1e-9));
  const [x, y] = [(w - 1) / 2, (h - 1) / 2];
  const matrix: Matrix3 = [
    ...[a, b, (width - 1) / 2 - (a * x + b * y)],
    ...[b, d, (height - 1) / 2 - (b * x + d * y)],
    ...[0, 0, 1],
  ] as unknown as Matrix3;
  return { matrix, width: w, height: h };
}
