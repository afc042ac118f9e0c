/** As they stood before; those that were not there come at the end. */
export function inOrderOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string | number,
  order: readonly (string | number)[],
): readonly T[] {
  const places = new Map(order.map((key, at) => [key, at]));
  const place = (item: T) => places.get(keyOf(item)) ?? order.length;
  return items.toSorted((a, b) => place(a) - place(b));
}
