import { type Diagnostic, failed, ok, problem, type Result, warning } from "../../../core/diagnostic.js";
import { formatNumber } from "../../../core/format.js";
import { claimsOf, contradictedBy, usualMistakes } from "./contradicted-by.js";
import { nearSearch, type Search, wideSearch } from "./find-steps.js";
import type { Matrix2 } from "./fit-steps.js";
import { median, neighboursOf } from "./lattice.js";
import type { LayoutRequest, Source } from "./request.js";
import { type Walk, walks } from "./sequences.js";
import { someOf } from "./sources.js";
import type { TrialTiles } from "./trial-tiles.js";
import { type Trial, tryPlaces } from "./try-places.js";
import { axesInWords, orderInWords, pairsInWords, scaleInWords, stageError } from "./words.js";

/** Places in pixels of the tiles, and what speaks for them. */
export interface Decision {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Cells of the grid, where the source names them. */
  readonly col?: Int32Array;
  readonly row?: Int32Array;
  readonly trial?: Trial;
  readonly status: "accepted" | "suspect" | "rejected";
  readonly reasons: readonly Diagnostic[];
  readonly notes: readonly Diagnostic[];
  readonly order?: string;
  readonly checked: string;
}

export interface Looking {
  readonly tiles: TrialTiles;
  readonly size: { readonly width: number; readonly height: number };
  /** Kernel memory that tiles may take. */
  readonly bytes: number;
}

/** Overlaps that are looked for where none is known: first what is usual, then what is rare. */
const OVERLAPS = [
  [0.015, 0.35],
  [0.35, 0.85],
] as const;
/** How far from where positions say a tile is looked for, as a share of its side. */
const NEAR = 0.09;

const corrected = (message: string): Diagnostic => warning("layout-corrected", sentence(message));
const sentence = (text: string): string => text[0]!.toUpperCase() + text.slice(1);
const unchecked = (message: string, hint?: string): Diagnostic => warning("layout-unchecked", message, hint);
const contradicted = (message: string, hint: string): Diagnostic => problem("layout-contradicted", message, hint);

const apply = ([a, b, c, d]: Matrix2, x: ArrayLike<number>, y: ArrayLike<number>) => ({
  x: Float64Array.from(x, (v, i) => a * v + b * y[i]!),
  y: Float64Array.from(x, (v, i) => c * v + d * y[i]!),
});

