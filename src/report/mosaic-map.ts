import type { TileEdges, TilePositions } from "../core/tile-tables.js";
import { html, type Markup, trusted } from "./html.js";
import { indexOf } from "./mosaic-data.js";
import { number } from "./numbers.js";

/** Edges by residual, pixels: those up to each bound have a colour of their own, the rest another. */
export const residualBounds = [0.1, 0.3, 1, 3] as const;
/** Tiles that are drawn one by one, with their names; more are drawn as one shape without. */
const mostNamed = 3000;
/** Tiles and edges that are drawn at all. */
const mostDrawn = 20_000;
/** Islands that get a number on the map. */
const mostNumbers = 40;
const side = 1000;

/** The tiles where they were put, edges between them coloured by residual, islands hatched and numbered. */
export function mosaicMap(positions: TilePositions, edges: TileEdges | undefined): Markup {
  const { tiles, x, y, width, height, island } = positions;
  const shown = tiles.map((_, i) => i).slice(0, mostDrawn);
  const [right, bottom] = shown.reduce(
    ([r, b], i) => [Math.max(r, x[i]! + width[i]!), Math.max(b, y[i]! + height[i]!)],
    [1, 1],
  );
  const scale = side / Math.max(right, bottom);
  const at = (v: number) => Math.round(v * scale * 10) / 10;
  const typical = Math.min(...[width[0] ?? 1, height[0] ?? 1]) * scale;
  const box = (i: number) => `M${at(x[i]!)} ${at(y[i]!)}h${at(width[i]!)}v${at(height[i]!)}h${-at(width[i]!)}z`;
  const kind = (i: number) => (island[i]! > 0 ? "tile apart" : "tile");
  const named = tiles.length <= mostNamed;
  const drawn = named
    ? shown.map(
        (i) =>
          html`<rect class="${kind(i)}" x="${at(x[i]!)}" y="${at(y[i]!)}" width="${at(width[i]!)}" height="${at(height[i]!)}"><title>${nameOf(positions, i)}</title></rect>`,
      )
    : ["tile", "tile apart"].map(
        (of) =>
          html`<path class="${of}" d="${shown
            .filter((i) => kind(i) === of)
            .map(box)
            .join("")}"/>`,
      );
  const hatch = Math.max(4, Math.min(14, typical / 6));
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart mosaic-map" role="img" aria-label="${`Map of ${tiles.length} tiles with the overlaps between them`}" viewBox="-6 -6 ${at(right) + 12} ${at(bottom) + 12}"><defs><pattern id="apart" width="${hatch}" height="${hatch}" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V${hatch}" class="hatching"/></pattern></defs>${drawn}${edges && edgeLines(positions, edges, at, typical)}${islandNumbers(positions, at, typical)}</svg>`;
}

const nameOf = ({ tiles, island, sigmaX, sigmaY }: TilePositions, i: number): string => {
  const sigma = Math.sqrt(sigmaX[i]! ** 2 + sigmaY[i]! ** 2);
  return `${tiles[i]!}${island[i]! > 0 ? `, island ${island[i]}` : ""}${Number.isFinite(sigma) ? `, ± ${number(sigma, 2)} px` : ""}`;
};

/** Class of an edge on the map: by residual where it was used, else by its state. */
export const edgeClass = ({ state, residual }: TileEdges, k: number): string => {
  if (state[k] !== "used") return state[k]!;
  const r = residual[k]!;
  const bound = residualBounds.findIndex((b) => r <= b);
  return `r${bound < 0 ? residualBounds.length : bound}`;
};

function edgeLines(positions: TilePositions, edges: TileEdges, at: (v: number) => number, typical: number): Markup {
  const index = indexOf(positions.tiles);
  const { x, y, width, height } = positions;
  const paths = new Map<string, string[]>();
  const size = Math.max(2, Math.min(9, typical / 7));
  const order = edges.a.map((_, k) => k).slice(0, 2 * mostDrawn);
  for (const k of order) {
    const i = index.get(edges.a[k]!);
    const j = index.get(edges.b[k]!);
    if (i === undefined || j === undefined) continue;
    const [ax, ay] = [x[i]! + width[i]! / 2, y[i]! + height[i]! / 2];
    const [bx, by] = [x[j]! + width[j]! / 2, y[j]! + height[j]! / 2];
    const along = (t: number) => [at(ax + t * (bx - ax)), at(ay + t * (by - ay))] as const;
    const [p, q, m] = [along(0.22), along(0.78), along(0.5)];
    let d = `M${p[0]} ${p[1]}L${q[0]} ${q[1]}`;
    if (edges.state[k] === "outlier" || edges.state[k] === "unreadable") {
      const s = Math.round(size * 10) / 10;
      d += `M${round(m[0] - s)} ${round(m[1] - s)}l${2 * s} ${2 * s}m0 ${-2 * s}l${-2 * s} ${2 * s}`;
    }
    const of = edgeClass(edges, k);
    const list = paths.get(of);
    if (list) list.push(d);
    else paths.set(of, [d]);
  }
  const wide = Math.max(1.2, Math.min(7, typical / 12));
  const classes = [
    "empty",
    "weak",
    ...residualBounds.map((_, b) => `r${b}`),
    `r${residualBounds.length}`,
    "outlier",
    "unreadable",
  ];
  return html`${classes.map((of) => paths.has(of) && html`<path class="edge ${of}" stroke-width="${round(of === "empty" || of === "weak" ? wide * 0.6 : wide)}" d="${trusted(paths.get(of)!.join(""))}"/>`)}`;
}

function islandNumbers(
  { x, y, width, height, island }: TilePositions,
  at: (v: number) => number,
  typical: number,
): Markup | undefined {
  const sums = new Map<number, { x: number; y: number; n: number }>();
  island.forEach((of, i) => {
    if (of <= 0) return;
    const sum = sums.get(of) ?? { x: 0, y: 0, n: 0 };
    sums.set(of, { x: sum.x + x[i]! + width[i]! / 2, y: sum.y + y[i]! + height[i]! / 2, n: sum.n + 1 });
  });
  if (sums.size === 0 || sums.size > mostNumbers) return undefined;
  const text = Math.max(14, Math.min(34, typical / 3));
  return html`${[...sums].sort(([p], [q]) => p - q).map(([of, sum]) => html`<text class="number" x="${at(sum.x / sum.n)}" y="${round(at(sum.y / sum.n) + text / 3)}" style="font-size:${round(text)}px">${of}</text>`)}`;
}

const round = (v: number): number => Math.round(v * 10) / 10;

/** What the colours mean. */
export function mapLegend(edges: TileEdges): Markup {
  const present = new Set(edges.a.map((_, k) => edgeClass(edges, k)));
  const words: readonly (readonly [string, string])[] = [
    ...residualBounds.map((bound, b) => [`r${b}`, `up to ${bound} px off`] as const),
    [`r${residualBounds.length}`, `more than ${residualBounds.at(-1)} px off`],
    ["outlier", "the others contradict it: not used"],
    ["weak", "not told from chance"],
    ["empty", "nothing to see"],
    ["unreadable", "a tile cannot be read"],
  ];
  return html`<p class="legend">${words.filter(([of]) => present.has(of)).map(([of, word]) => html`<span><svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><path class="edge ${of}" stroke-width="4" d="M1 5H25"/></svg> ${word}</span>`)}</p>`;
}
