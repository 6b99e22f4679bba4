import type { RunAccess, RunRecord } from "../core/record.js";
import type { TileEdges } from "../core/tile-tables.js";
import { histogram } from "./charts.js";
import { html, type Markup } from "./html.js";
import { type Mosaic, mosaicsOf } from "./mosaic-data.js";
import { mapLegend, mosaicMap } from "./mosaic-map.js";
import { mosaicWords, pixels } from "./mosaic-words.js";
import { fixed, number } from "./numbers.js";
import { type SeamPick, seamFigure } from "./seam-pictures.js";

const mostMosaics = 3;
const mostRows = 12;
const mostPictures = 4;

/** Where tiles of mosaics were put: a map, what their overlaps say, and the worst seams. Nothing when the run has none. */
export async function mosaicSection(record: RunRecord, access: RunAccess): Promise<Markup | undefined> {
  const mosaics = await mosaicsOf(record, access);
  if (mosaics.length === 0) return undefined;
  const parts: Markup[] = [];
  for (const mosaic of mosaics.slice(0, mostMosaics)) parts.push(await one(mosaic, access, mosaics.length > 1));
  const rest = mosaics.length - mostMosaics;
  return html`<section id="mosaic"><h2>${mosaics.length > 1 ? "The mosaics" : "The mosaic"}</h2>${parts}${rest > 0 && html`<p class="note">and ${rest} more</p>`}</section>`;
}

async function one(mosaic: Mosaic, access: RunAccess, several: boolean): Promise<Markup> {
  const { positions, edges, nominal, seams, task } = mosaic;
  const pictures: Markup[] = [];
  for (const pick of worstSeams(mosaic)) {
    const figure = await seamFigure(mosaic, pick, access);
    if (figure) pictures.push(figure);
  }
  const residuals = edges ? edges.residual.filter((_, k) => edges.state[k] === "used") : undefined;
  return html`${several && html`<h3>${task.id} <span class="note">${task.plugin}</span></h3>`}${mosaicWords(positions, edges, nominal).map((text) => html`<p>${text}</p>`)}
<figure>${mosaicMap(positions, edges)}<figcaption>${edges && mapLegend(edges)}Each square is a tile where it was put, each line an overlap. The pointer over a tile tells its name.</figcaption></figure>
<div class="pair">${residuals && residuals.length > 0 && html`<figure>${histogram([...residuals], { what: "residual", unit: "px", axis: "pixels" })}<figcaption>How far the overlaps that were used are from where all of them together put the tiles.</figcaption></figure>`}${
    seams &&
    seams.step.length > 0 &&
    html`<figure>${histogram(
      [...seams.step].map((v) => 100 * v),
      { what: "seam step", unit: "%", axis: "step of brightness in % of the brightness there" },
    )}<figcaption>How much brightness steps from tile to tile, over squares of about 48 pixels. Noise and fine structure give some step even where light is even.</figcaption></figure>`
  }</div>
${edges && worstTable(edges)}
${pictures.length > 0 && html`<h3>Seams to look at</h3><p class="note">Where two tiles overlap, one in red and the other in cyan: what they agree on is gray. Coloured rims are a wrong place, a tint all over is a step of brightness.</p><div class="seams">${pictures}</div>`}`;
}

/** The seams with the largest steps and the least correlation; without them edges, the worst first. */
function worstSeams({ seams, edges }: Mosaic): readonly SeamPick[] {
  const picks: SeamPick[] = [];
  const add = (a: string, b: string, why: string) => {
    if (picks.length < mostPictures && !picks.some((pick) => pick.a === a && pick.b === b)) picks.push({ a, b, why });
  };
  if (edges) {
    for (const k of worstEdges(edges)
      .filter((k) => edges.state[k] === "outlier")
      .slice(0, 1))
      add(edges.a[k]!, edges.b[k]!, "this overlap contradicts the others and was not used.");
  }
  if (seams) {
    const order = seams.a.map((_, k) => k);
    const byStep = order.toSorted((p, q) => seams.step[q]! - seams.step[p]! || p - q);
    const byNcc = order
      .filter((k) => Number.isFinite(seams.ncc[k]!) && isUsed(edges, seams.a[k]!, seams.b[k]!))
      .sort((p, q) => seams.ncc[p]! - seams.ncc[q]! || p - q);
    for (let n = 0; n < Math.max(byStep.length, byNcc.length) && picks.length < mostPictures; n++) {
      const [s, c] = [byStep[n], byNcc[n]];
      if (s !== undefined)
        add(
          seams.a[s]!,
          seams.b[s]!,
          `brightness steps by ${number(100 * seams.step[s]!, 2)} %, among the most of all seams${isUsed(edges, seams.a[s]!, seams.b[s]!) ? "" : "; the overlap was not used to place them"}.`,
        );
      if (c !== undefined)
        add(
          seams.a[c]!,
          seams.b[c]!,
          `they correlate by ${fixed(seams.ncc[c]!, 2)}, among the least of the seams that were used.`,
        );
    }
  } else if (edges) {
    for (const k of worstEdges(edges)
      .filter((k) => edges.state[k] === "used")
      .slice(0, mostPictures))
      add(
        edges.a[k]!,
        edges.b[k]!,
        `the overlap is ${pixels(edges.residual[k]!)} off the solution, among the most of all.`,
      );
  }
  return picks;
}

