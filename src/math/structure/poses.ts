import { type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, sin } from "../elementary.js";
import { fftSide, fftTable } from "../fft.js";
import type { Extent } from "./extent.js";
import type { SizedSide } from "./pose-sides.js";

/** A place that the search found good: pixels of the fixed fields to pixels of the moving ones. */
export interface FoundPose {
  readonly matrix: Matrix3;
  readonly score: number;
  readonly rotation: number;
}

/** Places that are kept of each rotation. */
const PLACES = 3;
const POSE_NUMBERS = 12;

interface Pose {
  readonly rotation: number;
  /** Canvas to moving field pixel. */
  readonly matrix: Matrix3;
  readonly across: number;
  readonly down: number;
}

/**
 * Tries all shifts of the moving fields against the fixed ones, at all rotations, `pairs` of them spread over 180 degrees
 * and their twins at 180 degrees more.
 *
 * @param minOverlap  the least overlap, as a share of the smaller image's valid pixels
 * @returns up to three places of each rotation, in the order of rotations
 */
export function searchRotations(
  arena: Arena,
  fixed: SizedSide,
  moving: SizedSide,
  pairs: number,
  minOverlap: number,
): FoundPose[] {
  const poses = Array.from({ length: pairs }, (_, i) => poseAt((Math.PI * i) / pairs, moving.extent.ends));
  const leastOverlap = minOverlap * Math.min(fixed.extent.count, moving.extent.count);
  const groups = new Map<string, { nx: number; ny: number; members: number[] }>();
  poses.forEach((pose, i) => {
    const [nx, ny] = transformSize(fixed.extent, pose, leastOverlap);
    const key = `${nx} ${ny}`;
    if (!groups.has(key)) groups.set(key, { nx, ny, members: [] });
    groups.get(key)!.members.push(i);
  });
  const found: FoundPose[][] = [];
  for (const { nx, ny, members } of groups.values()) {
    const group = members.map((i) => poses[i]!);
    const out = searchGroup(arena, fixed, moving, group, nx, ny, minOverlap);
    members.forEach((i, n) => {
      found[i] = out[n]![0];
      found[i + pairs] = out[n]![1];
    });
  }
  return found.flat();
}

/** The moving fields turned, on a canvas that just holds what is known of them. @param ends  x, y, x, y, … around it */
function poseAt(rotation: number, ends: Float64Array): Pose {
  const [c, s] = [cos(rotation), sin(rotation)];
  let [left, right, top, bottom] = [1e9, -1e9, 1e9, -1e9];
  for (let i = 0; i < ends.length; i += 2) {
    const x = c * ends[i]! + s * ends[i + 1]!;
    const y = c * ends[i + 1]! - s * ends[i]!;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  // What rounding adds to a whole number is no reason for another pixel.
  const [x0, y0] = [Math.floor(left + 1e-9), Math.floor(top + 1e-9)];
  const matrix: Matrix3 = [c, -s, c * x0 - s * y0, s, c, s * x0 + c * y0, 0, 0, 1];
  return { rotation, matrix, across: Math.ceil(right - 1e-9) - x0 + 1, down: Math.ceil(bottom - 1e-9) - y0 + 1 };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Sides of the transform. It may be shorter than both images end to end: shifts that then fall together overlap less
 * than is asked for.
 */
function transformSize(fixed: Size, pose: Pose, least: number): [number, number] {
  const side = (f: number, across: number, g: number, down: number) =>
    Math.max(64, fftSide(Math.max(f, across, f + across - Math.floor(least / Math.min(g, down)) - 2)));
  return [
    side(fixed.width, pose.across, fixed.height, pose.down),
    side(fixed.height, pose.down, fixed.width, pose.across),
  ];
}

function searchGroup(
  arena: Arena,
  fixed: SizedSide,
  moving: SizedSide,
  poses: readonly Pose[],
  nx: number,
  ny: number,
  minOverlap: number,
): (readonly [FoundPose[], FoundPose[]])[] {
  const k = kernels();
  const shift = Math.max(nx, ny) >= 192 ? 2 : 1;
  const q = 2 ** shift;
  const { fields, planeBytes, cells, cellBytes } = fixed.spectra(nx, ny, q);
  const source = moving.moving;
  const { width, height } = moving.fields;
  const numbers = new Float64Array(POSE_NUMBERS * poses.length);
  poses.forEach(({ rotation, matrix, across, down }, i) => {
    const turns = [cos(2 * rotation), sin(2 * rotation), cos(4 * rotation), sin(4 * rotation)];
    numbers.set([...matrix.slice(0, 6), ...turns, across, down], POSE_NUMBERS * i);
  });
  const table = arena.put(numbers);
  const tableBytes = 8 * 4 * Math.max(nx, ny);
  const tables = arena.bytes(4 * tableBytes);
  [nx, ny, nx / q, ny / q].forEach((n, i) => {
    const values = fftTable(n);
    arena.f32(tables + i * tableBytes, values.length).set(values);
  });
  const area = Math.min(fixed.fields.validCount, moving.fields.validCount);
  const bytes = 8 * planeBytes + 10 * cellBytes + 64 * Math.max(nx, ny) + 4 * (nx / q + ny + 64);
  const scratch = k.scratch(arena, bytes);
  const out = arena.bytes(48 * PLACES * poses.length);
  const args = [fields, planeBytes, cells, cellBytes, source.fields, source.squares, width, height, table];
  const more = [nx, ny, shift, area, minOverlap, tables, tableBytes, PLACES, scratch, out];
  k.rows("searchPoses", poses.length, [...args, ...more], 1);
  const values = arena.f64(out, 6 * PLACES * poses.length).slice();
  for (const at of [table, tables, scratch.base, out]) arena.free(at);
  return poses.map((pose, i) => {
    const places = (twin: number) => {
      const from = 3 * PLACES * (2 * i + twin);
      return placesOf(pose, fixed.extent, values.subarray(from, from + 3 * PLACES), twin === 1, nx, ny);
    };
    return [places(0), places(1)] as const;
  });
}

/** Shifts that the kernel found, as maps. */
function placesOf(pose: Pose, fixed: Extent, values: Float64Array, twin: boolean, nx: number, ny: number): FoundPose[] {
  const out: FoundPose[] = [];
  const { across, down, matrix } = pose;
  for (let n = 0; n < values.length; n += 3) {
    const [score, x, y] = [values[n]!, values[n + 1]!, values[n + 2]!];
    if (!(score > 0)) continue;
    // The twin's surface is that of a canvas read backwards from its first pixel, not from its last.
    const dx = unwrap(twin ? (x + across - 1) % nx : x, nx, fixed.width, across);
    const dy = unwrap(twin ? (y + down - 1) % ny : y, ny, fixed.height, down);
    // Fixed field pixel to canvas; the fixed fields were transformed from their extent on.
    const [x1, y1] = [dx - fixed.x, dy - fixed.y];
    const canvas: Matrix3 = twin
      ? [-1, 0, across - 1 - x1, 0, -1, down - 1 - y1, 0, 0, 1]
      : [1, 0, x1, 0, 1, y1, 0, 0, 1];
    const rotation = twin ? pose.rotation + Math.PI : pose.rotation;
    out.push({ matrix: multiplyMatrix3(matrix, canvas), score, rotation });
  }
  return out;
}

/** Of the shifts d and d - n that fall together, the one with more overlap of [0, size) and [d, d + across). */
function unwrap(d: number, n: number, size: number, across: number): number {
  const overlap = (shift: number) => Math.min(size, across - shift) - Math.max(0, -shift);
  return overlap(d) >= overlap(d - n) ? d : d - n;
}
