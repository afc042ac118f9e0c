import { ChipEditor, Switch } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { useId, useState } from "react";
import { Section } from "../../shell/Section";
import { checkAddress, tidyAddress } from "./address";
import { addressEffect, countOf } from "./effect";
import { withMore } from "./list";
import { Save } from "./Save";
import { useSettings } from "./useSettings";

const NONE: readonly string[] = [];

/** The allowlist. Off is the same as empty; what was in it is still there to be switched on again. */
export function Addresses({ service }: { service: ServiceView }) {
  const saved = service.ip_allowlist;
  const max = service.offer.included.ip_allowlist_max;
  const helpId = useId();
  /** null while nothing is edited: then it follows what is saved. */
  const [draft, setDraft] = useState<readonly string[] | null>(null);
  const [on, setOn] = useState<boolean | null>(null);
  const settings = useSettings(service);
  const values = draft ?? saved;
  const isOn = on ?? saved.length > 0;
  const wanted = isOn ? values : NONE;
  const reset = () => {
    setDraft(null);
    setOn(null);
    settings.reset();
  };
  const save = () => settings.mutate({ ip_allowlist: [...wanted] }, { onSuccess: reset });
  return (
    <Section title="Who may call" note={isOn ? `${countOf(values, max)} addresses` : undefined}>
      <div className="option option-switch">
        <div>
          <b>Only from these addresses</b>
          <p id={helpId}>
            {isOn
              ? "Others get 403, free of charge. Applies within a second."
              : "Off: whoever has a key may use it, from any address."}
          </p>
        </div>
        <Switch
          label="Only from these addresses"
          checked={isOn}
          onChange={setOn}
          describedBy={helpId}
          disabled={settings.isPending}
        />
      </div>
      {isOn && (
        <ChipEditor
          label="Addresses and networks"
          values={values}
          onAdd={(texts) => setDraft(withMore(values, texts, tidyAddress))}
          onRemove={(value) => setDraft(values.filter((one) => one !== value))}
          check={checkAddress}
          placeholder="Add an address or range"
          max={max}
          disabled={settings.isPending}
        />
      )}
      {isOn && values.length === 0 && (
        <p className="mt-2 text-13 text-ink-2">
          Add an address: as long as there is none, every address may call.
        </p>
      )}
      <Save
        field="ip_allowlist"
        sent={wanted}
        effect={addressEffect(saved, wanted)}
        settings={settings}
        onSave={save}
        onUndo={reset}
        onDrop={(value) => setDraft(values.filter((one) => one !== value))}
      />
    </Section>
  );
}
