import { readFileSync } from "node:fs";

/** The kernels by name. All arguments are numbers: addresses, sizes, strides, and values. */
export type Exports = Readonly<Record<string, (...args: number[]) => number>>;

/** Compiles the kernels; the module can be posted to other threads. Built by `npm run build`. */
export function compileKernels(): WebAssembly.Module {
  const built = import.meta.url.endsWith(".ts") ? "../../dist/src/kernel/kernels.wasm" : "./kernels.wasm";
  return new WebAssembly.Module(readFileSync(new URL(built, import.meta.url)));
}

/** One instance per thread, on shared memory. */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  const abort = (): never => {
    throw new Error("Internal error: a kernel aborted");
  };
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
  return Object.fromEntries(
    Object.entries(instance.exports).filter(([, value]) => typeof value === "function"),
  ) as unknown as Exports;
}
