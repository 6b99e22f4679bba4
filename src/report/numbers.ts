import type { Metric } from "../core/verdict.js";

/** A number for reading: about `digits` significant digits, no exponent where avoidable, a true minus sign, thin spaces between thousands. */
export function number(value: number, digits = 3): string {
  if (Number.isNaN(value)) return "not known";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e9 || size < 1e-4)
    return value
      .toExponential(Math.max(0, digits - 1))
      .replace(/-/g, "−")
      .replace("e+", "e");
  if (Number.isInteger(value)) return group(String(size), value < 0);
  let decimals = 0;
  while (decimals < 9 && size * 10 ** decimals < 10 ** (digits - 1)) decimals++;
  return group(size.toFixed(decimals), value < 0 && Number(size.toFixed(decimals)) !== 0);
}

/** A number with a fixed count of decimals: for columns and for transforms. */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return number(value);
  const text = Math.abs(value).toFixed(decimals);
  return group(text, value < 0 && Number(text) !== 0);
}

function group(digits: string, negative: boolean): string {
  const [whole, part] = digits.split(".") as [string, string | undefined];
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return `${negative ? "−" : ""}${grouped}${part === undefined ? "" : `.${part}`}`;
}

const unitWords: Readonly<Record<string, string>> = { deg: "°", um: "µm" };

/** A metric for reading: `0.61 px`, `62 %`, `20.0°`. What has the unit `%` is percent already. Lengths end at a thousandth. */
export function metricText({ value, unit }: Metric, digits = 3): string {
  if (!Number.isFinite(value)) return number(value);
  if (unit === undefined || unit === "") return number(value, digits);
  if ((unit === "px" || unit === "um") && value !== 0 && Math.abs(value) < 0.1) {
    return `${Math.abs(value) < 0.0005 ? "< 0.001" : fixed(value, 3)} ${unitWords[unit] ?? unit}`;
  }
  const word = unitWords[unit] ?? unit;
  return unit === "deg" ? `${number(value, digits)}${word}` : `${number(value, digits)} ${word}`;
}

/** A time span: `0.42 s`, `2 min 05 s`, `1 h 12 min`. */
export function seconds(value: number): string {
  if (!Number.isFinite(value)) return "not known";
  if (value < 0.0005) return "0 s";
  if (value < 10) return `${value.toFixed(value < 0.1 ? 3 : 2)} s`;
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** A size in bytes: `812 MB`. Powers of 1000. */
export function bytes(value: number): string {
  if (!Number.isFinite(value) || value < 0) return "not known";
  const names = ["B", "kB", "MB", "GB", "TB", "PB"];
  let power = 0;
  let size = value;
  while (size >= 999.5 && power < names.length - 1) {
    size /= 1000;
    power++;
  }
  return `${power === 0 || size >= 100 ? Math.round(size) : Number(size.toPrecision(2))} ${names[power]}`;
}

/** `1 tile`, `48 tiles`, `no tiles`. */
export const count = (n: number, one: string, many = `${one}s`): string =>
  n === 0 ? `no ${many}` : n === 1 ? `1 ${one}` : `${number(n)} ${many}`;

/** The value below which the share `p` (0 to 1) of the sorted numbers lies, linear between neighbours; NaN for none. */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = p * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}

/** The smallest of 1, 2, 5 × 10ⁿ that is not below `value`: steps of axes, lengths of scale arrows. */
export function niceStep(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  let power = 1;
  while (power > value) power /= 10;
  while (power * 10 <= value) power *= 10;
  for (const m of [1, 2, 5, 10]) if (m * power >= value * (1 - 1e-9)) return m * power;
  return 10 * power;
}
