import { definePlugin, failed, isCategorical, orderStack, problem, slicesOf, warning } from "tiepoint/plugin";

export default definePlugin({
  kind: "stack",
  name: "order",
  version: "1",
  summary: "Orders slices whose order is not known by how alike they are.",
  params: {},
  inputs: { slices: "image[]" },
  outputs: { order: "table" },
  async run({ slices: images }, _, context) {
    const slices = slicesOf(images);
    if (!slices.ok) return slices;
    const odd = slices.value.find(({ image }) => isCategorical(image));
    if (odd) {
      return failed(
        problem("slices-are-labels", `Expected images to compare, but ${odd.name} holds ${odd.image.meaning}`),
      );
    }
    if (slices.value.length > MOST) {
      return failed(
        problem(
          "too-many-slices",
          `Expected ${MOST} slices at most, as each is compared with each, but found ${slices.value.length}`,
          "Order parts of the stack.",
        ),
      );
    }
    const { order, likeness, others } = await orderStack(slices.value, context);
    const [, weakest] = order
      .slice(1)
      .reduce<readonly [number, number]>(
        (least, _i, n) => (likeness[n]! < least[1] ? [n, likeness[n]!] : least),
        [0, Number.POSITIVE_INFINITY],
      );
    const names = slices.value.map((s) => s.name);
    return {
      ok: true,
      value: {
        order: {
          columns: {
            file: order.map((i) => names[i]!),
            place: order.map((_i, n) => n + 1),
            // Of the last there is no next one.
            likeness: order.map((_i, n) => (n + 1 < order.length ? likeness[n]! : "")),
          },
        },
      },
      metrics: { "weakest-link": { value: weakest }, "far-apart": { value: others } },
      notes: [
        warning(
          "direction-is-free",
          `Likeness does not tell which end is the first: ${names[order[0]!]} was taken, as it came before ${names[order[order.length - 1]!]}`,
          "Read the table backwards if the stack begins at the other end.",
        ),
      ],
    };
  },
});

const MOST = 1000;
