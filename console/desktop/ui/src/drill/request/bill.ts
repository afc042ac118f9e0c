// A request's way into the bill, step by step.
import { formatCount, formatMinute, formatUsd, monthName } from "@suiftly/ui";
import type { Counts, RecordBill } from "@suiftly/ui/api/admin";
import { clockMs } from "../../model/instant";

export interface BillStep {
  readonly key: "line" | "hour" | "rule" | "invoice" | "recount";
  readonly said: string;
  readonly figure: string;
  readonly tone: "plain" | "strong" | "ok" | "bad" | "quiet";
}

const CLASS_WORDS: Readonly<Record<RecordBill["class"], string>> = {
  guaranteed: "guaranteed",
  burst: "burst",
  rejected: "rejected",
  client_error: "client error",
  server_error: "server error",
  other: "other",
};

export function billSteps(bill: RecordBill): readonly BillStep[] {
  return [lineStep(bill), hourStep(bill), ruleStep(bill), invoiceStep(bill), recountStep(bill)];
}

function lineStep({ record }: RecordBill): BillStep {
  const name = record.seq == null ? "Line" : `Line ${record.seq}`;
  return {
    key: "line",
    said: `${name}, counted once`,
    figure: clockMs(record.timestamp),
    tone: "quiet",
  };
}

function hourStep({ record, hour, class: of }: RecordBill): BillStep {
  const where = [record.service, record.network].filter((word) => word != null).join(", ");
  const billable = `${formatCount(hour.counts.billable_requests)} billable`;
  const count = hour.counts[of];
  const ending = of.endsWith("_error") && count !== 1 ? "s" : "";
  const mine = `${formatCount(count)} ${CLASS_WORDS[of]}${ending}`;
  return {
    key: "hour",
    said: `Hour ${formatMinute(Date.parse(hour.start))}${where && `, ${where}`}`,
    figure: `${billable}, ${mine}`,
    tone: of === "server_error" ? "bad" : "plain",
  };
}

function ruleStep({ reason, amount_micro_usd }: RecordBill): BillStep {
  return {
    key: "rule",
    said: reason,
    figure:
      amount_micro_usd == null
        ? "by the whole month"
        : formatUsd(amount_micro_usd, { digits: "all" }),
    tone: "strong",
  };
}

function invoiceStep({ invoice, is_attributed, is_billable }: RecordBill): BillStep {
  if (!is_attributed || invoice == null) {
    return { key: "invoice", said: "On no invoice", figure: "–", tone: "quiet" };
  }
  const name = invoice.number ?? `Draft of ${monthName(invoice.month)}`;
  if (invoice.line == null) {
    return { key: "invoice", said: `${name} has no line of its kind`, figure: "–", tone: "quiet" };
  }
  const amount = formatUsd(invoice.line.amount_micro_usd, { digits: "all" });
  return {
    key: "invoice",
    said: `${name}, line “${invoice.line.description}”`,
    figure: is_billable ? amount : `${amount}, unchanged`,
    tone: "plain",
  };
}

function recountStep({ hour }: RecordBill): BillStep {
  if (hour.is_equal == null || hour.recounted == null) {
    return { key: "recount", said: "Hour counted again", figure: "no longer kept", tone: "quiet" };
  }
  if (hour.is_equal) {
    const all = `${formatCount(hour.recounted.requests)} requests of its raw lines`;
    return { key: "recount", said: `Hour counted again: ${all}`, figure: "equal", tone: "ok" };
  }
  const off = difference(hour.counts, hour.recounted);
  return { key: "recount", said: "Hour counted again", figure: `differs by ${off}`, tone: "bad" };
}

function difference(billed: Counts, recounted: Counts): string {
  const requests = recounted.requests - billed.requests;
  if (requests !== 0) return `${formatCount(requests)} requests`;
  return `${formatCount(recounted.billable_requests - billed.billable_requests)} billable requests`;
}
