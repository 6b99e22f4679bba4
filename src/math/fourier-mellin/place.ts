import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { boundsOf } from "../bounds.js";
import { cos, sin } from "../elementary.js";
import { capturePairs } from "../pairs/capture.js";
import type { PairJob } from "../pairs/pair-job.js";
import { type Plane, warpPlane } from "../plane.js";
import type { Turn } from "./turns.js";

/** A turn, a scale and a shift that may be the map, and how well the whitened images agree under it. */
export interface Placed {
  /** Pixels of fixed to pixels of moving. */
  readonly matrix: Matrix3;
  readonly turn: Turn;
  /** Whether half a turn was added to the turn's angle. */
  readonly isTwin: boolean;
  /** Whitened correlation where both overlap, weighed by the overlap; see `PairCapture`. */
  readonly score: number;
  /** The same at the best other place of this turn. */
  readonly rival: number;
}

/** As much of the shorter side must be left in both directions. */
const LEFT = 0.3;

/**
 * Follows each turn, and half a turn more, by the shift: the moving plane is turned and scaled onto the fixed one, and both are
 * correlated, whitened, over all shifts; holes are left out (see `capturePairs`).
 *
 * @param may  whether an angle comes into question, radians
 * @returns best first
 */
export function placeTurns(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  turns: readonly Turn[],
  may: (angle: number) => boolean = () => true,
): Placed[] {
  const placed: Placed[] = [];
  for (const turn of turns) {
    for (const isTwin of [false, true]) {
      const angle = turn.angle + (isTwin ? Math.PI : 0);
      if (!may(angle)) continue;
      const { plane, matrix } = turned(arena, moving, angle, turn.scale);
      const [place] = capturePairs(arena, [everywhere(fixed, plane)]);
      arena.free(plane.at);
      if (!place || !(place.score > 0)) continue;
      const { score, rival } = place;
      placed.push({
        matrix: multiplyMatrix3(matrix, [1, 0, -place.x, 0, 1, -place.y, 0, 0, 1]),
        ...{ turn, isTwin, score, rival },
      });
    }
  }
  return placed.sort((a, b) => b.score - a.score);
}

/** All shifts that leave enough to compare. */
function everywhere(a: Plane, b: Plane): PairJob {
  const along = (p: number, q: number) => {
    const left = LEFT * Math.min(p, q);
    return [(p - q) / 2, (p + q) / 2 - left] as const;
  };
  const [x, y] = [along(a.width, b.width), along(a.height, b.height)];
  return { a, b, expected: [x[0], y[0]], reach: [x[1], y[1]] };
}

/** All of a plane, turned back and scaled back so that it lies as the fixed one does; and its pixels' places in the plane. */
function turned(arena: Arena, plane: Plane, angle: number, scale: number): { plane: Plane; matrix: Matrix3 } {
  const [c, s] = [scale * cos(angle), scale * sin(angle)];
  const linear: Matrix3 = [c, -s, 0, s, c, 0, 0, 0, 1];
  const back = invertMatrix3(linear);
  const [w, h] = [plane.width - 1, plane.height - 1];
  const corners = [0, 0, w, 0, 0, h, w, h];
  const { x0, y0, x1, y1 } = boundsOf(
    Float64Array.from(corners, (_, i) => {
      const [x, y] = [corners[i & ~1]!, corners[i | 1]!];
      return i % 2 === 0 ? back[0] * x + back[1] * y : back[3] * x + back[4] * y;
    }),
  );
  const [left, top] = [Math.floor(x0), Math.floor(y0)];
  const matrix = multiplyMatrix3(linear, [1, 0, left, 0, 1, top, 0, 0, 1]);
  const width = Math.max(1, Math.ceil(x1) - left + 1);
  return { plane: warpPlane(arena, plane, matrix, width, Math.max(1, Math.ceil(y1) - top + 1), "linear"), matrix };
}
