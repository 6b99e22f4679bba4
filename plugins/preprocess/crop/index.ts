import { cropGrid, definePlugin, failed, problem } from "tiepoint/plugin";

const side = (name: string) =>
  ({ type: "integer", minimum: 1, description: `${name} of the window in pixels.` }) as const;
const start = (name: string) =>
  ({ type: "integer", minimum: 0, default: 0, description: `First ${name} of the window, counted from 0.` }) as const;

export default definePlugin({
  kind: "preprocess",
  name: "crop",
  version: "1",
  summary: "Cuts a window of whole pixels out of an image; the world stays.",
  params: { x: start("column"), y: start("row"), width: side("Width"), height: side("Height") },
  inputs: { in: "image" },
  outputs: { image: "image" },
  async run({ in: image }, { x, y, width, height }) {
    if (x + width > image.grid.width || y + height > image.grid.height) {
      return failed(
        problem(
          "crop-outside-image",
          `Expected a window inside ${image.grid.width} x ${image.grid.height} px, but ${width} x ${height} px at (${x}, ${y}) ends at (${x + width}, ${y + height})`,
          `Make it at most ${Math.max(0, image.grid.width - x)} x ${Math.max(0, image.grid.height - y)} px, or begin further up and left.`,
        ),
      );
    }
    const { recipe: _, overviews: __, ...rest } = image;
    return {
      ok: true,
      value: {
        image: {
          ...rest,
          grid: cropGrid(image.grid, { x, y, width, height }),
          read: (window, options) => image.read({ ...window, x: window.x + x, y: window.y + y }, options),
        },
      },
    };
  },
});