/** Positions in pixels, or in a unit of their own: are they what the overlaps show? */
export async function decidePlaces(
  source: Extract<Source, { kind: "places" }>,
  others: readonly Source[],
  { tiles, size, bytes }: Looking,
): Promise<Decision> {
  const places = { x: source.x, y: source.y };
  const named = claimsOf(others);
  for (const { words, pairs } of named.length > 0 ? named : usualMistakes(source.x, source.y, size)) {
    const found = await contradictedBy(tiles, places, pairs, size, bytes);
    if (!found) continue;
    const { overlapping, asked } = found;
    return rejected(`of ${asked} pairs that are neighbours by ${words} and not here, ${overlapping} overlap`);
  }
  const pairs = neighboursOf(places);
  const step = (axis: 0 | 1) =>
    median(pairs.filter((p) => p.axis === axis).map((p) => Math.abs(axis === 0 ? p.dx : p.dy)));
  const steps = [step(0), step(1)].filter((v) => v > 0);
  const side = Math.max(size.width, size.height);
  const least = Math.min(size.width, size.height);
  const overlapping = steps.length > 0 && steps.every((v) => v > 0.15 * least && v < 1.04 * side);
  const { words } = source;
  let trial: Trial | undefined;
  if (overlapping) trial = await tryPlaces(tiles, places, nearSearch(size, NEAR), bytes);
  if (trial?.outcome === "agree" || trial?.outcome === "part") return fromTrial(trial, Math.min(...steps));
  let wide: Trial | undefined;
  if (trial?.outcome !== "contradict") {
    for (const overlap of OVERLAPS) {
      wide = await tryPlaces(tiles, places, wideSearch(size, overlap), bytes);
      if (wide.outcome === "agree") return fromTrial(wide, Math.min(...steps));
      if (wide.outcome === "contradict") break;
    }
  }
  if (trial?.outcome === "contradict" || wide?.outcome === "contradict") {
    const which = trial?.outcome === "contradict" ? trial : wide!;
    return { ...rejected(contradictionInWords(which)), trial: which };
  }
  const best = trial ?? wide!;
  if (overlapping) {
    return {
      ...places,
      trial: best,
      status: "accepted",
      reasons: [],
      notes: [
        unchecked(
          `The overlaps show too little to tell whether ${words} are right (${pairsInWords(best)} looked at agree); they are used as they are`,
          "Look at the mosaic's seams.",
        ),
      ],
      checked: "could not be checked",
    };
  }
  const gap = steps.length > 0 ? `${steps.map((v) => formatNumber(v, 1)).join(" and ")}` : "nothing";
  return {
    ...places,
    trial: best,
    status: "suspect",
    reasons: [
      problem(
        "no-overlap",
        `By ${words} the steps between tiles are ${gap}, and tiles have ${size.width} x ${size.height} px: they would not overlap, and nothing in them shows otherwise`,
        "Check the positions' unit (unit: um and pixel-size:); or give the right overlap.",
      ),
    ],
    notes: [],
    checked: "could not be checked",
  };

  function rejected(why: string): Decision {
    return {
      ...places,
      status: "rejected",
      reasons: [
        contradicted(
          `The overlaps contradict ${source.words}: ${why}`,
          "Check that positions belong to these files, in this order; or leave positions out and say order: and columns:.",
        ),
      ],
      notes: [],
      checked: "contradicted by the overlaps",
    };
  }

  function fromTrial(found: Trial, smallest: number): Decision {
    const { matrix, real } = stageError(found.fit!, found.upright!, smallest);
    const axes = axesInWords(found.upright!, words);
    const notes: Diagnostic[] = [];
    if (axes) notes.push(corrected(`${axes} (${pairsInWords(found)} show it)`));
    if (real) notes.push(corrected(`${scaleInWords(matrix, words)} (${pairsInWords(found)} show it)`));
    if (found.outcome === "part") {
      const open = found.evidence.axes[0].found ? "second" : "first";
      notes.push(
        unchecked(`Overlaps along the ${open} axis of ${words} show too little to check it; it is used as it is`),
      );
    }
    return {
      ...apply(real ? found.fit!.matrix : found.upright!, source.x, source.y),
      trial: found,
      status: "accepted",
      reasons: [],
      notes,
      checked: `${axes || real ? "corrected" : "confirmed"} by ${pairsInWords(found)}`,
    };
  }
}

function contradictionInWords({ evidence }: Trial): string {
  const parts = evidence.axes.flatMap(({ found, odd, telling }, axis) => {
    const along = `of ${telling} neighbours along ${axis === 0 ? "x" : "y"} that show something`;
    const else_ = odd.length > 0 ? [`${odd.length} have the second tile elsewhere`] : [];
    const agreed = found ? [`${found.agreement.members.length} have it ${placeWord(found.direction)}`] : [];
    return telling > 0 ? [`${along}, ${[...agreed, ...else_].join(" and ")}`] : [];
  });
  return parts.join("; ");
}

const placeWord = (direction: string): string =>
  direction === "right" || direction === "left" ? `on the ${direction}` : direction;

