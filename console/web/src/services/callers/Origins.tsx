import { ChipEditor } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { Section } from "../../shell/Section";
import { countOf } from "./effect";
import { sameList, withMore } from "./list";
import { checkOrigin, tidyOrigin } from "./origin";
import { Save } from "./Save";
import { useSettings } from "./useSettings";

/** The web pages that the keys are used from. */
export function Origins({ service }: { service: ServiceView }) {
  const saved = service.origins;
  const max = service.offer.included.origins_max;
  const [draft, setDraft] = useState<readonly string[] | null>(null);
  const settings = useSettings(service);
  const values = draft ?? saved;
  const reset = () => {
    setDraft(null);
    settings.reset();
  };
  const save = () => settings.mutate({ origins: [...values] }, { onSuccess: reset });
  return (
    <Section title="Web origins" note={countOf(values, max)}>
      <p className="mb-3.5 text-13 text-ink-3">
        The sites that use your keys in a browser. They are kept with the service; no request is
        refused for them.
      </p>
      <ChipEditor
        label="Web origins"
        values={values}
        onAdd={(texts) => setDraft(withMore(values, texts, tidyOrigin))}
        onRemove={(value) => setDraft(values.filter((one) => one !== value))}
        check={checkOrigin}
        placeholder="https://app.example.com"
        max={max}
        disabled={settings.isPending}
      />
      <Save
        field="origins"
        sent={values}
        effect={sameList(saved, values) ? null : "Kept with the service."}
        settings={settings}
        onSave={save}
        onUndo={reset}
        onDrop={(value) => setDraft(values.filter((one) => one !== value))}
      />
    </Section>
  );
}
