import { covering } from "./covering.js";

/** Points that a detector found in one image, the strongest first. */
export interface Keypoints {
  readonly count: number;
  /** Pixel coordinates of the image (integer pixel centres), to a fraction of a pixel. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Size in pixels of the image: the blur at which the point stands out most. */
  readonly scale: Float64Array;
  /** How strongly it stands out; a detector's own measure. */
  readonly response: Float32Array;
  /** Where in the detector's pyramid it was found. */
  readonly octave: Int8Array;
  readonly level: Int8Array;
}

/** Keypoints with a direction and a descriptor each. A keypoint with several directions appears once for each. */
export interface Features extends Keypoints {
  /** Radians, from +x towards +y (clockwise as seen on a screen), in [0, 2 pi). */
  readonly angle: Float32Array;
  /** `bytes` for each feature, one after the other. */
  readonly descriptors: Uint8Array;
  readonly bytes: number;
  /** How descriptors compare: as vectors of bytes, or by how many bits differ. */
  readonly measure: "euclidean" | "hamming";
}

/** Keypoints one list after the other. */
export function concatKeypoints(parts: readonly Keypoints[]): Keypoints {
  const count = parts.reduce((sum, p) => sum + p.count, 0);
  const join = <T extends Float64Array | Float32Array | Int8Array>(into: T, of: (k: Keypoints) => T): T => {
    let at = 0;
    for (const part of parts) {
      into.set(of(part), at);
      at += part.count;
    }
    return into;
  };
  return {
    count,
    x: join(new Float64Array(count), (k) => k.x),
    y: join(new Float64Array(count), (k) => k.y),
    scale: join(new Float64Array(count), (k) => k.scale),
    response: join(new Float32Array(count), (k) => k.response),
    octave: join(new Int8Array(count), (k) => k.octave),
    level: join(new Int8Array(count), (k) => k.level),
  };
}

/** The elements with these indices, in this order. A loop: `from` with a function takes ten times as long. */
export function picks<T extends Float64Array | Float32Array | Int8Array>(from: T, indices: ArrayLike<number>): T {
  const out = new (from.constructor as new (length: number) => T)(indices.length);
  for (let n = 0; n < indices.length; n++) out[n] = from[indices[n]!]!;
  return out;
}

/** The keypoints with these indices, in this order. */
export function pickKeypoints(k: Keypoints, indices: ArrayLike<number>): Keypoints {
  return {
    ...{ count: indices.length, x: picks(k.x, indices), y: picks(k.y, indices), scale: picks(k.scale, indices) },
    ...{ response: picks(k.response, indices), octave: picks(k.octave, indices), level: picks(k.level, indices) },
  };
}

export function pickFeatures(f: Features, indices: ArrayLike<number>): Features {
  const descriptors = new Uint8Array(indices.length * f.bytes);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * f.bytes;
    descriptors.set(f.descriptors.subarray(from, from + f.bytes), i * f.bytes);
  }
  return {
    ...pickKeypoints(f, indices),
    angle: picks(f.angle, indices),
    descriptors,
    bytes: f.bytes,
    measure: f.measure,
  };
}

/** Features of one kind, set after set. */
export function joinFeatures(sets: readonly Features[]): Features {
  const count = sets.reduce((sum, f) => sum + f.count, 0);
  const { bytes, measure } = sets[0]!;
  const out = {
    ...{ count, bytes, measure, descriptors: new Uint8Array(count * bytes) },
    ...{ x: new Float64Array(count), y: new Float64Array(count), scale: new Float64Array(count) },
    ...{ response: new Float32Array(count), angle: new Float32Array(count) },
    ...{ octave: new Int8Array(count), level: new Int8Array(count) },
  };
  let at = 0;
  for (const f of sets) {
    for (const column of ["x", "y", "scale", "response", "angle", "octave", "level"] as const)
      out[column].set(f[column], at);
    out.descriptors.set(f.descriptors, at * bytes);
    at += f.count;
  }
  return out;
}

/**
 * Indices of the strongest keypoints, strongest first; of equals, the one that was found first. Detectors find in the order
 * of octaves and rows, whatever the number of lanes. What is in one place more than once is taken once: refinement can lead
 * two neighbours together.
 *
 * With `spread` below 1, the keypoints cover the image: 1 takes the strongest wherever they are, 0 as evenly as they allow
 * (see `covering`).
 */
export function strongest(
  k: Pick<Keypoints, "x" | "y" | "scale" | "response">,
  limit: number,
  image: { readonly width: number; readonly height: number },
  spread = 1,
): Uint32Array {
  // A few more than wanted, for those that turn out to be copies; all, where the spread may want the weakest.
  const wanted = spread < 1 ? k.x.length : Math.ceil(1.1 * limit) + 64;
  const sorted = byResponse(k.response, wanted);
  const order = sorted.filter((_, n) => !repeats(k, sorted, n));
  if (spread >= 1 || order.length <= limit) return order.slice(0, limit);
  return covering(k, order, limit, image, spread);
}

/** Whether one of the keypoints before it, of the same response, is in the same place. */
function repeats(k: Pick<Keypoints, "x" | "y" | "scale" | "response">, order: Uint32Array, n: number): boolean {
  const i = order[n]!;
  for (let m = n - 1; m >= 0 && m > n - 16 && k.response[order[m]!] === k.response[i]; m--) {
    const j = order[m]!;
    if (k.x[i] === k.x[j] && k.y[i] === k.y[j] && k.scale[i] === k.scale[j]) return true;
  }
  return false;
}

/**
 * Indices by descending response (which is at least 0), then ascending index: the first `wanted`, and a few more.
 *
 * A float's bits sort as it does. A histogram of their upper half leaves out most of what is too weak; response and index
 * then make one number, which sorts fast.
 */
function byResponse(response: Float32Array, wanted: number): Uint32Array {
  const bits = new Uint32Array(response.buffer, response.byteOffset, response.length);
  const histogram = new Uint32Array(65536);
  for (let i = 0; i < bits.length; i++) histogram[bits[i]! >>> 15]!++;
  let bin = 65535;
  let total = histogram[bin]!;
  for (; bin > 0 && total < wanted; total += histogram[bin]!) bin--;
  const kept = new Uint32Array(total);
  for (let i = 0, n = 0; i < bits.length; i++) if (bits[i]! >>> 15 >= bin) kept[n++] = i;
  const room = 2 ** 22;
  if (total > room) return kept.sort((a, b) => bits[b]! - bits[a]! || a - b);
  const keys = new Float64Array(total);
  for (let n = 0; n < total; n++) keys[n] = (0x7fffffff - bits[kept[n]!]!) * room + n;
  keys.sort();
  const order = new Uint32Array(total);
  for (let n = 0; n < total; n++) order[n] = kept[keys[n]! % room]!;
  return order;
}
