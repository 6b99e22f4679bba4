import { arctangent2 } from "../core/arctangent.js";
import type { RunAccess, RunRecord } from "../core/record.js";
import type { SliceTransforms } from "../core/slice-tables.js";
import { driftChart } from "./drift-chart.js";
import { html, type Markup } from "./html.js";
import { pixels } from "./mosaic-words.js";
import { count, fixed, number, quantile } from "./numbers.js";
import { orthogonalViews } from "./orthogonal-views.js";
import { type Stack, stacksOf } from "./stack-data.js";

const mostStacks = 3;
const mostFaults = 30;

/** How slices of stacks were moved, which are at fault, and cuts through the stacks. Nothing when the run has none. */
export async function stackSection(record: RunRecord, access: RunAccess): Promise<Markup | undefined> {
  const stacks = await stacksOf(record, access);
  if (stacks.length === 0) return undefined;
  const parts: Markup[] = [];
  for (const stack of stacks.slice(0, mostStacks)) parts.push(await one(stack, access, stacks.length > 1));
  const rest = stacks.length - mostStacks;
  return html`<section id="stack"><h2>${stacks.length > 1 ? "The stacks" : "The stack"}</h2>${parts}${rest > 0 && html`<p class="note">and ${rest} more</p>`}</section>`;
}

/** How far the middle of each slice was moved, pixels, and how far it was turned, degrees clockwise. */
export interface Drift {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly angle: Float64Array;
}

/** @param middle  of a slice, pixels */
export function driftOf({ frameFromSlice }: SliceTransforms, [mx, my]: readonly [number, number]): Drift {
  return {
    x: Float64Array.from(frameFromSlice, ([a, b, c]) => a * mx + b * my + c - mx),
    y: Float64Array.from(frameFromSlice, ([, , , d, e, f]) => d * mx + e * my + f - my),
    angle: Float64Array.from(frameFromSlice, ([a, b, , d, e]) => (arctangent2(d - b, a + e) * 180) / Math.PI),
  };
}

async function one(stack: Stack, access: RunAccess, several: boolean): Promise<Markup> {
  const { transforms, task } = stack;
  const first = await stack.pixels(0);
  const grid = first?.image.grid;
  const drift = driftOf(transforms, grid ? [(grid.width - 1) / 2, (grid.height - 1) / 2] : [0, 0]);
  const faults = transforms.state.flatMap((state, i) => (state === "used" ? [] : [i]));
  const turns = drift.angle.some((v) => Math.abs(v) > 0.005);
  return html`${several && html`<h3>${task.id} <span class="note">${task.plugin}</span></h3>`}${stackWords(transforms, drift).map((text) => html`<p>${text}</p>`)}
${
  transforms.slices.length > 1 &&
  html`<figure>${driftChart(
    [
      { name: "right", of: "first", values: drift.x },
      { name: "down", of: "second", values: drift.y },
    ],
    "pixels",
    faults,
  )}${turns && driftChart([{ name: "turn", of: "first", values: drift.angle }], "degrees clockwise", faults)}<figcaption>How far each slice was moved (its middle)${turns && " and turned"} to bring it into the common frame.${faults.length > 0 && " Marks below are slices at fault."}</figcaption></figure>`
}
${faults.length > 0 && faultTable(transforms, faults)}
${await orthogonalViews(stack, access)}`;
}

function stackWords({ slices, sigma, state }: SliceTransforms, { x, y, angle }: Drift): readonly string[] {
  const of = (wanted: string) => state.filter((s) => s === wanted).length;
  const [used, bridged, lost] = [of("used"), of("bridged"), of("lost")];
  const known = sigma.filter((s, i) => state[i] === "used" && Number.isFinite(s)).sort();
  const all = used === slices.length;
  const faults = [
    ...(bridged > 0
      ? [
          `${bridged === 1 ? "one is bad and lies between its neighbours" : `${number(bridged)} are bad and lie between their neighbours`}`,
        ]
      : []),
    ...(lost > 0 ? [`${lost === 1 ? "one" : number(lost)} could not be placed at all`] : []),
  ].join(", ");
  let jumps = 0;
  for (let i = 1; i < x.length; i++) jumps += (x[i]! - x[i - 1]!) ** 2 + (y[i]! - y[i - 1]!) ** 2;
  const jump = Math.sqrt(jumps / Math.max(1, x.length - 1));
  const last = x.length - 1;
  const turn = angle[last]! - angle[0]!;
  return [
    `${all ? `All ${count(slices.length, "slice")} were placed by what they show` : `Of ${count(slices.length, "slice")}, ${number(used)} were placed by what they show; ${faults}`}.${known.length > 0 ? ` Half of them are known to ${pixels(quantile(known, 0.5))}, the least certain to ${pixels(known.at(-1)!)}.` : ""}`,
    ...(slices.length > 1
      ? [
          `From one slice to the next they had to be moved by ${pixels(jump)} (root mean square); from the first to the last by ${towards(x[last]! - x[0]!, "to the right", "to the left")} and ${towards(y[last]! - y[0]!, "down", "up")}${Math.abs(turn) > 0.01 ? `, turned by ${fixed(Math.abs(turn), 2)}° ${turn > 0 ? "clockwise" : "anticlockwise"}` : ""}.`,
        ]
      : []),
  ];
}

const towards = (v: number, plus: string, minus: string): string =>
  `${fixed(Math.abs(v), 1)} px ${v < 0 ? minus : plus}`;

const faultWords = {
  bridged:
    "It looks like none of its neighbours: torn, out of focus, empty, or of another place. It was placed between them.",
  lost: "Nothing tells where it belongs: it lies where its neighbours would have it.",
} as const;

function faultTable({ slices, state, sigma }: SliceTransforms, faults: readonly number[]): Markup {
  const rest = faults.length - mostFaults;
  return html`<h3>${faults.length === 1 ? "One slice is at fault" : `${number(faults.length)} slices are at fault`}</h3><div class="scroll"><table><thead><tr><th class="n">slice</th><th>name</th><th class="n">expected error</th><th>what that means</th></tr></thead><tbody>${faults.slice(0, mostFaults).map((i) => html`<tr><td class="n">${i + 1}</td><td>${slices[i]!}</td><td class="n">${Number.isFinite(sigma[i]!) ? pixels(sigma[i]!) : ""}</td><td class="meaning">${faultWords[state[i] as "bridged" | "lost"]}</td></tr>`)}</tbody></table></div>${rest > 0 && html`<p class="note">and ${rest} more</p>`}`;
}
