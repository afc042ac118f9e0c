import { Button, TextField } from "@suiftly/ui";
import { type FormEvent, useState } from "react";
import { isDay, type UsageSearch } from "./search";
import { customDays, type Days, dayText } from "./span";

interface CustomRangeProps {
  search: UsageSearch;
  onChange: (days: Days) => void;
}

/** The first and the last day, UTC. */
export function CustomRange({ search, onChange }: CustomRangeProps) {
  const now = Date.now();
  const shown = customDays(search, now);
  const [from, setFrom] = useState(shown.from);
  const [to, setTo] = useState(shown.to);
  const error = wrong(from, to, dayText(now));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (error === null) onChange({ from, to });
  };
  return (
    <form className="usage-days" onSubmit={submit}>
      <TextField label="First day" type="date" value={from} onChange={setFrom} />
      <TextField label="Last day" type="date" value={to} onChange={setTo} error={error} />
      <Button type="submit" disabled={from === shown.from && to === shown.to}>
        Show
      </Button>
    </form>
  );
}

function wrong(from: string, to: string, today: string): string | null {
  if (!isDay(from) || !isDay(to)) return "Choose two days.";
  if (from > to) return "The last day is before the first.";
  return from > today ? "Nothing is known of days to come." : null;
}
