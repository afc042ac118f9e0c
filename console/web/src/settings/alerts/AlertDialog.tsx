import { Button, Dialog, Refusal, SelectField, TextField, useToast } from "@suiftly/ui";
import type { AlertView, ServiceWord } from "@suiftly/ui/api/customer";
import { useId, useState } from "react";
import { newKey } from "../../app/client";
import { SERVICE_NAMES, SERVICES } from "../../app/queries";
import { refusedBy } from "../fields";
import { type AlertForm, formOf, requestOf } from "./form";
import { ThresholdField } from "./ThresholdField";
import { Ways } from "./Ways";
import { METRICS, meaningOf, PERIODS, repetitionOf } from "./words";
import { type AlertWrite, useAlertWrite } from "./write";

const FIELDS = ["name", "metric", "period", "service", "threshold", "by_email", "by_webhook"];

const SERVICE_OPTIONS: readonly { value: ServiceWord | "all"; label: string }[] = [
  { value: "all", label: "All services" },
  ...SERVICES.map((value) => ({ value, label: SERVICE_NAMES[value] })),
];

interface AlertDialogProps {
  /** null: a new one. */
  alert: AlertView | null;
  onClose: () => void;
}

/** Sets an alert or changes one. What it looks at stays in any case. */
export function AlertDialog({ alert, onClose }: AlertDialogProps) {
  const formId = useId();
  const [form, setForm] = useState<AlertForm>(() => formOf(alert));
  const [missing, setMissing] = useState(false);
  const write = useAlertWrite();
  const toast = useToast();
  const { fields, rest } = refusedBy(write.error, FIELDS);
  const set = (part: Partial<AlertForm>) => setForm({ ...form, ...part });
  const save = () => {
    const { threshold } = form;
    setMissing(threshold === null);
    if (threshold === null) return;
    write.mutate(writeOf(alert, form, threshold), {
      onSuccess: () => {
        toast({ text: `Alert “${form.name.trim()}” is set.` });
        onClose();
      },
    });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={alert === null ? "Add an alert" : `Edit “${alert.name}”`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={formId} busy={write.isPending}>
            {alert === null ? "Add the alert" : "Save the alert"}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <TextField
          label="Name"
          value={form.name}
          onChange={(name) => set({ name })}
          error={fields.name ?? null}
          placeholder="November budget"
          autoFocus
        />
        {alert === null && (
          <>
            <SelectField
              label="What is looked at"
              value={form.metric}
              onChange={(metric) => set({ metric, threshold: null })}
              options={METRICS}
              error={fields.metric ?? null}
            />
            <div className="form-row">
              <SelectField
                label="In"
                value={form.period}
                onChange={(period) => set({ period })}
                options={PERIODS}
                error={fields.period ?? null}
              />
              <SelectField
                label="Of"
                value={form.service}
                onChange={(service) => set({ service })}
                options={SERVICE_OPTIONS}
                error={fields.service ?? null}
              />
            </div>
          </>
        )}
        <ThresholdField
          metric={form.metric}
          threshold={form.threshold}
          onChange={(threshold) => set({ threshold })}
          error={missing ? "Write the threshold." : (fields.threshold ?? null)}
        />
        <Ways form={form} onChange={set} errors={fields} />
        <Meaning form={form} />
        {rest && <Refusal problem={rest} />}
      </form>
    </Dialog>
  );
}

function Meaning({ form }: { form: AlertForm }) {
  const { threshold } = form;
  if (threshold === null) return null;
  const service = form.service === "all" ? null : form.service;
  return (
    <p className="text-13 text-ink-2">
      You are told when: {meaningOf({ ...form, service, threshold })} {repetitionOf(form)}
    </p>
  );
}

function writeOf(alert: AlertView | null, form: AlertForm, threshold: number): AlertWrite {
  const asked = requestOf(form, threshold);
  if (alert === null) return { is: "create", alert: asked, key: newKey() };
  const ways = { by_email: form.byEmail, by_webhook: form.byWebhook };
  const change = { name: asked.name, threshold, ...ways };
  return { is: "change", id: alert.id, change, key: newKey() };
}