/** Rows and columns are known, what a step is has to be found. */
export async function decideGrid(
  source: Extract<Source, { kind: "grid" }>,
  request: LayoutRequest,
  { tiles, size, bytes }: Looking,
): Promise<Result<Decision>> {
  const { words, x, y } = source;
  const searches = searchesFor(request, size);
  let best: Trial | undefined;
  for (const search of searches) {
    const trial = await tryPlaces(tiles, { x, y }, search, bytes);
    if (trial.outcome === "agree") return ok(fromTrial(trial));
    if (trial.outcome === "contradict") {
      best = trial;
      break;
    }
    if (!best || trial.log10Nfa < best.log10Nfa) best = trial;
  }
  if (best?.outcome === "contradict") {
    return ok({
      ...assumed([0.1, 0.1]),
      trial: best,
      status: "rejected",
      reasons: [
        contradicted(
          `The overlaps contradict ${words}: ${contradictionInWords(best)}`,
          "Check the order of the files; if their numbers only count, say order: row or row-snake and columns:.",
        ),
      ],
      notes: [],
      checked: "contradicted by the overlaps",
    });
  }
  if (best?.outcome === "part") {
    const decision = fromTrial(best);
    const open = best.evidence.axes[0].found ? "rows" : "columns";
    const message = `Overlaps between ${open} show too little to find their step; it is taken for the same overlap as along the other axis`;
    if (request.overlap) return ok({ ...decision, notes: [...decision.notes, unchecked(message)] });
    return ok({
      ...decision,
      status: "suspect",
      reasons: [problem("layout-unchecked", message, "Say overlap: 10 %, or what it is.")],
    });
  }
  if (!request.overlap) {
    return failed(
      problem(
        "overlap-unknown",
        `Rows and columns are known by ${words}, but how far tiles overlap is not, and their overlaps show too little to find it`,
        "Say overlap: 10 %, or what it is; or give positions.",
      ),
    );
  }
  return ok({
    ...assumed(request.overlap),
    ...(best ? { trial: best } : {}),
    status: "accepted",
    reasons: [],
    notes: [unchecked("The overlaps show too little to check rows, columns and overlap; they are used as they are")],
    checked: "could not be checked",
  });

  function assumed([ox, oy]: readonly [number, number]) {
    const at = apply([(1 - ox) * size.width, 0, 0, (1 - oy) * size.height], x, y);
    return { ...at, col: x, row: y };
  }

  function fromTrial(trial: Trial): Decision {
    const notes: Diagnostic[] = [];
    const upright = trial.upright!;
    const claims = source.labelled ? axesInWords(upright, words) : undefined;
    if (claims) notes.push(corrected(`${gridWords(upright)} (${pairsInWords(trial)} show it)`));
    notes.push(...overlapNotes(trial, request, size));
    return {
      ...apply(trial.fit!.matrix, x, y),
      ...cellsAlong(upright, x, y),
      trial,
      status: "accepted",
      reasons: [],
      notes,
      checked: `${claims ? "corrected" : "confirmed"} by ${pairsInWords(trial)}`,
    };
  }

  function gridWords([a, , , d]: Matrix2): string {
    if (a === 0) return `rows and columns are exchanged in ${words}: they were swapped`;
    const parts = [...(d < 0 ? ["rows count upwards"] : []), ...(a < 0 ? ["columns count to the left"] : [])];
    return `${parts.join(" and ")} in ${words}`;
  }
}

/** Wide searches, the one that holds the overlap that was given first. */
function searchesFor({ overlap }: LayoutRequest, size: Looking["size"]): Search[] {
  const searches = OVERLAPS.map((range) => wideSearch(size, range));
  return overlap && Math.max(...overlap) > OVERLAPS[0][1] ? searches.reverse() : searches;
}

/** The overlap that a fit shows, where another was given. */
function overlapNotes(trial: Trial, { overlap }: LayoutRequest, size: Looking["size"]): Diagnostic[] {
  if (!overlap || trial.outcome !== "agree") return [];
  const found = overlapOf(trial.fit!.matrix, size);
  const off = found.some((v, i) => Math.abs(v - overlap[i]!) > 0.03);
  const percent = ([x, y]: readonly [number, number]) =>
    `${formatNumber(100 * x, 1)} % and ${formatNumber(100 * y, 1)} %`;
  return off
    ? [
        corrected(
          `the overlap was said to be ${percent(overlap)} along x and y, but the tiles overlap by ${percent(found)}: that was taken`,
        ),
      ]
    : [];
}

/** Overlap of neighbours as shares of width and height. */
export function overlapOf([a, b, c, d]: Matrix2, { width, height }: Looking["size"]): readonly [number, number] {
  return [1 - Math.max(Math.abs(a), Math.abs(b)) / width, 1 - Math.max(Math.abs(c), Math.abs(d)) / height];
}

/** Rows and columns counted from the top left, whichever way the places' axes point. */
function cellsAlong([a, b, c, d]: Matrix2, x: ArrayLike<number>, y: ArrayLike<number>) {
  const fromZero = (values: Int32Array) => {
    const least = values.reduce((m, v) => Math.min(m, v), Number.POSITIVE_INFINITY);
    return values.map((v) => v - least);
  };
  return {
    col: fromZero(Int32Array.from(x, (v, i) => a * v + b * y[i]!)),
    row: fromZero(Int32Array.from(x, (v, i) => c * v + d * y[i]!)),
  };
}

