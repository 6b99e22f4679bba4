import { describeKind, pluginsOf } from "./subject.js";

describeKind(await pluginsOf("detect"));
