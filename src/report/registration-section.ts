import { DiagnosticError } from "../core/diagnostic.js";
import { type Grid, toPixel, toWorld } from "../core/grid.js";
import type { RunAccess, RunRecord } from "../core/record.js";
import { apply, type Transform } from "../core/transform.js";
import { bendingSection } from "./bending-section.js";
import {
  type Backdrop,
  coverageFigure,
  exaggeration,
  frameFigure,
  residualHistogram,
  split,
  type TiePoints,
  tiePointFigure,
  vectorFigure,
} from "./charts.js";
import { courseSection } from "./course-section.js";
import { type Evidence, evidenceOf, type Finding, isOfMany } from "./evidence.js";
import { type Picture, picturePixels } from "./figures.js";
import { html, type Markup } from "./html.js";
import { jointSection } from "./joint-section.js";
import { number, quantile } from "./numbers.js";
import { lattice, transformPart } from "./transform-words.js";
import { metricsTable, verdictPart } from "./verdict-section.js";
import { closeLooks, encoded, type Pictures, picturesOf, shrink, tiePointsOf, viewerOf } from "./viewer.js";

/** Everything about one registration, in at most about `budget` characters. `alone`: it is the only one, and the banner speaks for it. */
export async function registrationSection(
  finding: Finding,
  record: RunRecord,
  access: RunAccess,
  budget: number,
  alone: boolean,
): Promise<Markup> {
  const { registration } = finding;
  const verdict = verdictPart(finding, alone);
  const numbers = html`<h3>Errors and evidence</h3>${metricsTable(finding.metrics)}`;
  if (!registration) {
    const why = finding.trouble
      ? `The transform could not be read again: ${finding.trouble.message}.`
      : finding.task.state === "failed" || finding.task.state === "skipped"
        ? "No transform was found, so there is nothing to show."
        : "The transform is not at hand, so there is nothing to show.";
    const drawnElsewhere = isOfMany(finding) && finding.task.state !== "failed" && finding.task.state !== "skipped";
    return html`${verdict}${!drawnElsewhere && html`<p class="note">${why}</p>`}${Object.keys(finding.metrics).length > 0 && numbers}`;
  }
  const evidence = await evidenceOf(finding, record, access);
  const drawn = await guarded(() => draw(finding, evidence, registration.transform, access, budget));
  const fixed = registration.fixed ?? evidence.fixed?.grid;
  const moving = registration.moving ?? evidence.moving?.grid;
  const told = finding.verdict;
  const course = told?.course && courseSection(told.course, told, fixed, moving);
  return html`${verdict}${drawn.pictures}${drawn.points}${course}${drawn.joint}${numbers}
<h3>What the transform does</h3>${transformPart(registration.transform, fixed, moving, drawn.frame, drawn.bending !== undefined)}${drawn.bending}
${[...evidence.gaps, ...drawn.gaps].map((gap) => html`<p class="note">${gap}</p>`)}`;
}

interface Drawn {
  readonly pictures?: Markup;
  readonly points?: Markup;
  readonly frame?: Markup;
  readonly joint?: Markup;
  readonly bending?: Markup;
  readonly gaps: readonly string[];
}

/** A damaged file is told in the report; it must not cost the reader the rest of it. */
async function guarded(make: () => Promise<Drawn>): Promise<Drawn> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return { gaps: error.diagnostics.map((d) => `Pictures could not be made: ${d.message}.`) };
  }
}

async function draw(
  finding: Finding,
  { fixed, moving, matches }: Evidence,
  transform: Transform,
  access: RunAccess,
  budget: number,
): Promise<Drawn> {
  if (!fixed || !moving) return { gaps: [] };
  const pictures = await picturesOf(fixed, moving, transform);
  const points = matches && tiePointsOf(matches, transform, pictures.fixed, pictures.moving, moving.grid);
  const viewer = await viewerOf(access, pictures, fixed.grid.width, finding.name, budget * 0.68);
  const joint = await jointSection(access, { fixed, moving }, pictures);
  const close = await closeLooks(access, fixed, moving, transform, pictures, matches, points);
  const backdrops = {
    fixed: await backdrop(access, pictures.fixed, Math.min(640, budget / 1200)),
    moving: await backdrop(access, pictures.moving, Math.min(640, budget / 1200)),
  };
  const bending = await bendingSection(access, transform, fixed.grid, moving.grid, backdrops.fixed);
  return {
    pictures: html`<h3>Before and after</h3>${viewer}${close}`,
    ...(points ? { points: pointsPart(rescale(points, pictures, backdrops), backdrops) } : {}),
    frame: framePart(transform, fixed.grid, backdrops.moving),
    ...(joint ? { joint } : {}),
    ...(bending ? { bending } : {}),
    gaps: [],
  };
}

