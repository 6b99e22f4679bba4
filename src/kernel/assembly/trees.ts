// Regression trees over pixels that are indexed by a shape [Kazemi and Sullivan 2014, doi:10.1109/CVPR.2014.241].
//
// A sample has P probes (bytes) and D target values (float32; D a multiple of 4). A split asks whether probe u exceeds
// probe v by more than t, and sends what does to the left. Splits are three int16 (u, v, t) in 8 bytes; a tree of depth d is
// complete and has its 2^d - 1 splits in rows from the root on, then come leaves 0 to 2^d - 1.

/**
 * Reads the probes of samples [lo, hi) from byte images: the nearest pixel, outside the image the nearest there is.
 *
 * Probe p lies at the sample's point `anchors[p]` plus its frame times `offsets[p]`. What is read is stretched about middle gray.
 *
 * @param shapes  float32 (x, y) of each of `points` points of each sample, in pixels of its image
 * @param frames  float32 a, b, gain, lift of each sample: the frame is (a -b; b a)
 * @param which   int32 image of each sample
 * @param images  int32 address, stride, width, height of each image
 * @param anchors int32 of each probe
 * @param offsets float32 (x, y) of each probe
 * @param out     bytes, `probes` of each sample
 */
export function shapePixels(
  lo: i32, hi: i32, shapes: usize, points: i32, frames: usize, which: usize, images: usize,
  anchors: usize, offsets: usize, probes: i32, out: usize,
): void {
  for (let i = lo; i < hi; i++) {
    const shape = shapes + (<usize>(i * points) << 3);
    const frame = frames + (<usize>i << 4);
    const a = load<f32>(frame), b = load<f32>(frame, 4);
    const gain = load<f32>(frame, 8), lift = load<f32>(frame, 12);
    const image = images + (<usize>load<i32>(which + (<usize>i << 2)) << 4);
    const src = <usize>load<u32>(image), stride = load<i32>(image, 4);
    const right = <f32>(load<i32>(image, 8) - 1), bottom = <f32>(load<i32>(image, 12) - 1);
    const to = out + <usize>i * <usize>probes;
    for (let p = 0; p < probes; p++) {
      const anchor = shape + (<usize>load<i32>(anchors + (<usize>p << 2)) << 3);
      const dx = load<f32>(offsets + (<usize>p << 3)), dy = load<f32>(offsets + (<usize>p << 3), 4);
      const x = load<f32>(anchor) + (a * dx - b * dy), y = load<f32>(anchor, 4) + (b * dx + a * dy);
      const column = <i32>(min(max(x, <f32>0), right) + <f32>0.5);
      const row = <i32>(min(max(y, <f32>0), bottom) + <f32>0.5);
      const v = <f32>load<u8>(src + <usize>(row * stride + column));
      const seen = (v - <f32>128) * gain + lift + <f32>128.5;
      store<u8>(to + <usize>p, <u8>min(max(seen, <f32>0), <f32>255));
    }
  }
}

/** Sums of the targets of segments [lo, hi) of `order`. @param bounds  int32 first and end of each segment */
export function treeSums(lo: i32, hi: i32, order: usize, bounds: usize, targets: usize, size: i32, out: usize): void {
  const bytes = <usize>size << 2;
  for (let s = lo; s < hi; s++) {
    const sum = out + <usize>s * bytes;
    memory.fill(sum, 0, bytes);
    const end = load<i32>(bounds + (<usize>s << 3), 4);
    for (let n = load<i32>(bounds + (<usize>s << 3)); n < end; n++) {
      const target = targets + <usize>load<i32>(order + (<usize>n << 2)) * bytes;
      for (let d: usize = 0; d < bytes; d += 16) v128.store(sum + d, f32x4.add(v128.load(sum + d), v128.load(target + d)));
    }
  }
}

@inline function squared(at: usize, bytes: usize): f64 {
  let sum: f64 = 0;
  for (let d: usize = 0; d < bytes; d += 4) {
    const v = <f64>load<f32>(at + d);
    sum += v * v;
  }
  return sum;
}

/**
 * Tries splits [lo, hi), `tries` of them for each segment: writes how much of the targets' squares the two means explain,
 * and -1 where a side would have fewer than `least` samples.
 *
 * @param sums   of the segments, by `treeSums`
 * @param splits (u, v, t) of each try
 * @param scratch  bytes of one target, for each lane
 * @param out    float64 of each try
 */
export function treeSplits(
  lo: i32, hi: i32, tries: i32, order: usize, bounds: usize, targets: usize, size: i32, sums: usize,
  pixels: usize, probes: i32, splits: usize, least: i32, scratch: usize, out: usize,
): void {
  const bytes = <usize>size << 2;
  for (let r = lo; r < hi; r++) {
    const s = <usize>(r / tries);
    const split = splits + (<usize>r << 3);
    const u = <usize>load<i16>(split), v = <usize>load<i16>(split, 2);
    const t = <i32>load<i16>(split, 4);
    const first = load<i32>(bounds + (s << 3)), end = load<i32>(bounds + (s << 3), 4);
    memory.fill(scratch, 0, bytes);
    let left = 0;
    for (let n = first; n < end; n++) {
      const i = <usize>load<i32>(order + (<usize>n << 2));
      const row = pixels + i * <usize>probes;
      if (<i32>load<u8>(row + u) - <i32>load<u8>(row + v) <= t) continue;
      left++;
      const target = targets + i * bytes;
      for (let d: usize = 0; d < bytes; d += 16)
        v128.store(scratch + d, f32x4.add(v128.load(scratch + d), v128.load(target + d)));
    }
    const right = end - first - left;
    if (left < least || right < least) {
      store<f64>(out + (<usize>r << 3), -1);
      continue;
    }
    let gain = squared(scratch, bytes) / <f64>left;
    const sum = sums + s * bytes;
    for (let d: usize = 0; d < bytes; d += 16)
      v128.store(scratch + d, f32x4.sub(v128.load(sum + d), v128.load(scratch + d)));
    gain += squared(scratch, bytes) / <f64>right;
    store<f64>(out + (<usize>r << 3), gain);
  }
}

