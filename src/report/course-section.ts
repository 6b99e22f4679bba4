import { type Grid, spacing } from "../core/grid.js";
import type { Capture, Course, Departure, Verdict } from "../core/verdict.js";
import { captureFigure, type Reach, reaches } from "./capture-figure.js";
import { courseChart, levelName, stretches } from "./course-chart.js";
import { html, type Markup } from "./html.js";
import { count, number } from "./numbers.js";

/** How a registration by descent went: the course of its measure, whether it came to rest, and from where it would have been found. */
export function courseSection(
  course: Course,
  verdict: Verdict,
  fixed: Grid | undefined,
  moving: Grid | undefined,
): Markup | undefined {
  const { steps } = course;
  const measure = course.measure.slice(0, 40);
  if (steps.length === 0) return undefined;
  const expected = verdict.metrics["expected-error"];
  // The chart's lengths are of the fixed image, the expected error is of the moving one.
  const perFixed = fixed && moving && fixed.crs === moving.crs ? spacing(moving) / spacing(fixed) : 1;
  const error = expected?.unit === "px" && expected.value > 0 ? expected.value * perFixed : Number.NaN;
  const better = /differ|distance|error|residual/i.test(measure) ? "lower is better" : "higher is better";
  const levels = new Set(steps.map((s) => s.level));
  return html`<h3>How it was found</h3><p>${restWords(course, verdict)}</p>
<figure>${courseChart({ measure, steps }, error)}<figcaption>Each dot is one step of the search. Bands are sizes of the images: ${levels.size > 1 ? html`it begins on small copies (${levelName(steps[0]!.level)} of the size), where large shifts are short, and goes on with finer ones` : "all steps were made on one size"}. Above the ${measure}, of which ${better}; it may jump from one band to the next, because finer copies show more detail and more noise. Below how far each step moved the image, at most: within each band the dots should fall steeply. Steps that stay long mean that the search did not come to rest.</figcaption></figure>
${course.capture ? capturePart(verdict.status, course.capture, course.found, fixed) : html`<p class="note">It followed the start that it was given and looked nowhere else: from a start that is farther off it may not be found.</p>`}`;
}

/** Longest last step, in pixels, that counts as rest where the verdict does not say otherwise. */
const rest = 0.1;

function restWords({ steps }: Course, { reasons }: Verdict): Markup {
  const levels = new Set(steps.map((s) => s.level)).size;
  const last = steps.at(-1)!;
  const where =
    levels > 1
      ? ` on ${levels} sizes of the images, from ${levelName(steps[0]!.level)} to the ${last.level === 0 ? "finest" : `size ${levelName(last.level)}`}`
      : "";
  const moving = !(last.step < rest) || reasons.some(({ code }) => code === "not-converged");
  const length = Number.isFinite(last.step) ? `${number(last.step, 2)} px` : "an unknown length";
  const atLast = stretches(steps).at(-1)!.length;
  return html`${count(steps.length, "step")}${where}. ${
    moving
      ? html`<strong class="warn">The last step still moved the image by up to ${length}: the search did not come to rest.</strong>`
      : `The last of ${count(atLast, "step")} at the ${last.level === 0 ? "finest" : "last"} size moved no place of the image by more than ${length}: the search came to rest.`
  }`;
}

const nouns: Readonly<Record<Reach["what"], string>> = {
  turn: "turned by",
  shift: "shifted by",
  size: "scaled by",
};

function capturePart(
  status: Verdict["status"],
  capture: Capture,
  found: Departure | undefined,
  fixed: Grid | undefined,
): Markup | undefined {
  const list = reaches(capture, found, fixed ? Math.max(fixed.width, fixed.height) : Number.NaN);
  if (list.length === 0) return undefined;
  const at = (place: Reach["place"]) => list.filter((r) => r.place === place);
  const [outside, edge] = [at("outside"), at("rim")];
  const told = (some: readonly Reach[]) =>
    some
      .map(
        (r) =>
          `${nouns[r.what]} ${r.found} of at ${r.what === "size" && r.at < 0 ? "least" : "most"} ${r.ends[r.at < 0 ? 0 : 1]}`,
      )
      .join(", ");
  const known = list.filter((r) => r.place !== "unknown");
  return html`<h4>From where it would have been found <span class="note">capture range</span></h4>
<p>${known.length > 0 ? `From the start the image was ${told(known)}. ` : ""}${
    outside.length > 0
      ? html`<strong class="warn">That is farther than the search surely reaches (${told(outside)}): ${status === "accepted" ? "this pair was found all the same, but others like it may be missed. For them let it look farther, or give a start." : "look at the overlay, and give a start nearer to the result."}</strong>`
      : edge.length > 0
        ? html`<strong class="warn">That is close to the rim of what the search reaches (${told(edge)}): a pair a little farther apart may be missed. For more pairs like this let it look farther, or give a start.</strong>`
        : known.length > 0
          ? "That is well inside of what the search reaches."
          : ""
  }</p>
<figure>${captureFigure(list)}<figcaption>The bars show how far the images may lie apart at the start for this search to find the way. The upright stroke is the start${known.length > 0 ? ", the dot what was found" : ""}. Images that lie farther apart are not found, or found wrongly; then turn them roughly by hand, or use a matcher by features first.</figcaption></figure>`;
}
