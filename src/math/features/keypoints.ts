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
}

/** The keypoints with these indices, in this order. */
export function pickKeypoints(k: Keypoints, indices: ArrayLike<number>): Keypoints {
  const order = Uint32Array.from(indices);
  return {
    count: order.length,
    x: Float64Array.from(order, (i) => k.x[i]!),
    y: Float64Array.from(order, (i) => k.y[i]!),
    scale: Float64Array.from(order, (i) => k.scale[i]!),
    response: Float32Array.from(order, (i) => k.response[i]!),
    octave: Int8Array.from(order, (i) => k.octave[i]!),
    level: Int8Array.from(order, (i) => k.level[i]!),
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
    angle: Float32Array.from(indices as ArrayLike<number>, (i) => f.angle[i]!),
    descriptors,
    bytes: f.bytes,
  };
}

/**
 * Indices of the strongest keypoints: by response, then octave, y and x, so that the order is one whatever order they came in.
 *
 * With `spread`, the image is divided into about `limit / 8` cells, and in each cell every further eight keypoints count as
 * `spread` times weaker: 1 takes the strongest wherever they are, values towards 0 cover the image evenly.
 */
export function strongest(
  k: Omit<Keypoints, "count">,
  limit: number,
  image: { readonly width: number; readonly height: number },
  spread = 1,
): Uint32Array {
  const response = spread < 1 && k.x.length > limit ? thinned(k, limit, image, spread) : k.response;
  let kept = Uint32Array.from(k.x, (_, i) => i);
  if (kept.length > limit) {
    const least = Float32Array.from(response).sort()[kept.length - limit]!;
    kept = kept.filter((i) => response[i]! >= least);
  }
  return sorted(k, response, kept).slice(0, limit);
}

const sorted = (k: Omit<Keypoints, "count">, response: Float32Array, indices: Uint32Array): Uint32Array =>
  indices.sort(
    (a, b) =>
      response[b]! - response[a]! || k.octave[a]! - k.octave[b]! || k.y[a]! - k.y[b]! || k.x[a]! - k.x[b]! || a - b,
  );

const PER_CELL = 8;

function thinned(
  k: Omit<Keypoints, "count">,
  limit: number,
  { width, height }: { readonly width: number; readonly height: number },
  spread: number,
): Float32Array {
  const side = Math.sqrt((width * height * PER_CELL) / limit);
  const columns = Math.ceil(width / side);
  const taken = new Map<number, number>();
  const out = new Float32Array(k.x.length);
  for (const i of sorted(
    k,
    k.response,
    Uint32Array.from(k.x, (_, j) => j),
  )) {
    const cell = Math.floor((k.y[i]! + 0.5) / side) * columns + Math.floor((k.x[i]! + 0.5) / side);
    const rank = taken.get(cell) ?? 0;
    taken.set(cell, rank + 1);
    let weight = 1;
    for (let r = PER_CELL; r <= rank; r += PER_CELL) weight *= spread;
    out[i] = k.response[i]! * weight;
  }
  return out;
}
