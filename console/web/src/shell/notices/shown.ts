import type { ReactNode } from "react";
import type { Level } from "./order";

/** One notice: a sentence, and what to do. */
export interface Shown {
  readonly id: string;
  readonly level: Level;
  readonly words: ReactNode;
  readonly action: ReactNode;
}
