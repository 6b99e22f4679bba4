// A catalogue of small plugins for tests of the engine. Lanes load it as they load the real one.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { DiagnosticError, failed, kernels, ok, pixelArray, pixelGrid, problem } from "tiepoint/plugin";

/** Tells that a plugin ran: one line per call in the file that FAKE_LOG names. */
const log = (text) => process.env.FAKE_LOG && appendFileSync(process.env.FAKE_LOG, `${text}\n`);
const number = (value, description = "A number.") => ({ type: "number", default: value, description });
const plugin = (kind, name, rest) => ({ kind, name, version: "1", summary: `Fake ${name}.`, params: {}, ...rest });
const given = (value, rest = {}) => ({ ...ok(value), ...rest });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const readImage = plugin("read", "fake", {
  inputs: { file: "file" },
  outputs: { image: "image" },
  async run({ file }) {
    const text = readFileSync(file.path, "utf8").trim();
    if (!/^\d+$/.test(text)) return failed(problem("not-fake", `Expected a number in ${file.path}`));
    const base = Number(text);
    log(`read ${base}`);
    const image = ramp(64, 48, (x, y) => base + x + 2 * y);
    const damaged = () => Promise.reject(new DiagnosticError(problem("fake-damaged", "The pixels are damaged")));
    return given({ image: base === 666 ? { ...image, read: damaged } : image });
  },
});

function ramp(width, height, at) {
  return {
    grid: pixelGrid(width, height),
    dtype: "float32",
    bands: ["gray"],
    meaning: "intensity",
    tile: { width: 32, height: 32 },
    async read(window) {
      const data = pixelArray("float32", window.width * window.height);
      for (let y = 0; y < window.height; y++)
        for (let x = 0; x < window.width; x++) data[y * window.width + x] = at(window.x + x, window.y + y);
      return { data, width: window.width, height: window.height, bands: 1 };
    },
  };
}

const add = plugin("preprocess", "add", {
  params: { amount: number(1) },
  inputs: { in: "image" },
  outputs: { image: "image" },
  async run({ in: image }, { amount }) {
    log(`add ${amount}`);
    return given({
      image: {
        ...image,
        async read(window, options) {
          log(`pixels ${amount}`);
          const pixels = await image.read(window, options);
          return { ...pixels, data: pixels.data.map((v) => v + amount) };
        },
      },
    });
  },
});

const match = plugin("match", "fake", {
  params: { count: number(4), inliers: number(10), seconds: number(0) },
  inputs: { fixed: "image", moving: "image" },
  outputs: { matches: "matches" },
  async run({ fixed, moving }, { count, inliers, seconds }, { signal, random, progress }) {
    log(`match ${count}`);
    for (let waited = 0; waited < seconds * 1000; waited += 20) {
      signal.throwIfAborted();
      progress(waited / seconds / 1000);
      await sleep(20);
    }
    const points = Float64Array.from({ length: 2 * count }, () => random() * 40);
    const pixels = await fixed.read({ x: 0, y: 0, width: 2, height: 1 });
    const shift = (await moving.read({ x: 0, y: 0, width: 1, height: 1 })).data[0] - pixels.data[0];
    return given(
      { matches: { fixed: points, moving: points.map((v) => v + shift), images: { fixed, moving } } },
      { metrics: { inliers: { value: inliers }, shift: { value: shift, unit: "px" } } },
    );
  },
});

const shift = plugin("estimate", "shift", {
  params: { status: { type: "string", default: "accepted", description: "The verdict." } },
  inputs: { matches: "matches" },
  outputs: { transform: "transform" },
  async run({ matches }, { status }) {
    log("estimate");
    const by = matches.moving[0] - matches.fixed[0];
    const reasons = status === "accepted" ? [] : [problem("few-inliers", "only 3 inliers", "Look for more.")];
    const verdict = { status, reasons, metrics: { inliers: { value: 10 } }, stopped: "converged" };
    const transform = { type: "affine", matrix: [1, 0, by, 0, 1, by] };
    return given({ transform: { transform, fixed: matches.images?.fixed.grid, verdict } }, { verdict });
  },
});

const sum = plugin("measure", "sum", {
  inputs: { images: "image[]" },
  outputs: { table: "table" },
  async run({ images }) {
    log(`sum ${images.size}`);
    const values = [];
    for (const image of images.values()) {
      const { data } = await image.read({ x: 0, y: 0, width: image.grid.width, height: image.grid.height });
      values.push(data.reduce((a, b) => a + b, 0));
    }
    return given({ table: { columns: { id: [...images.keys()], sum: values } } });
  },
});

