import type { TileSamples } from "./tile-samples.js";

/** Shares of the samples below the levels that are looked at; after them comes the mean. */
export const SHARES = [
  0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995,
] as const;
/** Levels per zone: those of `SHARES`, and the mean. */
export const LEVELS = SHARES.length + 1;
/** Zones along a side of the tile, each at least this many samples wide. */
const ZONES_MAX = 16;
const ZONE_SIDE_MIN = 4;
/** Groups of tiles that are left out in turn. */
const GROUPS_MAX = 10;
/** Samples in a zone, without which it tells nothing. */
const ZONE_SAMPLES_MIN = 16;

/** How bright the zones of a tile are, over all tiles: levels of all tiles, and with each group of tiles left out in turn. */
export interface ZoneLevels {
  /** Middle of each zone's samples: which columns and rows of samples it has. */
  readonly zones: readonly Zone[];
  /** How many groups were left out in turn. */
  readonly groups: number;
  /** Level l of zone z with group g left out at `(g * zones.length + z) * LEVELS + l`; g = `groups` for all tiles. */
  readonly levels: Float64Array;
  /** Least of the darkest thousandth: the dark signal is not above it. */
  readonly floor: number;
}

/** Columns [left, right) and rows [top, bottom) of samples. */
export interface Zone {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** @returns levels of those zones that have samples enough in every group */
export function zoneLevels(samples: TileSamples, band: number): ZoneLevels {
  const values = samples.bands[band]!;
  const columns = samples.x.length;
  const rows = samples.y.length;
  const groups = Math.min(GROUPS_MAX, samples.tileCount);
  const zones: Zone[] = [];
  const levels: Float64Array[] = [];
  for (const zone of zonesOf(columns, rows)) {
    const { keys, count } = sortedKeys(values, samples, zone, groups);
    const found = new Float64Array((groups + 1) * LEVELS);
    let enough = true;
    for (let g = 0; g <= groups; g++) {
      const kept = without(keys.subarray(0, count), g);
      enough &&= kept.length >= ZONE_SAMPLES_MIN;
      if (enough) found.set(levelsOf(kept), g * LEVELS);
    }
    if (!enough) continue;
    zones.push(zone);
    levels.push(found);
  }
  const all = new Float64Array((groups + 1) * zones.length * LEVELS);
  levels.forEach((found, z) => {
    for (let g = 0; g <= groups; g++)
      all.set(found.subarray(g * LEVELS, (g + 1) * LEVELS), (g * zones.length + z) * LEVELS);
  });
  return { zones, groups, levels: all, floor: lowest(values) };
}

function zonesOf(columns: number, rows: number): Zone[] {
  const across = Math.max(1, Math.min(ZONES_MAX, Math.floor(columns / ZONE_SIDE_MIN)));
  const down = Math.max(1, Math.min(ZONES_MAX, Math.floor(rows / ZONE_SIDE_MIN)));
  const edge = (k: number, count: number, size: number) => Math.floor((k * size) / count);
  return Array.from({ length: across * down }, (_, i) => {
    const [x, y] = [i % across, Math.floor(i / across)];
    return {
      ...{ left: edge(x, across, columns), right: edge(x + 1, across, columns) },
      ...{ top: edge(y, down, rows), bottom: edge(y + 1, down, rows) },
    };
  });
}

/** The bits of a float32 as a whole number that is in the order of the values. */
const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);
const orderOf = (v: number): number => {
  float[0] = v;
  return bits[0]! >= 0x80000000 ? 0xffffffff - bits[0]! : bits[0]! + 0x80000000;
};
const valueFrom = (order: number): number => {
  bits[0] = order >= 0x80000000 ? order - 0x80000000 : 0xffffffff - order;
  return float[0]!;
};

/** Valid samples of a zone in order, each with its tile's group: `16 * order + group`, which a float64 holds exactly. */
function sortedKeys(values: Float32Array, { x, y, tileCount }: TileSamples, zone: Zone, groups: number) {
  const size = (zone.right - zone.left) * (zone.bottom - zone.top);
  const keys = new Float64Array(size * tileCount);
  let count = 0;
  for (let tile = 0; tile < tileCount; tile++) {
    for (let row = zone.top; row < zone.bottom; row++) {
      const at = (tile * y.length + row) * x.length;
      for (let column = zone.left; column < zone.right; column++) {
        const v = values[at + column]!;
        if (!Number.isNaN(v)) keys[count++] = 16 * orderOf(v) + (tile % groups);
      }
    }
  }
  keys.subarray(0, count).sort();
  return { keys, count };
}

function without(keys: Float64Array, group: number): Float64Array {
  const kept = new Float64Array(keys.length);
  let count = 0;
  for (const key of keys) {
    const order = Math.floor(key / 16);
    if (key - 16 * order !== group) kept[count++] = valueFrom(order);
  }
  return kept.subarray(0, count);
}

function levelsOf(sorted: Float64Array): Float64Array {
  const found = new Float64Array(LEVELS);
  SHARES.forEach((share, l) => {
    const at = share * (sorted.length - 1);
    const k = Math.min(Math.floor(at), sorted.length - 2);
    found[l] = sorted[k]! + (at - k) * (sorted[k + 1]! - sorted[k]!);
  });
  let sum = 0;
  for (const v of sorted) sum += v;
  found[LEVELS - 1] = sum / sorted.length;
  return found;
}

function lowest(values: Float32Array): number {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort();
  return sorted[Math.floor(0.001 * sorted.length)] ?? 0;
}
