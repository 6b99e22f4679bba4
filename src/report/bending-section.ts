import type { Grid } from "../core/grid.js";
import type { RunAccess } from "../core/record.js";
import type { Transform } from "../core/transform.js";
import { type Bending, bendingOf, bends } from "./bending.js";
import {
  areaLegend,
  areaLimit,
  areaPicture,
  arrowFactor,
  arrows,
  foldColour,
  gridFactor,
  gridFigure,
  lengthLegend,
  lengthPicture,
  mapFigure,
} from "./bending-figures.js";
import type { Backdrop } from "./charts.js";
import { dataUrl, html, type Markup } from "./html.js";
import { niceStep, number } from "./numbers.js";

/**
 * How a map that bends does so: its grid, how far it moves what, and where it grows, shrinks or folds.
 *
 * @param under  the fixed image, small and gray enough to draw upon
 * @returns nothing for a map that does not bend, or is nowhere defined
 */
export async function bendingSection(
  access: RunAccess,
  transform: Transform,
  fixed: Grid,
  moving: Grid,
  under: Backdrop,
): Promise<Markup | undefined> {
  if (!bends(transform)) return undefined;
  const bending = bendingOf(transform, fixed, moving);
  if (!bending) {
    return html`<h3>How it bends</h3><p>Hardly any place of the fixed image has one in the moving image under this transform, so its bending cannot be drawn.</p>`;
  }
  const picture = async (pixels: Parameters<RunAccess["encode"]>[0]) =>
    dataUrl(await access.encode(pixels, "png"), "png");
  const limit = areaLimit(bending);
  const most = niceStep(Math.max(bending.longest, 1e-9));
  const spaced = Math.max(under.width, under.height) / 16;
  const [bent, longer] = [gridFactor(bending, under), arrowFactor(bending, under, 1.1 * spaced)];
  const area = mapFigure(await picture(areaPicture(bending, limit)), under, "Change of area, place by place");
  const length = mapFigure(
    await picture(lengthPicture(bending, most)),
    under,
    "How far each place is bent aside",
    arrows(bending, under, longer),
  );
  return html`<h3>How it bends <span class="note">deformation beyond shift, turn, scale and shear</span></h3>
<p>${bendWords(bending)}</p>
<div class="bends"><figure>${gridFigure(bending, under, bent)}<figcaption><strong>Deformation grid.</strong> Thin: a regular grid on the fixed image. Bold: where its lines lie in the moving image, ${times(bent)}. Smooth, even curves are what soft material does; kinks and lines that cross each other are errors.</figcaption></figure>
<figure>${length}${lengthLegend(most)}<figcaption><strong>Displacement.</strong> Colour says how far each place is bent aside, in pixels of the fixed image; arrows point to where it lies in the moving image, ${times(longer)}.</figcaption></figure>
<figure>${area}${areaLegend(limit)}<figcaption><strong>Change of area</strong> (Jacobian determinant). White: as much as scale and shear make of it everywhere. Red: what is here takes more room in the moving image; blue: less. ${bending.foldedShare > 0 ? html`<span class="fold" style="background:rgb(${foldColour.join(" ")})"></span> Here the map folds over itself.` : "It folds nowhere."}</figcaption></figure></div>
<p class="note">Where no colour lies, nothing of the moving image falls, or the transform is not defined.</p>`;
}

const times = (factor: number): string =>
  factor > 1 ? `drawn ${number(factor)} times as far as they do` : "drawn as they are";

function bendWords({ longest, typical, extremes: [least, largest], foldedShare }: Bending): Markup {
  return html`Beyond shift, turn, scale and shear, places are bent aside by up to <strong>${number(longest)} px</strong>, typically ${number(typical)} px (root mean square; pixels of the fixed image). Areas change by factors from <strong>${number(least)}</strong> to <strong>${number(largest)}</strong> around the overall change. ${
    foldedShare > 0
      ? html`<strong class="bad">It folds over itself on ${number(foldedShare * 100, 2)} % of the image: there different places of the fixed image fall on one of the moving image. That is wrong; a stiffer transform helps: more smoothing, or control points farther apart.</strong>`
      : "It folds over itself nowhere."
  }${
    foldedShare === 0 && (least < 0.5 || largest > 2)
      ? html` <strong class="warn">Somewhere an area more than doubles or halves: look there whether the images support it.</strong>`
      : ""
  }`;
}
