import { logarithm } from "../core/logarithm.js";
import type { Course, CourseStep } from "../core/verdict.js";
import { html, type Markup } from "./html.js";
import { fixed, niceStep, number } from "./numbers.js";

const [width, left, right] = [680, 88, 16];
const upper = { top: 30, height: 150 };
const lower = { top: 206, height: 130 };
const height = 376;
/** Steps that are drawn, at most; of longer courses an even choice. */
const mostDrawn = 600;
/** More changes of level than any pyramid has are not told apart. */
const mostBands = 60;

interface Numbered extends CourseStep {
  /** From 1. */
  readonly at: number;
}

/** Neighbouring steps of one level; all together where the levels change more often than a pyramid's can. */
export function stretches(steps: readonly CourseStep[]): readonly (readonly Numbered[])[] {
  const out: Numbered[][] = [];
  steps.forEach((step, i) => {
    const last = out.at(-1);
    if (last && last[0]!.level === step.level) last.push({ ...step, at: i + 1 });
    else out.push([{ ...step, at: i + 1 }]);
  });
  return out.length <= mostBands ? out : [out.flat()];
}

/** Size of the images at a level, in words. */
export const levelName = (level: number): string => (level === 0 ? "finest" : `1/${number(2 ** level)}`);

/**
 * A registration by descent, step by step: above the measure, below how far each step moved, on a logarithmic scale. Bands
 * are levels, the coarsest first.
 *
 * @param error  expected error of the result, pixels of the fixed image, for a mark beside the steps; NaN for none
 */
export function courseChart({ measure, steps }: Course, error: number): Markup {
  const x = (at: number) => round(left + ((width - left - right) * (at - 0.5)) / steps.length);
  const edge = (at: number) => round(left + ((width - left - right) * at) / steps.length);
  const bands = stretches(steps);
  const every = Math.ceil(steps.length / mostDrawn);
  const drawn = bands.map((band) => band.filter(({ at }, i) => i === 0 || i === band.length - 1 || at % every === 0));
  const above = linear(steps.map(({ value }) => value));
  const below = logarithmic([...steps.map(({ step }) => step), error]);
  const marks = Math.max(1, niceStep(steps.length / 10));
  const line = (of: (s: Numbered) => number | undefined) =>
    drawn.map((band) => {
      let pen = false;
      return band
        .map((s) => {
          const y = of(s);
          const d = y === undefined ? "" : `${pen ? "L" : "M"}${x(s.at)} ${y}`;
          pen = y !== undefined;
          return d;
        })
        .join("");
    });
  const dots = (of: (s: Numbered) => number | undefined) =>
    steps.length > 150
      ? undefined
      : drawn.flat().map((s) => {
          const y = of(s);
          return y !== undefined && html`<circle cx="${x(s.at)}" cy="${y}" r="2.6"/>`;
        });
  const value = ({ value: v }: Numbered) => above.place(v);
  const step = ({ step: s }: Numbered) => below.place(s);
  const mark = below.place(error);
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart course" role="img" aria-label="${`${measure} and length of each of ${steps.length} steps, on ${bands.length} ${bands.length === 1 ? "level" : "levels"}`}" viewBox="0 0 ${width} ${height}">${bands.map(
    (band, i) => {
      const [from, to] = [edge(band[0]!.at - 1), edge(band.at(-1)!.at)];
      const name = levelName(band[0]!.level);
      return html`${[upper, lower].map((p) => html`<rect class="band${i % 2 === 0 ? "" : " even"}" x="${from}" y="${p.top}" width="${round(to - from)}" height="${p.height}"/>`)}${to - from >= 6.5 * name.length + 4 && html`<text x="${round((from + to) / 2)}" y="${upper.top - 8}">${name}</text>`}`;
    },
  )}${axis(above)}${axis(below)}${mark !== undefined && html`<path class="mark" d="M${left} ${mark}H${width - right}"/><text class="mark-name" x="${left + 6}" y="${round(mark - 5)}">expected error ${number(error, 2)} px</text>`}${line(value).map((d) => html`<path class="line" d="${d}"/>`)}${dots(value)}${line(step).map((d) => html`<path class="line" d="${d}"/>`)}${dots(step)}${upright(measure, upper)}${upright("moved by, px", lower)}${Array.from(
    { length: Math.floor(steps.length / marks) },
    (_, i) => html`<text x="${x((i + 1) * marks)}" y="${lower.top + lower.height + 18}">${(i + 1) * marks}</text>`,
  )}<text x="${(left + width - right) / 2}" y="${height - 4}">step</text></svg>`;
}

const upright = (name: string, { top, height: tall }: typeof upper): Markup =>
  html`<text class="title" transform="translate(16 ${top + tall / 2}) rotate(-90)">${name}</text>`;

interface Scale {
  /** Height in the chart; nothing for what has no place. */
  place(v: number): number | undefined;
  readonly ticks: readonly (readonly [y: number, name: string])[];
}

const axis = ({ ticks }: Scale): Markup =>
  html`${ticks.map(([y, name]) => html`<path class="rule" d="M${left} ${y}H${width - right}"/><text class="y" x="${left - 8}" y="${round(y + 4)}">${name}</text>`)}`;

function linear(values: readonly number[]): Scale {
  const drawable = (v: number) => Math.abs(v) < 1e150;
  const known = values.filter(drawable);
  if (known.length === 0) return { place: () => undefined, ticks: [] };
  const [least, most] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
  const pad = Math.max((most - least) * 0.08, Math.abs(most) * 1e-4, 1e-12);
  const [low, high] = [least - pad, most + pad];
  const y = (v: number) => round(upper.top + (upper.height * (high - v)) / (high - low));
  const step = niceStep((high - low) / 4);
  const first = Math.ceil(low / step);
  const decimals = step >= 1 ? 0 : Math.ceil(-log10(step) - 1e-9);
  const count = Math.min(12, Math.max(0, Math.floor(high / step) - first + 1));
  return {
    place: (v) => (drawable(v) ? y(v) : undefined),
    ticks: Array.from(
      { length: count },
      (_, i) => [y((first + i) * step), fixed((first + i) * step, decimals)] as const,
    ),
  };
}

const log10 = (v: number): number => logarithm(v) / Math.LN10;
/** Decades that are shown, at most: what is shorter lies on the floor. */
const mostDecades = 8;

function logarithmic(values: readonly number[]): Scale {
  const known = values.filter((v) => v > 1e-300 && v < 1e300).map(log10);
  if (known.length === 0) return { place: () => undefined, ticks: [] };
  const high = Math.ceil(known.reduce((a, b) => Math.max(a, b)) - 0.02);
  const wanted = Math.floor(known.reduce((a, b) => Math.min(a, b)) + 0.02);
  const low = Math.max(Math.min(wanted, high - 1), high - mostDecades);
  const y = (e: number) => round(lower.top + (lower.height * (high - e)) / (high - low));
  const every = high - low > 5 ? 2 : 1;
  return {
    place: (v) => (v >= 0 && v < 1e300 ? y(Math.min(high, Math.max(low, v > 1e-300 ? log10(v) : low))) : undefined),
    ticks: Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => {
      const exponent = high - i * every;
      return [y(exponent), number(Number(`1e${exponent}`), 1)] as const;
    }),
  };
}

const round = (v: number): number => Math.round(v * 10) / 10;
