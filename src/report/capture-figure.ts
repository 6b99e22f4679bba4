import { logarithm } from "../core/logarithm.js";
import type { Capture, Departure } from "../core/verdict.js";
import { html, type Markup } from "./html.js";
import { number } from "./numbers.js";

const DEGREES = 180 / Math.PI;
/** Share of the way to an end of a range from which a place counts as being at its rim. */
const rim = 0.85;

/** One kind of motion: how far starts may be off, and how far off this one was. */
export interface Reach {
  readonly what: "turn" | "shift" | "size";
  /** Ends of the range, and what was found, in words. */
  readonly ends: readonly [low: string, high: string];
  readonly found?: string;
  /** Where the ends and the found place lie on a line whose ends are −1 and 1, 0 is the start; NaN where nothing was found. */
  readonly at: number;
  /** The range begins at the start: a length has no sign. */
  readonly oneSided: boolean;
  readonly place: "inside" | "rim" | "outside" | "unknown";
}

/**
 * Where a found map lies among the starts that would have led to it.
 *
 * @param longSide  of the fixed image, pixels
 * @returns the motions that were looked for; what the model cannot do is left out
 */
export function reaches(capture: Capture, found: Departure | undefined, longSide: number): readonly Reach[] {
  const out: Reach[] = [];
  const add = (reach: Omit<Reach, "place">) =>
    out.push({
      ...reach,
      place: Number.isFinite(reach.at)
        ? Math.abs(reach.at) > 1.02
          ? "outside"
          : Math.abs(reach.at) > rim
            ? "rim"
            : "inside"
        : "unknown",
    });
  const { rotation, shift, scale } = capture;
  if (rotation > 0) {
    const all = rotation > Math.PI * 0.999;
    const degrees = (v: number) => `${number(Math.round(v * DEGREES * 1e3) / 1e3)}°`;
    const at = (found?.rotation ?? Number.NaN) / Math.min(rotation, Math.PI);
    add({
      what: "turn",
      ends: [degrees(-rotation), degrees(rotation)],
      ...(found ? { found: degrees(found.rotation) } : {}),
      // A half turn has no rim: beyond it begins the other side.
      at: all ? Math.min(rim, Math.max(-rim, at)) : at,
      oneSided: false,
    });
  }
  if (shift > 0) {
    const px = (v: number) => `${number(v * longSide)} px`;
    add({
      what: "shift",
      ends: ["0 px", px(shift)],
      ...(found ? { found: px(found.shift) } : {}),
      at: (found?.shift ?? Number.NaN) / shift,
      oneSided: true,
    });
  }
  const [low, high] = scale;
  if (low > 0 && low < 1 && high > 1) {
    const grown = found && found.scale > 0 ? found.scale : Number.NaN;
    const at = grown < 1 ? -logarithm(grown) / logarithm(low) : logarithm(grown) / logarithm(high);
    add({
      what: "size",
      ends: [number(low), number(high)],
      ...(found ? { found: number(found.scale, 4) } : {}),
      at: Number.isFinite(grown) ? at : Number.NaN,
      oneSided: false,
    });
  }
  return out;
}

const [width, left, right, row] = [680, 150, 150, 46];

/** Each range as a line with the start and the found place on it. */
export function captureFigure(list: readonly Reach[]): Markup {
  const height = row * list.length + 8;
  const [from, to] = [left, width - right];
  const along = ({ oneSided }: Reach, at: number) => {
    const u = Math.min(1.06, Math.max(-1.06, at));
    return round(oneSided ? from + (to - from) * Math.max(0, u) : (from + to) / 2 + ((to - from) / 2) * u);
  };
  const names = { turn: "turn", shift: "shift", size: "size" };
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart capture" role="img" aria-label="Where the result lies among the starts from which it would have been found" viewBox="0 0 ${width} ${height}">${list.map(
    (reach, i) => {
      const y = row * i + 30;
      const { place, found, ends } = reach;
      const x = along(reach, reach.at);
      return html`<text class="title" x="10" y="${y + 4}">${names[reach.what]}</text><text class="y" x="${from - 26}" y="${y + 4}">${ends[0]}</text><text class="far" x="${to + 26}" y="${y + 4}">${ends[1]}</text><path class="range" d="M${from} ${y}H${to}"/><path class="start" d="M${along(reach, 0)} ${y - 7}v14"/>${Number.isFinite(reach.at) && html`<circle class="${place}" cx="${x}" cy="${y}" r="6"/><text class="found" x="${x}" y="${y - 12}">${found}</text>`}`;
    },
  )}</svg>`;
}

const round = (v: number): number => Math.round(v * 10) / 10;
