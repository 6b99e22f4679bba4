import { arctangent2 } from "../core/arctangent.js";
import type { TileEdges, TilePlaces, TilePositions } from "../core/tile-tables.js";
import { indexOf } from "./mosaic-data.js";
import { count, fixed, number, quantile } from "./numbers.js";

/** What the map shows, as sentences. */
export function mosaicWords(positions: TilePositions, edges?: TileEdges, nominal?: TilePlaces): readonly string[] {
  return [
    islandWords(positions),
    certainty(positions),
    ...(edges ? [edgeWords(edges)] : []),
    ...(nominal ? stageWords(positions, nominal) : []),
  ].filter((text) => text !== "");
}

function islandWords({ tiles, island }: TilePositions): string {
  const sizes = new Map<number, number>();
  for (const of of island) sizes.set(of, (sizes.get(of) ?? 0) + 1);
  const connected = sizes.get(0) ?? 0;
  if (sizes.size <= 1) return `Overlaps connect all ${count(tiles.length, "tile")}.`;
  const lone = [...sizes].filter(([of, n]) => of !== 0 && n === 1).length;
  const apart = tiles.length - connected;
  const groups = sizes.size - 1 - lone;
  const kinds = [
    ...(groups > 0 ? [`${count(groups, "island")} of their own`] : []),
    ...(lone > 0 ? [`${lone} of them alone`] : []),
  ].join(" and ");
  return `Overlaps connect ${number(connected)} of ${count(tiles.length, "tile")}. The other ${number(apart)} (${kinds}; hatched on the map) lie where the stage would have them.`;
}

const sigmaOf = ({ sigmaX, sigmaY }: TilePositions, i: number): number => Math.sqrt(sigmaX[i]! ** 2 + sigmaY[i]! ** 2);

/** Tiles of the largest island and the others are known in different ways. */
function certainty(positions: TilePositions): string {
  const of = (test: (island: number) => boolean) =>
    positions.tiles
      .map((_, i) => i)
      .filter((i) => test(positions.island[i]!) && Number.isFinite(sigmaOf(positions, i)))
      .sort((i, j) => sigmaOf(positions, i) - sigmaOf(positions, j) || i - j);
  const main = of((island) => island === 0);
  const apart = of((island) => island > 0);
  if (main.length < 2) return "";
  const middle = quantile(
    main.map((i) => sigmaOf(positions, i)),
    0.5,
  );
  const worst = main.at(-1)!;
  const rest =
    apart.length > 0
      ? ` The hatched ones are known to ${pixels(
          quantile(
            apart.map((i) => sigmaOf(positions, i)),
            0.5,
          ),
        )}.`
      : "";
  return `A tile's place among the connected ones is known to ${pixels(middle)} (one standard deviation), that of ${positions.tiles[worst]} to ${pixels(sigmaOf(positions, worst))}.${rest}`;
}

export const pixels = (v: number): string => (v < 0.0005 ? "< 0.001 px" : `${v < 0.1 ? fixed(v, 3) : number(v)} px`);

function edgeWords({ state, residual }: TileEdges): string {
  const of = (wanted: string) => state.filter((s) => s === wanted).length;
  const used = residual.filter((r, k) => state[k] === "used" && Number.isFinite(r)).sort();
  const told = (n: number, one: string, many: string) =>
    n === 0 ? [] : [n === 1 ? `one ${one}` : `${number(n)} ${many}`];
  const parts = [
    ...told(of("used"), "was used", "were used"),
    ...told(of("weak"), "could not be told from chance", "could not be told from chance"),
    ...told(of("empty"), "shows nothing", "show nothing"),
    ...told(of("outlier"), "contradicts the others and was left out", "contradict the others and were left out"),
    ...told(of("unreadable"), "could not be read", "could not be read"),
  ];
  if (parts.length === 0) return "";
  const last = parts.pop()!;
  const list = parts.length > 0 ? `${parts.join(", ")} and ${last}` : last;
  const fit =
    used.length > 0
      ? ` Half of those used agree with the solution to ${pixels(quantile(used, 0.5))}, nineteen in twenty to ${pixels(quantile(used, 0.95))}.`
      : "";
  const all = used.length === state.length && state.length > 1;
  return `${all ? `All ${number(state.length)} overlaps were used` : `Of ${count(state.length, "overlap")}, ${list}`}.${fit}`;
}

/** How the found places of the connected tiles differ from the stage's, apart from one common turn and scale. */
export function stageWords(positions: TilePositions, nominal: TilePlaces): readonly string[] {
  const index = indexOf(nominal.tiles);
  const pairs = positions.tiles.flatMap((tile, i) => {
    const j = index.get(tile);
    return j === undefined || positions.island[i] !== 0
      ? []
      : [[nominal.x[j]!, nominal.y[j]!, positions.x[i]!, positions.y[i]!] as const];
  });
  if (pairs.length < 4) return [];
  const mean = (k: 0 | 1 | 2 | 3) => pairs.reduce((sum, pair) => sum + pair[k], 0) / pairs.length;
  const middle = [mean(0), mean(1), mean(2), mean(3)] as const;
  let [power, along, across] = [0, 0, 0];
  for (const [x, y, u, v] of pairs) {
    const [p, q, r, s] = [x - middle[0], y - middle[1], u - middle[2], v - middle[3]];
    power += p * p + q * q;
    along += p * r + q * s;
    across += p * s - q * r;
  }
  if (!(power > 0)) return [];
  const [c, s] = [along / power, across / power];
  let squares = 0;
  for (const [x, y, u, v] of pairs) {
    const [p, q] = [x - middle[0], y - middle[1]];
    squares += (u - middle[2] - c * p + s * q) ** 2 + (v - middle[3] - s * p - c * q) ** 2;
  }
  const jitter = Math.sqrt(squares / (2 * pairs.length));
  const angle = (arctangent2(s, c) * 180) / Math.PI;
  const scale = Math.sqrt(c * c + s * s) - 1;
  const turn = Math.abs(angle) >= 0.01 ? `the stage is turned by ${fixed(Math.abs(angle), 2)}° against the camera` : "";
  const size =
    Math.abs(scale) >= 0.0002
      ? `its steps are ${fixed(100 * Math.abs(scale), 2)} % ${scale > 0 ? "longer" : "shorter"} than the layout says`
      : "";
  const common = [turn, size].filter((text) => text !== "").join(", and ");
  return [
    `${common === "" ? "" : `${common.charAt(0).toUpperCase()}${common.slice(1)}. `}${common === "" ? "The" : "Apart from that, the"} stage put a tile ${pixels(jitter)} from its place in each direction (root mean square).`,
  ];
}
