import { Button, HOUR_MS, Segmented, Stepper } from "@suiftly/ui";
import { type KeyView, regenerateKey } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { client, newKey } from "../app/client";
import type { KeyActs } from "./acts";
import { KeyRefusal } from "./KeyRefusal";
import type { Panels } from "./panels";
import { useSecretAct } from "./useSecretAct";
import {
  OVERLAP_HOURS_MAX,
  type Overlap,
  overlapEffect,
  overlapHours,
  shortKey,
  untilWords,
} from "./words";

const SECONDS_AN_HOUR = HOUR_MS / 1000;

const OVERLAPS: readonly { value: Overlap; label: string }[] = [
  { value: "none", label: "None" },
  { value: "hour", label: "1 hour" },
  { value: "day", label: "24 hours" },
  { value: "custom", label: "Custom" },
];

interface RegenerateProps {
  of: KeyView;
  now: number;
  acts: KeyActs;
  panels: Panels;
}

/** A new key in the place of one; for how long both work is chosen here. */
export function Regenerate({ of, now, acts, panels }: RegenerateProps) {
  const [overlap, setOverlap] = useState<Overlap>("hour");
  const [customHours, setCustomHours] = useState(72);
  const hours = overlapHours(overlap, customHours);
  const regenerate = useSecretAct(async () => {
    const body = { overlap_s: hours * SECONDS_AN_HOUR };
    const path = { id: of.id };
    const { data } = await regenerateKey({ client, path, body, headers: newKey() });
    await acts.refresh();
    panels.close(of.id);
    panels.open(data.id, { is: "issued", key: data.key, note: note(of, hours, now) });
  });
  return (
    <section className="key-box" aria-label={`Regenerate ${shortKey(of)}`}>
      <div className="key-choice">
        <div>
          <h3>Regenerate {shortKey(of)}?</h3>
          <p className="mt-0.5 text-13 text-ink-2">
            A new key replaces it in one step and keeps the same slot. Choose how long the old one
            still works, so that you can deploy the new one first.
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-3">
          <Segmented label="Overlap" value={overlap} onChange={setOverlap} options={OVERLAPS} />
          <Button kind="primary" busy={regenerate.busy} onClick={regenerate.run}>
            Regenerate
          </Button>
        </div>
      </div>
      {overlap === "custom" && (
        <div className="mt-3 flex items-center gap-3 text-13 text-ink-2">
          <Stepper
            label="Hours of overlap"
            value={customHours}
            min={1}
            max={OVERLAP_HOURS_MAX}
            onChange={setCustomHours}
          />
          hours, at most {OVERLAP_HOURS_MAX}
        </div>
      )}
      <p className="mt-3 text-13 text-ink-2" aria-live="polite">
        {overlapEffect(of, hours, now)}
      </p>
      {regenerate.error !== null && (
        <KeyRefusal error={regenerate.error} of={of.service} now={now} />
      )}
    </section>
  );
}

function note(old: KeyView, hours: number, now: number): string {
  return hours === 0
    ? `${shortKey(old)} no longer works. Put the new one in its place.`
    : `${shortKey(old)} works until ${untilWords(now + hours * HOUR_MS, now)}. Put the new one in its place by then.`;
}