/** Sums rows through a kernel on all lanes: many rows, small chunks. */
const rows = plugin("measure", "rows", {
  params: { rounds: number(20) },
  inputs: { in: "image" },
  outputs: { metrics: "metrics", points: "points" },
  async run(_, { rounds }) {
    const k = kernels();
    const arena = k.arena();
    try {
      const length = 100_000;
      const values = Float32Array.from({ length }, (_, i) => (i % 97) / 3);
      const from = arena.put(values);
      const to = arena.bytes(4 * length);
      for (let i = 0; i < rounds; i++) k.rows("widen", length / 100, [F32, from, 100, to, 100, 100, 1 + i, 0, 0, 0], 1);
      const points = Float64Array.from(arena.f32(to, 1000));
      return given({ metrics: {}, points: { points } });
    } finally {
      arena[Symbol.dispose]();
    }
  },
});

const fail = plugin("measure", "fail", {
  params: { how: { type: "string", default: "diagnostic", description: "How to fail." } },
  inputs: { in: "image?" },
  outputs: { metrics: "metrics" },
  async run(_, { how }) {
    log(`fail ${how}`);
    if (how === "diagnostic") return failed(problem("too-few-matches", "Found 2 matches", "Use more."));
    if (how === "throw") throw new Error("oops");
    if (how === "exit") process.exit(7);
    if (how === "memory") kernels().arena().bytes(3e9);
    if (how === "lost") Promise.reject(new Error("nobody waits for this"));
    if (how.startsWith("greedy")) {
      const arena = kernels().arena();
      try {
        arena.bytes(500e6);
        for (let i = 0; i < 10; i++) await sleep(20);
      } finally {
        arena[Symbol.dispose]();
      }
    }
    if (how === "clock") return given({ metrics: { a: { value: Number(process.hrtime.bigint() % 1000003n) } } });
    if (how === "spin") for (;;) await sleep(5);
    if (how === "block") for (;;);
    return given({ metrics: { a: { value: 1 } } });
  },
});

const write = plugin("write", "fake", {
  inputs: { in: "table?", image: "image?", transform: "transform?", matches: "matches?", metrics: "metrics?" },
  outputs: {},
  async run(inputs, _, { target, provenance }) {
    log("write");
    const [value] = Object.values(inputs).filter((v) => v !== undefined);
    const body = value.read
      ? [...(await value.read({ x: 0, y: 0, width: 4, height: 2 })).data]
      : JSON.parse(JSON.stringify(value, (_, v) => (ArrayBuffer.isView(v) ? [...v] : v?.read ? "image" : v)));
    writeFileSync(target, `${JSON.stringify({ body, provenance }, null, 1)}\n`);
    return given({});
  },
});

/** Writes a folder: a file for each row, and one that says so. */
const writeFolder = plugin("write", "folder", {
  inputs: { image: "image" },
  outputs: {},
  async run({ image }, _, { target }) {
    log("write folder");
    mkdirSync(`${target}/rows`, { recursive: true });
    for (let y = 0; y < 4; y++) {
      const { data } = await image.read({ x: 0, y, width: 4, height: 1 });
      writeFileSync(`${target}/rows/${y}`, data.join(" "));
    }
    writeFileSync(`${target}/rows.json`, "{}");
    return given({});
  },
});

const F32 = 4;

/** Gives lists: each image plus its place in the list, and a map for each. */
const spread = plugin("stitch", "spread", {
  inputs: { images: "image[]" },
  outputs: { images: "image[]", maps: "transform[]" },
  async run({ images }) {
    log("spread");
    const out = new Map();
    const maps = new Map();
    for (const [id, image] of images) {
      const amount = out.size;
      const read = async (window) => {
        const pixels = await image.read(window);
        return { ...pixels, data: pixels.data.map((v) => v + amount) };
      };
      out.set(id, { ...image, read });
      maps.set(id, { transform: { type: "affine", matrix: [1, 0, amount, 0, 1, 0] }, fixed: image.grid });
    }
    return given({ images: out, maps });
  },
});

/** Matches whose images come from a list. */
const pick = plugin("match", "pick", {
  params: { id: { type: "string", default: "b", description: "Which item." } },
  inputs: { images: "image[]", maps: "transform[]" },
  outputs: { matches: "matches" },
  async run({ images, maps }, { id }) {
    log(`pick ${id}`);
    const points = Float64Array.of(maps.get(id).transform.matrix[2], 0);
    return given({
      matches: { fixed: points, moving: points, images: { fixed: images.get(id), moving: images.get(id) } },
    });
  },
});

/** Looks at the images inside matches. */
const pixel = plugin("estimate", "pixel", {
  inputs: { matches: "matches" },
  outputs: { metrics: "metrics" },
  async run({ matches }) {
    const { data } = await matches.images.fixed.read({ x: 0, y: 0, width: 1, height: 1 });
    return given({ metrics: { pixel: { value: data[0] } } });
  },
});

const all = [spread, pick, pixel, readImage, add, match, shift, sum, rows, fail, write, writeFolder];

export function registry(extra) {
  const byId = { ...Object.fromEntries(all.map((p) => [`${p.kind}/${p.name}`, p])), ...extra };
  return { ids: Object.keys(byId).sort(), load: async (id) => byId[id] };
}

export const encodePicture = async (pixels) => new Uint8Array(pixels.data);
