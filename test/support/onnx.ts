/** Builds small ONNX models, byte by byte: the format is Protocol Buffers (onnx.proto of the ONNX project, IR version 8). */

const varint = (value: number | bigint): number[] => {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    out.push(rest ? low | 128 : low);
  } while (rest);
  return out;
};
const bytes = (field: number, content: ArrayLike<number>): number[] => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...Array.from(content),
];
const text = (field: number, content: string): number[] => bytes(field, new TextEncoder().encode(content));
const integer = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];

const elementTypes = { float32: 1, int64: 7 } as const;

/** A constant of the graph. */
export const constant = (name: string, dims: readonly number[], data: Float32Array | BigInt64Array): number[] => [
  ...dims.flatMap((d) => integer(1, d)),
  ...integer(2, elementTypes[data instanceof Float32Array ? "float32" : "int64"]),
  ...text(8, name),
  ...bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
];

/** An input or output; a name stands for a length that is left open. */
export const port = (name: string, dims: readonly (number | string)[], type: keyof typeof elementTypes = "float32") => [
  ...text(1, name),
  ...bytes(
    2,
    bytes(1, [
      ...integer(1, elementTypes[type]),
      ...bytes(
        2,
        dims.flatMap((d) => bytes(1, typeof d === "number" ? integer(1, d) : text(2, d))),
      ),
    ]),
  ),
];

/** An operation; attributes are whole numbers or lists of them. */
export const node = (
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
): number[] => [
  ...inputs.flatMap((name) => text(1, name)),
  ...outputs.flatMap((name) => text(2, name)),
  ...text(4, operator),
  ...Object.entries(attributes).flatMap(([name, value]) =>
    bytes(5, [
      ...text(1, name),
      ...(typeof value === "number" ? [...integer(3, value), ...integer(20, 2)] : []),
      ...(typeof value === "number" ? [] : [...value.flatMap((v) => integer(8, v)), ...integer(20, 7)]),
    ]),
  ),
];

export interface Graph {
  readonly nodes: readonly number[][];
  readonly constants?: readonly number[][];
  readonly inputs: readonly number[][];
  readonly outputs: readonly number[][];
}

/** The bytes of a model file, with the operators of opset 13. */
export const onnxFile = ({ nodes, constants = [], inputs, outputs }: Graph): Uint8Array =>
  Uint8Array.from([
    ...integer(1, 8),
    ...text(2, "tiepoint-test"),
    ...bytes(7, [
      ...nodes.flatMap((n) => bytes(1, n)),
      ...text(2, "graph"),
      ...constants.flatMap((t) => bytes(5, t)),
      ...inputs.flatMap((p) => bytes(11, p)),
      ...outputs.flatMap((p) => bytes(12, p)),
    ]),
    ...bytes(8, [...text(1, ""), ...integer(2, 13)]),
  ]);

/**
 * A matcher with a known answer: the `count` brightest pixels of either image, in the order of brightness, are paired. Images
 * have one channel and the given size; scores fall from 1.
 */
export function brightestPixels(width: number, height: number, count: number): Uint8Array {
  const side = (n: 0 | 1): number[][] => [
    node("Reshape", [`image${n}`, "flat"], [`flat${n}`]),
    node("TopK", [`flat${n}`, "count"], [`value${n}`, `index${n}`]),
    node("Mod", [`index${n}`, "width"], [`column${n}`]),
    node("Div", [`index${n}`, "width"], [`row${n}`]),
    node("Reshape", [`column${n}`, "tall"], [`x${n}`]),
    node("Reshape", [`row${n}`, "tall"], [`y${n}`]),
    node("Concat", [`x${n}`, `y${n}`], [`whole${n}`], { axis: 1 }),
    node("Cast", [`whole${n}`], [`kpts${n}`], { to: 1 }),
  ];
  const numbers = (...n: number[]) => BigInt64Array.from(n, BigInt);
  const rows = Array.from({ length: count }, (_, i) => [i, i]).flat();
  return onnxFile({
    nodes: [
      ...side(0),
      ...side(1),
      node("Identity", ["pairs"], ["matches0"]),
      node("Identity", ["sure"], ["mscores0"]),
    ],
    constants: [
      constant("flat", [1], numbers(-1)),
      constant("count", [1], numbers(count)),
      constant("width", [1], numbers(width)),
      constant("tall", [2], numbers(count, 1)),
      constant("pairs", [count, 2], numbers(...rows)),
      constant(
        "sure",
        [count],
        Float32Array.from({ length: count }, (_, i) => 1 - i / (2 * count)),
      ),
    ],
    inputs: [port("image0", [1, 1, height, width]), port("image1", [1, 1, height, width])],
    outputs: [
      port("kpts0", [count, 2]),
      port("kpts1", [count, 2]),
      port("matches0", [count, 2], "int64"),
      port("mscores0", [count]),
    ],
  });
}
