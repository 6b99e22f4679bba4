import { testMatcher } from "../../../test/support/matcher.js";
import brisk from "./index.js";

testMatcher(brisk, { least: 60, share: 0.8, within: 2, code: "too-few-keypoints" });
