/** Lives in core because the engine seeds plugins with it. */
export { seededRandom } from "../core/random.js";
