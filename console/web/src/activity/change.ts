// What an answer says in figures that have no fixed shape: read with care, for what is newer than this page comes too.
export type Figures = Readonly<Record<string, unknown>>;

export function textOf(figures: Figures, name: string): string | null {
  const value = figures[name];
  return typeof value === "string" && value !== "" ? value : null;
}

export function numberOf(figures: Figures, name: string): number | null {
  const value = figures[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function flagOf(figures: Figures, name: string): boolean | null {
  const value = figures[name];
  return typeof value === "boolean" ? value : null;
}

export function figuresOf(figures: Figures, name: string): Figures | null {
  return asFigures(figures[name]);
}

export function textsOf(figures: Figures, name: string): readonly string[] | null {
  const value = figures[name];
  return Array.isArray(value) ? value.map(String) : null;
}

export function asFigures(value: unknown): Figures | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Figures)
    : null;
}
