import { testMatcher } from "../../../test/support/matcher.js";
import orb from "./index.js";

// Corners of the coarsest level are placed in pixels 3.6 times as wide: a tenth of the matches is beyond 1.5 px for that.
testMatcher(orb, { least: 100, share: 0.85, within: 1.5, code: "too-few-keypoints" });
