// What the tests are given: the built program, the running system, where pictures go.
import { join } from "node:path";

export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}: \`cargo xtask test\` does, for a system of its own`);
  return value;
}

/** The built console. */
export const APPLICATION = required("SUIFTLY_CONSOLE");
export const SHOTS = process.env.SUIFTLY_SHOTS ?? join(import.meta.dirname, "shots");
