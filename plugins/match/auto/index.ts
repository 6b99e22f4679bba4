import { alignAutomatically, definePlugin } from "tiepoint/plugin";

export default definePlugin({
  kind: "match",
  name: "auto",
  version: "1",
  summary: "Registers two images of any kind: by features, and where those are thin by structure; with one verdict.",
  params: {
    model: {
      type: "string",
      enum: ["auto", "translation", "rigid", "similarity", "affine", "projective"],
      default: "auto",
      description: "What the moving image may have undergone; auto takes the stiffest that does.",
    },
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { transform: "transform", matches: "matches" },
  run: (inputs, { model }, context) => alignAutomatically(inputs, { model }, context),
});
