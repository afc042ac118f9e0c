import { Kbd, Segmented, TextField } from "@suiftly/ui";
import type { ServiceView, ServiceWord } from "@suiftly/ui/api/customer";
import { SERVICE_NAMES } from "../app/queries";
import { harmless } from "./search";

interface FiltersProps {
  service: ServiceWord | undefined;
  filter: string;
  services: readonly ServiceView[];
  onChange: (change: { service?: ServiceWord | undefined; filter?: string | undefined }) => void;
}

/** Which keys are shown. The shell's `/` goes to the text. */
export function Filters({ service, filter, services, onChange }: FiltersProps) {
  return (
    <div className="key-filters">
      <Segmented<ServiceWord | "all">
        label="Service"
        value={service ?? "all"}
        onChange={(word) => onChange({ service: word === "all" ? undefined : word })}
        options={[
          { value: "all", label: "All" },
          ...services.map((one) => ({ value: one.service, label: SERVICE_NAMES[one.service] })),
        ]}
      />
      <TextField
        label="Filter keys by name, first characters or network"
        hideLabel
        type="search"
        value={filter}
        onChange={(text) => onChange({ filter: harmless(text) || undefined })}
        placeholder="Name, first characters, network"
        suffix={<Kbd>/</Kbd>}
      />
    </div>
  );
}
