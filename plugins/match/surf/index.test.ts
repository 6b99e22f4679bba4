import { testMatcher } from "../../../test/support/matcher.js";
import surf from "./index.js";

testMatcher(surf, { least: 60, share: 0.8, within: 2, code: "too-few-keypoints" });
