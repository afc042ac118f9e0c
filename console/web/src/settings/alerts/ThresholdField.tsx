import { MoneyField, TextField } from "@suiftly/ui";
import type { AlertMetricWord } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { centsOf, ofCents, readThreshold, unitOf, writeThreshold } from "./threshold";

const SUFFIX = { percent: "%", gib: "GiB", count: null } as const;

interface ThresholdFieldProps {
  metric: AlertMetricWord;
  threshold: number | null;
  onChange: (threshold: number | null) => void;
  error: string | null;
}

/** Typed in the metric's own unit. */
export function ThresholdField({ metric, threshold, onChange, error }: ThresholdFieldProps) {
  const unit = unitOf(metric);
  if (unit === "usd") {
    return (
      <MoneyField
        label="Threshold"
        cents={centsOf(threshold)}
        onChange={(cents) => onChange(ofCents(cents))}
        error={error}
      />
    );
  }
  return (
    <NumberField key={unit} unit={unit} threshold={threshold} onChange={onChange} error={error} />
  );
}

interface NumberFieldProps extends Omit<ThresholdFieldProps, "metric"> {
  unit: "percent" | "gib" | "count";
}

function NumberField({ unit, threshold, onChange, error }: NumberFieldProps) {
  const [text, setText] = useState(threshold === null ? "" : writeThreshold(unit, threshold));
  const unreadable = text.trim() !== "" && readThreshold(unit, text) === null;
  return (
    <TextField
      label="Threshold"
      value={text}
      onChange={(next) => {
        setText(next);
        onChange(readThreshold(unit, next));
      }}
      error={unreadable ? "Write a number, such as 10,000." : error}
      suffix={SUFFIX[unit]}
    />
  );
}
