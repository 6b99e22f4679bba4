import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import type { Model } from "../core/plugin.js";

/** An array with its dimensions, row-major. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** What a network takes or gives under a name. */
export interface TensorPort {
  readonly name: string;
  /** Type of the elements as ONNX has it, such as `float32` or `int64`. */
  readonly type: string;
  /** A name, or -1, stands for a length that the file leaves open. */
  readonly shape: readonly (number | string)[];
}

/** A network that can be run. Close it: it holds memory of its own. */
export interface Network {
  readonly inputs: readonly TensorPort[];
  readonly outputs: readonly TensorPort[];
  /** Runs it once; whole numbers come out as float32, exact below 2^24. Throws nothing. */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Result<Readonly<Record<string, Tensor>>>>;
  close(): Promise<void>;
}

/** The version that the project is tested with; results of others may differ in the last digits. */
const RUNTIME = "onnxruntime-web@1.30.0";

/**
 * Opens an ONNX model, on one thread of WebAssembly arithmetic: the same bytes on every machine.
 *
 * @returns the network; or `not-onnx`, `network-unreadable`, `network-runtime-missing`
 */
export async function openNetwork(model: Model): Promise<Result<Network>> {
  if (model.format !== "onnx") {
    return failed(
      problem(
        "not-onnx",
        `Expected an ONNX model, but received one of format ${model.format}`,
        "Give a file that ends in .onnx.",
      ),
    );
  }
  const runtime = await loadRuntime();
  if (!runtime.ok) return runtime;
  const { InferenceSession, Tensor: OrtTensor, env } = runtime.value;
  env.wasm.numThreads = 1;
  env.logLevel = "error";
  let session: Awaited<ReturnType<typeof InferenceSession.create>>;
  try {
    session = await InferenceSession.create(model.data, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  } catch (error) {
    return failed(
      problem(
        "network-unreadable",
        `The model cannot be loaded: ${oneLine(error)}`,
        "It may be damaged, use operators that the runtime does not have, or keep its weights in a second file: export it again, in one file.",
      ),
    );
  }
  const ports = (all: typeof session.inputMetadata): TensorPort[] =>
    all.map((one) => ({
      name: one.name,
      type: one.isTensor ? one.type : "no tensor",
      shape: one.isTensor ? one.shape : [],
    }));
  return ok({
    inputs: ports(session.inputMetadata),
    outputs: ports(session.outputMetadata),
    async run(inputs) {
      try {
        const feeds = Object.fromEntries(
          Object.entries(inputs).map(([name, { data, dims }]) => [name, new OrtTensor("float32", data, dims)]),
        );
        const given = await session.run(feeds);
        return ok(
          Object.fromEntries(
            Object.entries(given).map(([name, { data, dims }]) => [
              name,
              {
                dims,
                data: data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<unknown>, Number),
              },
            ]),
          ),
        );
      } catch (error) {
        return failed(
          problem(
            "network-failed",
            `The network cannot process these images: ${oneLine(error)}`,
            "Check size, channels and layout against what the model was trained with, or lower max-side.",
          ),
        );
      }
    },
    close: () => session.release(),
  });
}

async function loadRuntime(): Promise<Result<typeof import("onnxruntime-web")>> {
  try {
    return ok(await import("onnxruntime-web"));
  } catch {
    return failed(
      problem(
        "network-runtime-missing",
        "Networks are run by the package onnxruntime-web, which is not installed",
        `It is large, so it does not come with Tiepoint. Install it beside it: npm install ${RUNTIME}`,
      ),
    );
  }
}

const oneLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error)
    .replace(/\s+/g, " ")
    .slice(0, 300);

/** Inputs and outputs in words, for messages: `image float32 [1, 3, height, width]`. */
export const portsInWords = (ports: readonly TensorPort[]): string =>
  ports.map(({ name, type, shape }) => `${name} ${type} [${shape.join(", ")}]`).join("; ") || "none";

/** The error of a model that does not follow the declared convention; says what the model has. */
export const conventionProblem = (expected: string, { inputs, outputs }: Network, hint: string): Result<never> =>
  failed(
    problem(
      "network-convention",
      `Expected ${expected}, but this model takes ${portsInWords(inputs)}, and gives ${portsInWords(outputs)}`,
      hint,
    ),
  );
