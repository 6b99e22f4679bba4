import { failed, ok, problem, type Result } from "./diagnostic.js";
import { readJson } from "./json-reader.js";
import type { Model, Provenance } from "./plugin.js";
import { prettyJson } from "./pretty-json.js";

/**
 * The file of a trained model:
 *
 *     bytes 0..7     89 54 50 4D 0D 0A 1A 0A: "TPM" among bytes that a transfer as text would spoil
 *     bytes 8..15    uint32 version (1), uint32 length of the header; little endian
 *     header         JSON: format of the payload, its length, and where the model comes from
 *     payload        as its format has it
 *     last 32 bytes  SHA-256 of all before
 */
export const modelMagic = "8954504d0d0a1a0a";
/** A stored value is one text, and a text cannot be longer than half a gigabyte. */
export const MAX_MODEL_BYTES = 256e6;
const VERSION = 1;
const PREAMBLE = 16;
const DIGEST = 32;
const MAX_HEADER = 1e6;

/** SHA-256; the core has no I/O and no packages, so that whoever calls brings it along. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

export function formatModelFile(model: Model, sha256: Sha256, provenance?: Provenance): Uint8Array {
  const header = new TextEncoder().encode(
    prettyJson({ format: model.format, bytes: model.data.length, ...(provenance ? { provenance } : {}) }),
  );
  const out = new Uint8Array(PREAMBLE + header.length + model.data.length + DIGEST);
  for (let i = 0; i < 8; i++) out[i] = Number.parseInt(modelMagic.slice(2 * i, 2 * i + 2), 16);
  const view = new DataView(out.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, header.length, true);
  out.set(header, PREAMBLE);
  out.set(model.data, PREAMBLE + header.length);
  out.set(sha256(out.subarray(0, out.length - DIGEST)), out.length - DIGEST);
  return out;
}

/** Whether bytes begin as a model file of ours does. */
export const isModelFile = (bytes: Uint8Array): boolean =>
  modelMagic === Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, "0")).join("");

/**
 * Reads a model file that is not trusted.
 *
 * @returns the model; or `not-a-model-file`, `model-version-unknown`, `model-damaged`
 */
export function parseModelFile(bytes: Uint8Array, sha256: Sha256): Result<Model> {
  if (!isModelFile(bytes)) return failed(notAModel);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREAMBLE + DIGEST) return damaged("it ends within its first bytes");
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    return failed(
      problem(
        "model-version-unknown",
        `Expected a model file of version ${VERSION}, but this is of version ${version}`,
        "Read it with the version of Tiepoint that wrote it or a newer one, or train the model again.",
      ),
    );
  }
  const length = view.getUint32(12, true);
  const room = bytes.length - PREAMBLE - DIGEST;
  if (length > MAX_HEADER || length > room) return damaged(`its header has ${length} bytes, the file ${bytes.length}`);
  const digest = sha256(bytes.subarray(0, bytes.length - DIGEST));
  if (digest.some((b, i) => b !== bytes[bytes.length - DIGEST + i])) {
    return damaged("its bytes do not have the digest that stands at its end");
  }
  const text = new TextDecoder().decode(bytes.subarray(PREAMBLE, PREAMBLE + length));
  const header = readJson(text, "model-damaged", (r) => ({
    format: r.get("format").string(),
    bytes: r.get("bytes").integer(0, MAX_MODEL_BYTES),
  }));
  if (!header.ok) return header;
  if (header.value.bytes !== room - length) {
    return damaged(`its header tells of ${header.value.bytes} bytes, and ${room - length} follow`);
  }
  return ok({ format: header.value.format, data: bytes.slice(PREAMBLE + length, bytes.length - DIGEST) });
}

const notAModel = problem(
  "not-a-model-file",
  "Expected a model of Tiepoint (.tpmodel) or an ONNX model (.onnx), but the file is neither",
  "A .tpmodel file is what a pipeline writes that has a landmarks/train step: see tiepoint plugins landmarks/train.",
);

const damaged = (why: string) =>
  failed(problem("model-damaged", `The model file is damaged: ${why}`, "Copy it again, or train the model again."));

/**
 * Whether bytes are an ONNX model by the outermost structure of its protocol buffer: fields that a ModelProto has, of the
 * right kind, up to the last byte, a graph among them. What the graph says is not looked at.
 */
export function isOnnx(bytes: Uint8Array): boolean {
  let at = 0;
  let hasGraph = false;
  let hasVersion = false;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; at < bytes.length && shift <= 2 ** 63; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const isNumber = field === 1 || field === 5;
    const isPart = [2, 3, 4, 6, 7, 8, 14, 20, 25, 26].includes(field);
    const value = varint();
    if (Number.isNaN(value)) return false;
    if (isNumber && tag % 8 === 0) hasVersion ||= field === 1 && value >= 1 && value < 1000;
    else if (isPart && tag % 8 === 2) at += value;
    else return false;
    hasGraph ||= field === 7;
  }
  return at === bytes.length && hasGraph && hasVersion;
}