interface Placed extends Backdrop {
  readonly grid: Grid;
}

async function backdrop(access: RunAccess, picture: Picture, most: number): Promise<Placed> {
  const small = shrink(picture, Math.max(120, most));
  return {
    href: await encoded(access, picturePixels(small, small.valid.includes(0)), 66),
    width: small.grid.width,
    height: small.grid.height,
    grid: small.grid,
  };
}

/** Tie points from pixels of the pictures to pixels of the smaller backdrops. */
function rescale(points: TiePoints, from: Pictures, to: { fixed: Placed; moving: Placed }): TiePoints {
  const map = (p: Float64Array, a: Grid, b: Grid) => toPixel(b, toWorld(a, p as Parameters<typeof toWorld>[1]));
  return {
    ...points,
    fixed: map(points.fixed, from.fixed.grid, to.fixed.grid),
    moving: map(points.moving, from.moving.grid, to.moving.grid),
    predicted: map(points.predicted, from.moving.grid, to.moving.grid),
  };
}

const coverageCells = 8;

function pointsPart(points: TiePoints, { fixed, moving }: { fixed: Placed; moving: Placed }): Markup {
  const { kept, rejected } = split(points);
  if (kept.length + rejected.length === 0) return html`<h3>Tie points</h3><p>No tie points were found.</p>`;
  const factor = exaggeration(points, moving);
  const { figure: coverage, filled } = coverageFigure(points, fixed, coverageCells);
  const all = coverageCells * coverageCells;
  const sorted = kept
    .map((i) => points.residual[i]!)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const judged = points.inlier
    ? html`<span class="swatch"></span>${number(kept.length)} kept (they agree with the transform) and <span class="swatch cross">×</span>${number(rejected.length)} rejected`
    : html`<span class="swatch"></span>${number(kept.length)} tie points; no step has said which of them to trust`;
  return html`<h3>Tie points</h3><p>Places that were found in both images: ${judged}.</p>
<figure>${tiePointFigure(points, fixed, moving)}<figcaption>Left the fixed image, right the moving one. ${kept.length > 700 ? "An even choice of 700 is drawn. " : ""}Lines join ${Math.min(36, kept.length)} of the kept tie points; lines that cross wildly would mean that the images do not match.</figcaption></figure>
<div class="pair"><figure>${coverageFigureWords(coverage, filled, all)}</figure>
${kept.length > 0 && html`<figure>${vectorFigure(points, moving, factor)}<figcaption>The miss of each kept tie point on the moving image, as an arrow ${factor > 1 ? html`<strong>${number(factor)} times as long as it is</strong>` : "in its true length"}. Arrows in all directions are noise; arrows that all point the same way, or turn in circles, mean that something is left to correct.</figcaption></figure>`}</div>
${kept.length > 0 && html`<div class="pair aside"><figure>${residualHistogram(points)}</figure><p class="note">How far the kept tie points miss: half by less than ${number(quantile(sorted, 0.5))} px, nine in ten by less than ${number(quantile(sorted, 0.9))} px (pixels of the moving image). They took part in the fit, so the true error is larger; see the held-out error below.</p></div>`}`;
}

const coverageFigureWords = (figure: Markup, filled: number, all: number): Markup =>
  html`${figure}<figcaption>Where the evidence lies: ${filled} of ${all} fields of the fixed image hold kept tie points (with their number). ${filled < all / 4 ? "Most of the image has none: far from them the alignment is a guess." : filled < all ? "In fields that are struck through nothing vouches for the alignment but their neighbours." : "Every field has its own."}</figcaption>`;

function framePart(transform: Transform, fixed: Grid, moving: Placed): Markup {
  const nodes = toPixel(moving.grid, apply(transform, toWorld(fixed, lattice(fixed, 32))));
  return html`<figure>${frameFigure(nodes, 32, moving)}<figcaption>The moving image, with the frame of the fixed image and a regular lattice of it (magenta) where the transform puts them.</figcaption></figure>`;
}