/** Parts segments [lo, hi) of `order` by a split of each, in order, into `to`. @param lefts  int32, how many go left */
export function treePartition(
  lo: i32, hi: i32, order: usize, bounds: usize, pixels: usize, probes: i32, splits: usize, to: usize, lefts: usize,
): void {
  for (let s = lo; s < hi; s++) {
    const split = splits + (<usize>s << 3);
    const u = <usize>load<i16>(split), v = <usize>load<i16>(split, 2);
    const t = <i32>load<i16>(split, 4);
    const first = load<i32>(bounds + (<usize>s << 3)), end = load<i32>(bounds + (<usize>s << 3), 4);
    let left = first;
    for (let side = 0; side < 2; side++) {
      for (let n = first; n < end; n++) {
        const i = load<i32>(order + (<usize>n << 2));
        const row = pixels + <usize>i * <usize>probes;
        const goesLeft = <i32>load<u8>(row + u) - <i32>load<u8>(row + v) > t;
        if (goesLeft == (side == 0)) store<i32>(to + (<usize>(left++) << 2), i);
      }
      if (side == 0) store<i32>(lefts + (<usize>s << 2), left - first);
    }
  }
}

@inline function leafOf(row: usize, tree: usize, depth: i32): usize {
  let node: usize = 0;
  for (let d = 0; d < depth; d++) {
    const split = tree + (node << 3);
    const u = <usize>load<i16>(split), v = <usize>load<i16>(split, 2);
    const goesLeft = <i32>load<u8>(row + u) - <i32>load<u8>(row + v) > <i32>load<i16>(split, 4);
    node = 2 * node + (goesLeft ? 1 : 2);
  }
  return node + 1 - (<usize>1 << depth);
}

/** Writes the leaf that each sample of [lo, hi) comes to in each tree: int32, `trees` of each sample. */
export function treeLeaves(
  lo: i32, hi: i32, pixels: usize, probes: i32, splits: usize, trees: i32, depth: i32, out: usize,
): void {
  const step = ((<usize>1 << depth) - 1) << 3;
  for (let i = lo; i < hi; i++) {
    const row = pixels + <usize>i * <usize>probes;
    for (let t = 0; t < trees; t++)
      store<i32>(out + (<usize>(i * trees + t) << 2), <i32>leafOf(row, splits + <usize>t * step, depth));
  }
}

/** Adds `factor` times what each tree's leaf holds to the targets of samples [lo, hi). @param leaves  float32, `size` of each leaf */
export function treeAdd(
  lo: i32, hi: i32, pixels: usize, probes: i32, splits: usize, trees: i32, depth: i32, leaves: usize, size: i32,
  factor: f32, targets: usize,
): void {
  const count = <usize>1 << depth;
  const bytes = <usize>size << 2;
  const f = f32x4.splat(factor);
  for (let i = lo; i < hi; i++) {
    const row = pixels + <usize>i * <usize>probes;
    const target = targets + <usize>i * bytes;
    for (let t: usize = 0; t < <usize>trees; t++) {
      const leaf = leaves + (t * count + leafOf(row, splits + t * ((count - 1) << 3), depth)) * bytes;
      for (let d: usize = 0; d < bytes; d += 16) {
        const v = f32x4.add(v128.load(target + d), f32x4.mul(f, v128.load(leaf + d)));
        v128.store(target + d, v);
      }
    }
  }
}

/**
 * Adds votes for points [lo, hi) to their maps, which are to be cleared before.
 *
 * @param places  float32 (x, y) of each of `count` samples, in pixels of the maps
 * @param which   int32, the leaf of each sample in each of `trees` trees, counted through all trees; below 0 for no vote
 * @param leaves  float32 (x, y, weight) of each of `points` points of each leaf
 * @param maps    float32, `width` by `height` of each point, without gaps
 */
export function landmarkVotes(
  lo: i32, hi: i32, places: usize, count: i32, which: usize, trees: i32, leaves: usize, points: i32,
  maps: usize, width: i32, height: i32,
): void {
  for (let k = lo; k < hi; k++) {
    const map = maps + (<usize>k * <usize>width * <usize>height << 2);
    for (let i = 0; i < count; i++) {
      const x = load<f32>(places + (<usize>i << 3)) + <f32>0.5, y = load<f32>(places + (<usize>i << 3), 4) + <f32>0.5;
      for (let t = 0; t < trees; t++) {
        const leaf = load<i32>(which + (<usize>(i * trees + t) << 2));
        if (leaf < 0) continue;
        const vote = leaves + <usize>(leaf * points + k) * 12;
        const weight = load<f32>(vote, 8);
        if (weight <= <f32>0) continue;
        const column = <i32>Math.floor(<f64>(x + load<f32>(vote))), row = <i32>Math.floor(<f64>(y + load<f32>(vote, 4)));
        if (column < 0 || row < 0 || column >= width || row >= height) continue;
        const at = map + (<usize>(row * width + column) << 2);
        store<f32>(at, load<f32>(at) + weight);
      }
    }
  }
}
