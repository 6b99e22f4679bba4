import { describeTransform, type TransformDescription, transformInWords } from "../core/describe.js";
import { type Grid, spacing, toPixel, toWorld } from "../core/grid.js";
import { type Points, pixelPoints } from "../core/points.js";
import { apply, asMatrix3, invert, type Matrix3, type Transform } from "../core/transform.js";
import { html, type Markup } from "./html.js";
import { fixed as decimals, number } from "./numbers.js";

/** How the area changes over a lattice on the fixed image. */
export interface Deformation {
  /** Change of area from fixed to moving, in world units: smallest and largest of the lattice. */
  readonly area: readonly [smallest: number, largest: number];
  /** Share of the lattice where the map folds over, 0 to 1. */
  readonly folding: number;
}

/** Lattice of a grid: `(count + 1)²` pixel points, row by row, from the first pixel's centre to the last's. */
export function lattice(grid: Grid, count: number): Points<"pixel"> {
  const nodes: number[] = [];
  for (let v = 0; v <= count; v++) {
    for (let u = 0; u <= count; u++) {
      nodes.push((u / count) * Math.max(1, grid.width - 1), (v / count) * Math.max(1, grid.height - 1));
    }
  }
  return pixelPoints(nodes);
}

/** Change of area over a lattice of 32 × 32 cells; cells outside of the transform's domain are left out. */
export function deformation(transform: Transform, fixed: Grid): Deformation {
  const count = 32;
  const from = toWorld(fixed, lattice(fixed, count));
  const to = apply(transform, from);
  const row = 2 * (count + 1);
  const areaOf = (p: Float64Array, i: number) =>
    (p[i + 2]! - p[i]!) * (p[i + row + 1]! - p[i + 1]!) - (p[i + row]! - p[i]!) * (p[i + 3]! - p[i + 1]!);
  const areas: number[] = [];
  for (let v = 0; v < count; v++) {
    for (let u = 0; u < count; u++) {
      const i = v * row + 2 * u;
      const area = areaOf(to, i) / areaOf(from, i);
      if (Number.isFinite(area)) areas.push(area);
    }
  }
  if (areas.length === 0) return { area: [Number.NaN, Number.NaN], folding: 0 };
  const side = areas.filter((a) => a < 0).length * 2 > areas.length ? -1 : 1; // most of the map says whether it mirrors; the rest is folded
  const turned = areas.map((a) => a * side);
  return {
    area: [Math.min(...turned), Math.max(...turned)],
    folding: turned.filter((a) => a <= 0).length / turned.length,
  };
}

/** Unit of a grid's world, as it is written after a number. */
export const worldUnit = (grid: Pick<Grid, "crs">): string =>
  grid.crs === "px" ? "px" : grid.crs === "um" ? "µm" : `map units (${grid.crs})`;

/** What kind of map a transform is, in words. */
export function kindOf(transform: Transform): string {
  switch (transform.type) {
    case "affine":
      return "Affine map: shift, rotation, scale and shear, the same everywhere";
    case "projective":
      return "Projective map: a plane seen from another side; straight lines stay straight";
    case "tps":
      return `Thin-plate spline: bends smoothly between ${transform.knots.length / 2} knots`;
    case "bspline":
      return `B-spline: bends smoothly on a lattice of ${transform.lattice.width} × ${transform.lattice.height} control values`;
    case "displacement":
      return `Displacement field: a shift of its own for each of ${transform.grid.width} × ${transform.grid.height} places`;
    case "sequence":
      return `Sequence of ${transform.steps.length} maps, applied one after the other: ${transform.steps.map((t) => kindOf(t).split(":")[0]!.toLowerCase()).join(", ")}`;
    case "inverse":
      return `Inverse of: ${kindOf(transform.of).replace(/^./, (c) => c.toLowerCase())}`;
  }
}

/** The 3 × 3 matrices of a map that does not bend, in world coordinates, both ways; otherwise nothing. */
export function matrices(transform: Transform): { there: Matrix3; back: Matrix3 } | undefined {
  const there = asMatrix3(transform);
  const back = there && asMatrix3(invert({ type: "projective", matrix: there }));
  return there && back && [...there, ...back].every(Number.isFinite) ? { there, back } : undefined;
}

