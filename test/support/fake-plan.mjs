// Plans for tests of the engine, written by hand in place of the planner.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const place = { file: "fake.yaml", offset: 0, length: 0 };

const outputsOf = {
  "read/fake": { image: "image" },
  "preprocess/add": { image: "image" },
  "match/fake": { matches: "matches" },
  "estimate/shift": { transform: "transform" },
  "measure/sum": { table: "table" },
  "measure/rows": { metrics: "metrics", points: "points" },
  "measure/fail": { metrics: "metrics" },
  "stitch/spread": { images: "image", maps: "transform" },
  "estimate/pixel": { metrics: "metrics" },
  "match/pick": { matches: "matches" },
  "write/fake": {},
  "write/folder": {},
};

/**
 * A plan from steps in order. A step is `{ id, use, in: { port: "id" | "id.port" | ["id", …] }, … }`; `file` makes it a reader of that
 * file, `to` a writer to that file.
 *
 * @param folder  where the pipeline lies
 */
export function fakePlan(folder, steps, more = {}) {
  const index = new Map(steps.map((step, i) => [step.id, i]));
  const source = (text) => {
    const [id, port] = text.split(".");
    const task = index.get(id);
    if (task === undefined) throw new Error(`no step ${id}`);
    return { task, port: port ?? Object.keys(outputsOf[steps[task].use])[0] };
  };
  const tasks = steps.map(({ id, use, in: inputs = {}, file, to, params = {}, gates = [], ...rest }) => ({
    id: to ? `output:${to}` : file ? `input:${id}` : id,
    step: id,
    plugin: use,
    version: "1",
    params,
    origins: {},
    seed: 1,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([port, from]) => [
        port,
        Array.isArray(from) ? { items: from.map((one) => [one, source(one)]) } : source(from),
      ]),
    ),
    outputs: outputsOf[use],
    ...(file ? { files: { file: join(folder, file) } } : {}),
    ...(to ? { target: { path: join(folder, to), name: to } } : {}),
    gates: gates.map((gate) => ({ at: place, ...gate })),
    onFail: "stop",
    keep: false,
    at: place,
    ...rest,
  }));
  return { name: "fake", file: join(folder, "fake.yaml"), texts: new Map(), tasks, plugins: [], env: {}, ...more };
}

/** Two inputs, two preprocessed images, matches, a transform, and outputs of the transform and an image. */
export const pairSteps = ({ amount = 2, match = {}, estimate = {} } = {}) => [
  { id: "fixed", use: "read/fake", file: "fixed.txt" },
  { id: "moving", use: "read/fake", file: "moving.txt" },
  { id: "fixed-plus", use: "preprocess/add", in: { in: "fixed" }, params: { amount } },
  { id: "moving-plus", use: "preprocess/add", in: { in: "moving" }, params: { amount: 3 } },
  { id: "matches", use: "match/fake", in: { fixed: "fixed-plus", moving: "moving-plus" }, ...match },
  { id: "affine", use: "estimate/shift", in: { matches: "matches" }, ...estimate },
  { id: "write-affine", use: "write/fake", in: { transform: "affine" }, to: "out/affine.json" },
  { id: "write-image", use: "write/fake", in: { image: "moving-plus" }, to: "out/moving.json" },
];

/** An image that is written as a folder of files. */
export const folderSteps = () => [
  { id: "fixed", use: "read/fake", file: "fixed.txt" },
  { id: "write-folder", use: "write/folder", in: { image: "fixed" }, to: "out/image.zarr" },
];

/** 60 tasks on nine images: chains of images, matches of neighbours, transforms, a table of all, and outputs. */
export function campaignSteps() {
  const numbers = Array.from({ length: 9 }, (_, i) => i);
  const neighbours = numbers.slice(1);
  return [
    ...numbers.map((i) => ({ id: `read-${i}`, use: "read/fake", file: `in-${i}.txt` })),
    ...numbers.map((i) => ({ id: `a-${i}`, use: "preprocess/add", in: { in: `read-${i}` }, params: { amount: i } })),
    ...numbers.map((i) => ({ id: `b-${i}`, use: "preprocess/add", in: { in: `a-${i}` }, keep: i % 3 === 0 })),
    ...neighbours.map((i) => ({ id: `m-${i}`, use: "match/fake", in: { fixed: `b-${i - 1}`, moving: `b-${i}` } })),
    ...neighbours.map((i) => ({ id: `t-${i}`, use: "estimate/shift", in: { matches: `m-${i}` } })),
    { id: "sum", use: "measure/sum", in: { images: numbers.map((i) => `b-${i}`) } },
    { id: "rows", use: "measure/rows", in: { in: "b-0" } },
    ...neighbours.map((i) => ({
      id: `wt-${i}`,
      use: "write/fake",
      in: { transform: `t-${i}` },
      to: `out/t-${i}.json`,
    })),
    ...numbers
      .slice(0, 6)
      .map((i) => ({ id: `wi-${i}`, use: "write/fake", in: { image: `b-${i}` }, to: `out/images/b-${i}.json` })),
    { id: "ws", use: "write/fake", in: { in: "sum" }, to: "out/sum.json" },
  ];
}

export function writeCampaignInputs(folder) {
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < 9; i++) writeFileSync(join(folder, `in-${i}.txt`), String(10 + 3 * i));
}
