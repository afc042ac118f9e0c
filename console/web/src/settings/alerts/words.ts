// What an alert looks at, as a whole sentence.
import type { AlertMetricWord, AlertPeriodWord, ServiceWord } from "@suiftly/ui/api/customer";
import { SERVICE_NAMES } from "../../app/queries";
import { thresholdWords } from "./threshold";

export const METRICS: readonly { value: AlertMetricWord; label: string }[] = [
  { value: "spend", label: "Spend" },
  { value: "spend_percent", label: "Share of the monthly limit" },
  { value: "balance_below", label: "Escrow balance" },
  { value: "requests", label: "Requests" },
  { value: "bytes", label: "Bytes sent" },
  { value: "errors", label: "Errors" },
  { value: "rejected", label: "Rejected requests" },
];

export const PERIODS: readonly { value: AlertPeriodWord; label: string }[] = [
  { value: "hour", label: "An hour" },
  { value: "day", label: "A day" },
  { value: "month", label: "A month" },
];

const IN_A: Record<AlertPeriodWord, string> = {
  hour: "in an hour",
  day: "in a day",
  month: "in a month",
};

interface AlertTerms {
  readonly metric: AlertMetricWord;
  readonly period: AlertPeriodWord;
  readonly service: ServiceWord | null;
  readonly threshold: number;
}

/** "Requests to Seal reach 10,000 in an hour." */
export function meaningOf({ metric, period, service, threshold }: AlertTerms): string {
  const amount = thresholdWords(metric, threshold);
  const when = IN_A[period];
  const name = service === null ? null : SERVICE_NAMES[service];
  switch (metric) {
    case "spend":
      return name === null
        ? `Usage and subscriptions reach ${amount} ${when}.`
        : `Usage and subscription of ${name} reach ${amount} ${when}.`;
    case "spend_percent":
      return `${amount} of the monthly limit is used ${when}.`;
    case "balance_below":
      return `The escrow balance falls below ${amount}.`;
    case "requests":
      return `Requests${toService(name)} reach ${amount} ${when}.`;
    case "bytes":
      return `Bytes sent${byService(name)} reach ${amount} ${when}.`;
    case "errors":
      return `Client and server errors${ofService(name)} reach ${amount} ${when}.`;
    case "rejected":
      return `Rejected requests${toService(name)} reach ${amount} ${when}.`;
  }
}

/** How often it is told. */
export function repetitionOf({ metric, period }: Pick<AlertTerms, "metric" | "period">): string {
  if (metric === "balance_below") return "It is told each time that the balance falls below.";
  return `It is told once in each UTC ${period}.`;
}

const toService = (name: string | null) => (name === null ? "" : ` to ${name}`);
const byService = (name: string | null) => (name === null ? "" : ` by ${name}`);
const ofService = (name: string | null) => (name === null ? "" : ` of ${name}`);

/** By which ways it is told. */
export function tellingOf({ by_email, by_webhook }: { by_email: boolean; by_webhook: boolean }) {
  if (by_email && by_webhook) return "E-mail and webhooks";
  if (by_email) return "E-mail";
  return by_webhook ? "Webhooks" : "Here alone";
}
