// A document's lines as they are read: plans and add-ons together, then usage by service.
import type { LineView } from "@suiftly/ui/api/customer";

export interface UsageGroup {
  /** null: of a service this page does not know. */
  readonly service: string | null;
  readonly lines: readonly LineView[];
  readonly sumMicroUsd: number;
}

interface GroupedLines {
  readonly plans: readonly LineView[];
  readonly plansMicroUsd: number;
  /** In the order of the document. */
  readonly usage: readonly UsageGroup[];
}

export function groupLines(lines: readonly LineView[]): GroupedLines {
  const plans = lines.filter(isPlan);
  const byService = new Map<string | null, LineView[]>();
  for (const line of lines) {
    if (isPlan(line)) continue;
    const service = line.service ?? null;
    byService.set(service, [...(byService.get(service) ?? []), line]);
  }
  return {
    plans,
    plansMicroUsd: sum(plans),
    usage: [...byService].map(([service, own]) => ({ service, lines: own, sumMicroUsd: sum(own) })),
  };
}

function isPlan({ unit }: LineView): boolean {
  return unit === "piece";
}

/** Of lines of one document: whole micro-dollars, so that groups add up to the document's own total. */
function sum(lines: readonly LineView[]): number {
  return lines.reduce((total, line) => total + line.amount_micro_usd, 0);
}
