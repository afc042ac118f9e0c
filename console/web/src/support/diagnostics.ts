// What to send us so that we can help: facts, and no secrets. Keys are not in it, nor any session.
import { type Connection, explain } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import type { QueryClient } from "@tanstack/react-query";

export interface Facts {
  readonly wallet: string | null;
  readonly now: number;
  readonly completeTo: number | null;
  readonly connection: Connection["phase"];
  /** Which build of the dashboard this is. */
  readonly build: string;
  readonly browser: string;
  readonly services: readonly Pick<ServiceView, "service" | "status" | "is_updating">[] | null;
  /** The latest last. */
  readonly problems: readonly string[];
}

/** The one that the generated client speaks. */
const API_VERSION = "v1";
const UNKNOWN = "unknown";

export function diagnosticsText(facts: Facts): string {
  const services = facts.services?.map(
    ({ service, status, is_updating }) => `${service} ${status}${is_updating ? " updating" : ""}`,
  );
  return [
    ["Account", facts.wallet ?? UNKNOWN],
    ["Time", new Date(facts.now).toISOString()],
    ["Complete to", facts.completeTo === null ? UNKNOWN : new Date(facts.completeTo).toISOString()],
    ["Live figures", facts.connection],
    ["API", API_VERSION],
    ["Dashboard", facts.build],
    ["Browser", facts.browser],
    ["Services", services?.join(", ") ?? UNKNOWN],
    ["Last problems", facts.problems.length === 0 ? "none" : facts.problems.join(", ")],
  ]
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

const PROBLEMS_MAX = 10;

/** Codes of what reads and writes failed with, as far as they are remembered. */
export function lastProblems(queries: QueryClient): readonly string[] {
  const failed = [...queries.getQueryCache().getAll(), ...queries.getMutationCache().getAll()]
    .map(({ state }) => ({ error: state.error, at: failedAt(state) }))
    .filter(({ error }) => error !== null)
    .sort((a, b) => a.at - b.at);
  return failed.slice(-PROBLEMS_MAX).map(({ error }) => explain(error).code);
}

function failedAt(state: object): number {
  if ("errorUpdatedAt" in state && typeof state.errorUpdatedAt === "number") {
    return state.errorUpdatedAt;
  }
  return "submittedAt" in state && typeof state.submittedAt === "number" ? state.submittedAt : 0;
}