/** What a registration does: in a sentence, as a drawing (made elsewhere), in a table with both directions, and as matrices. */
export function transformPart(
  transform: Transform,
  fixed: Grid | undefined,
  moving: Grid | undefined,
  frame?: Markup,
  bendsBelow = false,
): Markup {
  const both = matrices(transform);
  const there = describeTransform({ transform, ...(fixed ? { fixed } : {}) });
  const back =
    both && moving
      ? describeTransform({ transform: { type: "projective", matrix: both.back }, fixed: moving })
      : undefined;
  return html`<p class="lede">To lie on the fixed image, the moving image is ${transformInWords(there)}.</p><p>${kindOf(transform)}.</p>
${there.shape !== "degenerate" && numbersTable(there, back, fixed, moving)}
<div class="pair aside">${frame}<div>${fixed && moving && html`<p>${landing(transform, fixed, moving)}</p>`}${fixed && !bendsBelow && bendPart(transform, fixed)}</div></div>
${
  both &&
  html`<details class="plain"><summary>The numbers: matrices in world coordinates</summary><p class="note">World coordinates are ${fixed?.crs === "px" ? "pixels: the centre of the first pixel is (0, 0), x points right, y down" : "those of the files, in their units"}. A point is written as a column (x, y, 1).</p><div class="pair"><figure>${matrix(both.there)}<figcaption>fixed to moving: what the file holds, and what resampling uses</figcaption></figure><figure>${matrix(both.back)}<figcaption>moving to fixed: where a point of the moving image goes</figcaption></figure></div></details>`
}`;
}

function numbersTable(
  there: TransformDescription,
  back: TransformDescription | undefined,
  fixed: Grid | undefined,
  moving: Grid | undefined,
): Markup {
  const row = (name: string, of: (d: TransformDescription, grid: Grid | undefined) => string, meaning: string) =>
    html`<tr><td>${name}</td><td class="n">${of(there, fixed)}</td>${back && html`<td class="n">${of(back, moving)}</td>`}<td class="meaning">${meaning}</td></tr>`;
  const turn = (d: TransformDescription) =>
    `${decimals(Math.abs(d.rotation), 3)}°${Math.abs(d.rotation) < 0.0005 ? "" : d.rotation > 0 ? " clockwise" : " anticlockwise"}`;
  const shift = (d: TransformDescription, grid: Grid | undefined) => {
    const world = `${decimals(d.shift[0], 2)}, ${decimals(d.shift[1], 2)} ${worldUnit({ crs: d.unit })}`;
    if (!grid || d.unit === "px") return world;
    const px = spacing(grid);
    return `${world} (${decimals(d.shift[0] / px, 2)}, ${decimals(d.shift[1] / px, 2)} px)`;
  };
  return html`<div class="scroll"><table><thead><tr><th></th><th class="n">moving image, to lie on the fixed one</th>${back && html`<th class="n">the other way round</th>`}<th>meaning</th></tr></thead><tbody>
${row("rotation", turn, "Turn, as seen on the screen.")}
${row("scale", (d) => decimals(d.scale, 4), "Growth of lengths; 1 keeps the size.")}
${row("stretch", (d) => decimals(d.stretch, 4), "Growth in y over growth in x; 1 keeps the proportions.")}
${row("shear", (d) => `${decimals(d.shear, 3)}°`, "How far right angles are bent; 0 keeps squares square.")}
${row("mirrored", (d) => (d.mirrored ? "yes" : "no"), "Right only for a section that was turned over.")}
${row("shift in the middle", shift, "Displacement along x and y of what lies in the middle of the image.")}
${(there.bend > 0 || (back?.bend ?? 0) > 0) && row("departure from straight", (d) => `${number(d.bend)} ${worldUnit({ crs: d.unit })}`, "Largest distance from the best affine map: perspective or bending.")}
</tbody></table></div>`;
}

function landing(transform: Transform, fixed: Grid, moving: Grid): string {
  const middle = pixelPoints([Math.floor(fixed.width / 2), Math.floor(fixed.height / 2)]);
  const [x, y] = toPixel(moving, apply(transform, toWorld(fixed, middle)));
  if (!Number.isFinite(x!) || !Number.isFinite(y!))
    return "The middle of the fixed image has no place in the moving image.";
  return `Pixel (${middle[0]}, ${middle[1]}), the middle of the fixed image, lies on pixel (${decimals(x!, 2)}, ${decimals(y!, 2)}) of the moving image.`;
}

function bendPart(transform: Transform, fixed: Grid): Markup | undefined {
  const linear = asMatrix3(transform);
  if (linear && linear[6] === 0 && linear[7] === 0) return undefined;
  const { area, folding } = deformation(transform, fixed);
  return html`<ul class="words"><li>It is not the same everywhere: from fixed to moving, areas change by factors from ${number(area[0])} to ${number(area[1])}.</li><li>${folding > 0 ? html`<strong class="bad">It folds over itself on ${number(folding * 100)} % of the image: different places of the fixed image fall on one of the moving image. That is wrong.</strong>` : "It folds over itself nowhere."}</li></ul>`;
}

function matrix(m: Matrix3): Markup {
  const cell = (v: number, shift: boolean) =>
    shift ? decimals(v, 4) : Math.abs(v) < 1e-3 && v !== 0 ? v.toExponential(4).replace(/-/g, "−") : decimals(v, 6);
  return html`<table class="matrix"><tbody>${[0, 3, 6].map((r) => html`<tr>${[0, 1, 2].map((c) => html`<td>${cell(m[r + c]!, c === 2 && r < 6)}</td>`)}</tr>`)}</tbody></table>`;
}
