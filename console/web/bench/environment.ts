// The running Suiftly that is measured; `cargo xtask bench web` sets it up and says where it is.
import { type Environment, readEnvironment } from "../e2e/environment";

export interface Bench extends Environment {
  /** Seal on mainnet, through HAProxy. */
  readonly door: string;
  /** Where the figures go. */
  readonly out: string;
  /** Few runs of each: whether it works, not how fast. */
  readonly isSmoke: boolean;
}

export function readBench(): Bench {
  const { SUIFTLY_DOOR: door, SUIFTLY_BENCH_OUT: out, SUIFTLY_BENCH_SMOKE: smoke } = process.env;
  if (!door || !out)
    throw new Error("SUIFTLY_DOOR or SUIFTLY_BENCH_OUT is not set: run `cargo xtask bench web`");
  return { ...readEnvironment(), door, out, isSmoke: smoke === "1" };
}