function isUsed(edges: TileEdges | undefined, a: string, b: string): boolean {
  if (!edges) return true;
  const k = edges.a.findIndex(
    (_, i) => (edges.a[i] === a && edges.b[i] === b) || (edges.a[i] === b && edges.b[i] === a),
  );
  return k >= 0 && edges.state[k] === "used";
}

/** Unreadable and contradicting ones first, then those used, by residual; others are no fault. */
function worstEdges({ a, state, residual }: TileEdges): readonly number[] {
  const rank = (k: number) => ["unreadable", "outlier", "used"].indexOf(state[k]!);
  const size = (k: number) => (Number.isFinite(residual[k]!) ? residual[k]! : 0);
  return a
    .map((_, k) => k)
    .filter((k) => rank(k) >= 0)
    .sort((p, q) => rank(p) - rank(q) || size(q) - size(p) || p - q);
}

function worstTable(edges: TileEdges): Markup | undefined {
  const order = worstEdges(edges);
  if (order.length === 0) return undefined;
  const faults = order.filter((k) => isFault(edges, k)).length;
  const shown = order.slice(0, Math.max(Math.min(faults, mostRows), 5));
  const head =
    faults === 0
      ? "No overlap is at fault"
      : faults === 1
        ? "One overlap is at fault"
        : `${number(faults)} overlaps are at fault`;
  return html`<h3>${head}</h3><p class="note">${faults > mostRows ? `The worst ${mostRows} of them.` : faults < shown.length && "Those that agree least with the solution:"}</p><div class="scroll"><table><thead><tr><th>overlap of</th><th>and</th><th class="n">off by</th><th class="n">expected</th><th class="n">correlation</th><th>what that means</th></tr></thead><tbody>${shown.map(
    (k) =>
      html`<tr><td>${edges.a[k]!}</td><td>${edges.b[k]!}</td><td class="n">${Number.isFinite(edges.residual[k]!) ? pixels(edges.residual[k]!) : ""}</td><td class="n">${Number.isFinite(sigmaOf(edges, k)) ? pixels(sigmaOf(edges, k)) : ""}</td><td class="n">${Number.isFinite(edges.ncc[k]!) ? fixed(edges.ncc[k]!, 2) : ""}</td><td class="meaning">${sentence(edges, k)}</td></tr>`,
  )}</tbody></table></div>`;
}

const sigmaOf = ({ sigmaX, sigmaY }: TileEdges, k: number): number => Math.sqrt(sigmaX[k]! ** 2 + sigmaY[k]! ** 2);

/** What a user should know of; a part of a pixel is none. */
const isFault = (edges: TileEdges, k: number): boolean =>
  edges.state[k] !== "used" || (edges.residual[k]! >= 1 && edges.residual[k]! > 3 * sigmaOf(edges, k));

function sentence(edges: TileEdges, k: number): string {
  const off = edges.residual[k]!;
  switch (edges.state[k]) {
    case "unreadable":
      return "One of the two tiles could not be read.";
    case "outlier":
      return "The overlap shows one place, all others together another: it was not used. Something may repeat itself there, or have moved.";
    default: {
      const sigma = sigmaOf(edges, k);
      if (!(off > 3 * sigma) || off < 0.1) return "As good as its pixels allow.";
      if (off < 1) return "A little more than its noise explains; no eye sees it.";
      return "More than its noise explains: the lens may distort, the sample have depth, or something have moved.";
    }
  }
}
