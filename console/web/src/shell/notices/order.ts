// At most one notice of each severity, the most severe first.

export type Level = "bad" | "warn" | "info";

const LEVELS: readonly Level[] = ["bad", "warn", "info"];

/** Of each level the first: what is given first weighs most. */
export function oneOfEach<T extends { readonly level: Level }>(
  notices: readonly T[],
): readonly T[] {
  return LEVELS.flatMap((level) => notices.find((one) => one.level === level) ?? []);
}
