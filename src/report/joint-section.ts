import { type Image, isCategorical } from "../core/image.js";
import type { RunAccess } from "../core/record.js";
import { dataUrl, html, type Markup } from "./html.js";
import {
  binsFor,
  informationOf,
  type JointHistogram,
  jointHistogram,
  jointPicture,
  largestShare,
} from "./joint-histogram.js";
import { fixed as decimals, number } from "./numbers.js";
import type { Pictures } from "./viewer.js";

/** Fewest pixels in common of which a histogram says anything. */
const fewest = 400;

/**
 * Which brightness of the fixed image lies on which of the moving one, before and after registration.
 *
 * @returns nothing for labels and masks, whose numbers are names, and where the pictures have nothing in common
 */
export async function jointSection(
  access: RunAccess,
  images: { readonly fixed: Image; readonly moving: Image },
  pictures: Pictures,
): Promise<Markup | undefined> {
  if (isCategorical(images.fixed) || isCategorical(images.moving)) return undefined;
  const before = jointHistogram(pictures.fixed, pictures.before);
  const after = jointHistogram(pictures.fixed, pictures.after);
  if (after.pixels < fewest) return undefined;
  const seen = before.pixels >= fewest;
  const bins = binsFor(seen ? Math.min(before.pixels, after.pixels) : after.pixels);
  const information = { before: seen ? informationOf(before, bins) : Number.NaN, after: informationOf(after, bins) };
  const most = Math.max(largestShare(after), seen ? largestShare(before) : 0);
  const figure = async (of: JointHistogram, name: string) => {
    if (of.pixels < fewest)
      return html`<figure class="joint-none"><p class="note">Before registration the images hardly meet, so there is nothing to count.</p></figure>`;
    const href = dataUrl(await access.encode(jointPicture(of, most), "png"), "png");
    return html`<figure>${frame(href, name, pictures)}</figure>`;
  };
  return html`<h3>Which brightness meets which <span class="note">joint histogram</span></h3>
<p>${readingWords(information.before, information.after)}</p>
<div class="joints">${await figure(before, "before")}${await figure(after, "after")}</div>
<p class="note how">How to read it: every pixel of the overlap is a point, placed to the right by how bright it is in the fixed image, and upwards by how bright in the moving one; yellow is where very many pixels fall, violet where few do. When the images lie right, equal material meets equal material, and the points gather in a thin line (images of one kind) or in a few spots and arcs (images of different kinds). When they do not, the points are smeared.</p>
<div class="scroll"><table class="narrow"><thead><tr><th></th><th class="n">before</th><th class="n">after</th><th>meaning</th></tr></thead><tbody>
${row("mutual information", information.before, information.after, "How much the brightness in one image tells of that in the other, in nats; 0 is nothing. Needs no likeness, so it holds for different kinds of images too.")}
${row("correlation", seen ? before.correlation : Number.NaN, after.correlation, "1: the points lie on a rising line; 0: no line; −1: one image is the negative of the other.")}
</tbody></table></div>`;
}

const row = (name: string, before: number, after: number, meaning: string): Markup => {
  const text = (v: number) => (Number.isNaN(v) ? "–" : decimals(v, 3));
  return html`<tr><td>${name}</td><td class="n">${text(before)}</td><td class="n">${text(after)}</td><td class="meaning">${meaning}</td></tr>`;
};

/** Growth of the information by less than this, in nats, is none. */
const hardly = 0.02;

function readingWords(before: number, after: number): Markup | string {
  const tells = "the brightness in one image tells of that in the other";
  if (Number.isNaN(before)) return `What ${tells} is ${decimals(after, 2)} nats after registration.`;
  const gain = after - before;
  const from = `from ${decimals(before, 2)} to ${decimals(after, 2)} nats`;
  if (gain > hardly) {
    const times = after / before;
    return `Registration raised what ${tells} ${from}${times >= 1.5 && times < 1000 ? `, ${number(times, 2)} times as much` : ""}.`;
  }
  if (gain < -hardly) {
    return html`<strong class="warn">Registration lowered what ${tells}, ${from}: look at the overlay.</strong> It can also be that they lay well before, or had less in common then.`;
  }
  return `What ${tells} hardly changed, ${from}: they lay well before, or they share little.`;
}

const [size, left, bottom, top] = [256, 58, 48, 26];

/** One histogram with its axes; brightness in the values of the samples where one picture can be told by them. */
function frame(href: string, name: string, { fixed, moving }: Pictures): Markup {
  const ends = (range: readonly [number, number] | undefined): [string, string] =>
    range ? [number(range[0]), number(range[1])] : ["dark", "bright"];
  const [f, m] = [ends(fixed.range), ends(moving.range)];
  const [right, base] = [left + size, top + size];
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart joint" role="img" aria-label="${`Joint histogram of brightness ${name} registration`}" viewBox="0 0 ${right + 14} ${base + bottom}"><text class="title" x="${left + size / 2}" y="16">${name}</text><rect class="plate" x="${left}" y="${top}" width="${size}" height="${size}"/><image href="${href}" x="${left}" y="${top}" width="${size}" height="${size}" preserveAspectRatio="none"/><text class="low" x="${left}" y="${base + 17}">${f[0]}</text><text class="high" x="${right}" y="${base + 17}">${f[1]}</text><text x="${left + size / 2}" y="${base + 36}">brightness in the fixed image</text><text class="high" x="${left - 6}" y="${base}">${m[0]}</text><text class="high" x="${left - 6}" y="${top + 10}">${m[1]}</text><text transform="translate(${left - 12} ${top + size / 2}) rotate(-90)">brightness in the moving image</text></svg>`;
}
