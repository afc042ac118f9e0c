// An alert while it is being written.
import type {
  AlertMetricWord,
  AlertPeriodWord,
  AlertView,
  NewAlertRequest,
  ServiceWord,
} from "@suiftly/ui/api/customer";

export interface AlertForm {
  readonly name: string;
  readonly metric: AlertMetricWord;
  readonly period: AlertPeriodWord;
  readonly service: ServiceWord | "all";
  /** In the metric's unit; null while nothing that can be read is written. */
  readonly threshold: number | null;
  readonly byEmail: boolean;
  readonly byWebhook: boolean;
}

const NEW_ALERT: AlertForm = {
  name: "",
  metric: "spend",
  period: "month",
  service: "all",
  threshold: null,
  byEmail: false,
  byWebhook: true,
};

export function formOf(alert: AlertView | null): AlertForm {
  if (alert === null) return NEW_ALERT;
  const { name, metric, period, service, threshold, by_email, by_webhook } = alert;
  return {
    name,
    metric,
    period,
    service: service ?? "all",
    threshold,
    byEmail: by_email,
    byWebhook: by_webhook,
  };
}

/** What the API is asked for; it says what is wrong with it. */
export function requestOf(form: AlertForm, threshold: number): NewAlertRequest {
  return {
    name: form.name.trim(),
    metric: form.metric,
    period: form.period,
    ...(form.service !== "all" && { service: form.service }),
    threshold,
    by_email: form.byEmail,
    by_webhook: form.byWebhook,
  };
}