/** A running number: which grid it walks over, and how, is found by what fits the overlaps. */
export async function decideSequence(
  source: Extract<Source, { kind: "sequence" }>,
  request: LayoutRequest,
  { tiles, size, bytes }: Looking,
): Promise<Result<Decision>> {
  const { order } = request;
  const byColumns = order.startsWith("column");
  // Columns and rows are counted in the mosaic; a walk goes along its columns or its rows first.
  const ways = byColumns
    ? walks(source, order, request.rows, request.columns)
    : walks(source, order, request.columns, request.rows);
  const other =
    order === "auto" && (request.columns || request.rows) ? walks(source, order, request.rows, request.columns) : [];
  let best: { readonly walk: Walk; readonly trial: Trial } | undefined;
  let second: typeof best;
  for (const search of searchesFor(request, size)) {
    for (const walk of [...ways, ...other]) {
      const trial = await tryPlaces(tiles, walk, search, bytes, [24, 48]);
      if (trial.outcome !== "agree") continue;
      if (!best || trial.log10Nfa < best.trial.log10Nfa) [best, second] = [{ walk, trial }, best];
      else if (!second || trial.log10Nfa < second.trial.log10Nfa) second = { walk, trial };
    }
    if (best) break;
  }
  if (best) {
    const { walk, trial } = best;
    const margin = second ? second.trial.log10Nfa - trial.log10Nfa : Number.POSITIVE_INFINITY;
    const found = orderInWords(trial.fit!.matrix, walk.snake);
    const notes: Diagnostic[] = overlapNotes(trial, request, size);
    const claimed = claimOf(request);
    const decision: Decision = {
      ...apply(trial.fit!.matrix, walk.x, walk.y),
      ...cellsAlong(trial.upright!, walk.x, walk.y),
      trial,
      status: margin > 3 ? "accepted" : "suspect",
      reasons:
        margin > 3
          ? []
          : [
              problem(
                "order-unsure",
                `Two orders fit the overlaps alike: ${found} in lines of ${walk.columns}, and ${orderInWords(second!.trial.fit!.matrix, second!.walk.snake)} in lines of ${second!.walk.columns}`,
                "Say order: and columns:.",
              ),
            ],
      notes:
        claimed && !found.startsWith(claimed)
          ? [...notes, corrected(`the order was said to be ${claimed}, but the overlaps show ${found}: that was taken`)]
          : notes,
      order: found,
      checked: `found by ${pairsInWords(trial)}`,
    };
    return ok(decision);
  }
  const lines = request.columns ?? request.rows;
  if (order === "auto" || !lines || !request.overlap) {
    return failed(
      problem(
        "order-unknown",
        `The tiles have a running number, but no grid that it could walk over fits their overlaps (${someOf([...request.ids], 3)})`,
        "Say order:, columns: and overlap:; or give positions.",
      ),
    );
  }
  const walk = ways[0]!;
  const { origin } = request;
  const [sx, sy] = [origin.endsWith("right") ? -1 : 1, origin.startsWith("bottom") ? -1 : 1];
  const [u, v] = [(1 - request.overlap[0]) * size.width * sx, (1 - request.overlap[1]) * size.height * sy];
  const upright: Matrix2 = byColumns ? [0, sx, sy, 0] : [sx, 0, 0, sy];
  return ok({
    ...apply(byColumns ? [0, u, v, 0] : [u, 0, 0, v], walk.x, walk.y),
    ...cellsAlong(upright, walk.x, walk.y),
    status: "accepted",
    reasons: [],
    notes: [unchecked("The overlaps show too little to check order and overlap; they are used as they are")],
    order: orderInWords(upright, walk.snake),
    checked: "could not be checked",
  });
}

/** What order: and origin: claim, as far as they claim something, in the words of `orderInWords`. */
function claimOf({ order, origin }: LayoutRequest): string | undefined {
  if (order === "auto") return undefined;
  const line = order.startsWith("row") ? "row by row" : "column by column";
  return origin === "auto" ? line : `${line} from the ${origin.replace("-", " ")}`;
}
