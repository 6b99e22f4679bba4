import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { type Plane, warpPlane } from "../plane.js";
import { localStretch } from "../plausibility.js";
import { shrinkPlane } from "../structure/levels.js";
import { squaredMisfit } from "./block-misfit.js";
import { type BlockSurface, blockSurface, REACH } from "./block-surface.js";
import { binned, worthTable } from "./worth-table.js";

/** What blocks of an image say of a map: whether what each shows lies where the map puts it. */
export interface LocalLook {
  /** Blocks with something to see in both images. */
  readonly blocks: number;
  /** Share of them whose best place, of all within 8 pixels, is where the map puts it; chance gives 4.5 %. */
  readonly consistency: number;
  /** How far the map stands out from places around it: standard deviations of a block, over the root of their number. */
  readonly deviation: number;
  /** How far the content of the image lies off, after what noise adds is taken away; pixels of the moving plane. */
  readonly misfit: number;
  /** Middles of blocks that lie where the map puts them, interleaved pixels of the fixed plane. */
  readonly places: Float64Array;
}

/** Longest side of the level that is looked at, and side of its blocks, pixels. */
const SIDE = 256;
const BLOCK = 24;
/** What agrees lies within so many pixels. */
const AGREES = 2;

/**
 * Looks at what a map has laid on the fixed plane, block by block.
 *
 * What a pair of intensities is worth is learned from half of the blocks, the white fields of a chessboard, and the others are
 * shifted about until they are worth most, and the other way round; so a block's best place owes nothing to its own pixels, and
 * where images have nothing in common all places are alike.
 */
export function lookLocally(arena: Arena, fixed: Plane, moving: Plane, map: Matrix3): LocalLook {
  const level = layOn(arena, fixed, moving, map);
  const { width, height } = level;
  const [f, m] = [binned(level.fixed), binned(level.warped)];
  const white = (x: number, y: number) => ((Math.floor(x / BLOCK) + Math.floor(y / BLOCK)) & 1) === 0;
  const [byWhite, byBlack] = [white, (x: number, y: number) => !white(x, y)].map((use) => worthTable(f, m, width, use));
  const surfaces: BlockSurface[] = [];
  for (let y = 0; y + BLOCK <= height; y += BLOCK) {
    for (let x = 0; x + BLOCK <= width; x += BLOCK) {
      const surface = blockSurface(f, m, width, height, { x, y, side: BLOCK }, white(x, y) ? byBlack! : byWhite!);
      if (surface) surfaces.push(surface);
    }
  }
  const found = surfaces.filter(({ best: [x, y] }) => x * x + y * y <= AGREES * AGREES);
  const sum = surfaces.reduce((total, { standing }) => total + standing, 0);
  return {
    blocks: surfaces.length,
    consistency: found.length / Math.max(1, surfaces.length),
    deviation: sum / Math.sqrt(Math.max(1, surfaces.length)),
    misfit: level.movingPixels * Math.sqrt(squaredMisfit(surfaces, width, height)),
    places: Float64Array.from(found.flatMap(({ x, y }) => [x * level.across, y * level.down])),
  };
}

/** Both planes at the level, the moving one warped; neither is enlarged. */
function layOn(arena: Arena, fixed: Plane, moving: Plane, map: Matrix3) {
  const { scale } = localStretch(map, (fixed.width - 1) / 2, (fixed.height - 1) / 2);
  const least = (3 * REACH) / Math.min(fixed.width, fixed.height);
  const factor = Math.min(1, SIDE / Math.max(fixed.width, fixed.height), Math.max(scale, least));
  const f = shrunk(arena, fixed, factor);
  const m = shrunk(arena, moving, Math.min(1, factor / scale));
  const within = multiplyMatrix3(invertMatrix3(m.planeFromLevel), multiplyMatrix3(map, f.planeFromLevel));
  const { width, height } = f.plane;
  const warped = warpPlane(arena, m.plane, within, width, height, "linear");
  const level = {
    ...{ width, height, fixed: samplesOf(arena, f.plane), warped: samplesOf(arena, warped) },
    ...{ across: fixed.width / width, down: fixed.height / height },
    /** Pixels of the moving plane per pixel of the level. */
    movingPixels: (scale * fixed.width) / width,
  };
  for (const { at } of [f.plane, m.plane, warped]) if (at !== fixed.at && at !== moving.at) arena.free(at);
  return level;
}

function shrunk(
  arena: Arena,
  plane: Plane,
  factor: number,
): { readonly plane: Plane; readonly planeFromLevel: Matrix3 } {
  const side = (n: number) => Math.min(n, Math.max(1, Math.round(n * factor)));
  const [width, height] = [side(plane.width), side(plane.height)];
  const [x, y] = [plane.width / width, plane.height / height];
  return {
    plane: width === plane.width && height === plane.height ? plane : shrinkPlane(arena, plane, width, height),
    planeFromLevel: [x, 0, (x - 1) / 2, 0, y, (y - 1) / 2, 0, 0, 1],
  };
}

function samplesOf(arena: Arena, { at, stride, width, height }: Plane): Float32Array {
  const samples = arena.f32(at, stride * height);
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) out.set(samples.subarray(y * stride, y * stride + width), y * width);
  return out;
}
