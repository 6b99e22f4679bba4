/**
 * A map of the plane at N points, interleaved: its values and, where asked for, their derivatives.
 *
 * Two numbers per point, (u, v), or six, (u, v, ∂u/∂x, ∂u/∂y, ∂v/∂x, ∂v/∂y); NaN outside of the map's domain.
 */
export type JetMap = (points: Float64Array, derivatives: boolean) => Float64Array;

/** Numbers per point of a `JetMap`. */
export const jetSize = (derivatives: boolean): 2 | 6 => (derivatives ? 6 : 2);
