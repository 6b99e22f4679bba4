import { type Diagnostic, warning } from "../../core/diagnostic.js";
import type { TileEdgeState, TileEdges, TileLayout, TilePositions } from "../../core/tile-tables.js";
import type { EdgeObservations } from "./edges.js";
import type { TilePairs } from "./neighbours.js";
import type { Placement } from "./solve.js";

/** Places from the leftmost and the topmost tile; without tiles that cannot be read. */
export function positionsOf(
  layout: TileLayout,
  placement: Placement,
  damaged: ReadonlyMap<number, unknown>,
): TilePositions {
  const kept = layout.tiles.map((_, i) => i).filter((i) => !damaged.has(i));
  const least = (axis: 0 | 1) =>
    kept.reduce((v, i) => Math.min(v, placement.places[2 * i + axis]!), Number.POSITIVE_INFINITY);
  const [left, top] = [least(0), least(1)];
  const pick = (of: (i: number) => number) => Float64Array.from(kept, of);
  return {
    tiles: kept.map((i) => layout.tiles[i]!),
    x: pick((i) => placement.places[2 * i]! - left),
    y: pick((i) => placement.places[2 * i + 1]! - top),
    width: pick((i) => layout.width[i]!),
    height: pick((i) => layout.height[i]!),
    sigmaX: pick((i) => placement.sigma[2 * i]!),
    sigmaY: pick((i) => placement.sigma[2 * i + 1]!),
    island: Int32Array.from(kept, (i) => placement.islands.of[i]!),
  };
}

/** All neighbours by the layout, and what became of them. */
export function edgesOf(
  layout: TileLayout,
  { a, b }: TilePairs,
  seen: EdgeObservations,
  { weights, outlier, residual }: Placement,
  real: Uint8Array,
  damaged: ReadonlyMap<number, unknown>,
  blank: ReadonlySet<number>,
): TileEdges {
  const state = (e: number): TileEdgeState => {
    if (damaged.has(a[e]!) || damaged.has(b[e]!)) return "unreadable";
    if (blank.has(a[e]!) || blank.has(b[e]!) || !(seen.score[e]! > 0)) return "empty";
    if (weights[e]! > 0) return "used";
    return real[e] || outlier[e] ? "outlier" : "weak";
  };
  return {
    a: Array.from(a, (i) => layout.tiles[i]!),
    b: Array.from(b, (i) => layout.tiles[i]!),
    dx: seen.dx,
    dy: seen.dy,
    sigmaX: seen.xx.map(Math.sqrt),
    sigmaY: seen.yy.map(Math.sqrt),
    ncc: seen.ncc,
    residual,
    state: Array.from(a, (_, e) => state(e)),
  };
}

/** Tiles and overlaps that a reader should know of, by name. */
export function notesOf(
  layout: TileLayout,
  { outlier, islands, joined }: Placement,
  { a, b }: EdgeObservations,
  damaged: ReadonlyMap<number, Diagnostic>,
  blank: ReadonlySet<number>,
): Diagnostic[] {
  const notes: Diagnostic[] = [];
  const name = (i: number) => layout.tiles[i]!;
  if (damaged.size > 0) {
    const [of, why] = [...damaged][0]!;
    notes.push(
      warning(
        "tiles-left-out",
        `${listed([...damaged.keys()].map(name))} cannot be read and ${damaged.size > 1 ? "are" : "is"} left out (${name(of)}: ${why.message})`,
      ),
    );
  }
  if (blank.size > 0) {
    notes.push(
      warning(
        "tiles-blank",
        `${listed([...blank].map(name))} ${blank.size > 1 ? "show" : "shows"} nothing: placed where the stage would have ${blank.size > 1 ? "them" : "it"}`,
      ),
    );
  }
  const wrong = [...outlier.keys()].filter((e) => outlier[e]);
  if (wrong.length > 0) {
    notes.push(
      warning(
        "edges-left-out",
        `Overlaps that the others contradict are left out: ${listed(wrong.map((e) => `${name(a[e]!)} with ${name(b[e]!)}`))}`,
      ),
    );
  }
  const others = [...islands.of.keys()].filter((i) => islands.of[i] !== 0 && !blank.has(i) && !damaged.has(i));
  const main = joined.of[islands.of.indexOf(0)];
  const rough = others.filter((i) => joined.of[i] === main);
  if (rough.length > 0) {
    notes.push(
      warning("tiles-held-roughly", `What overlaps show places ${listed(rough.map(name))} to about half a pixel only`),
    );
  }
  const lone = others.filter((i) => joined.of[i] !== main);
  if (lone.length > 0) {
    notes.push(
      warning(
        "tiles-by-stage",
        `No overlap connects ${listed(lone.map(name))} with the others: placed where the stage would have ${lone.length > 1 ? "them" : "it"}`,
      ),
    );
  }
  return notes;
}

/** Names in words, the first few of many. */
function listed(names: readonly string[]): string {
  const most = 8;
  if (names.length > most) return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0]!;
}
