import { kernels } from "../kernel/lane.js";

/** Elementary functions with the same bits in every JavaScript engine. What enters a result uses these, not `Math.sin` and its kin. */
export const sin = (x: number): number => kernels().call("sin", x);
export const cos = (x: number): number => kernels().call("cos", x);
export const atan2 = (y: number, x: number): number => kernels().call("atan2", y, x);
export const exp = (x: number): number => kernels().call("exp", x);
export const log = (x: number): number => kernels().call("log", x);
export const pow = (x: number, y: number): number => kernels().call("pow", x, y);
export const log10 = (x: number): number => log(x) / Math.LN10;
