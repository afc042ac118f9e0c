import { Segmented } from "@suiftly/ui";
import { useNavigate } from "@tanstack/react-router";
import { SERVICE_NAMES, SERVICES } from "../app/queries";
import { CustomRange } from "./CustomRange";
import { exportHref } from "./queries";
import { DEFAULT_RANGE, NETWORKS, RANGES, type UsageSearch } from "./search";
import type { Span } from "./span";
import { NETWORK_LABELS, RANGE_LABELS } from "./words";

const ALL = "all";

interface FilterBarProps {
  search: UsageSearch;
  span: Span | undefined;
}

/** Which times, which service, which network: all of it is in the address. */
export function FilterBar({ search, span }: FilterBarProps) {
  const navigate = useNavigate({ from: "/usage" });
  const { hour: _, from, to, ...kept } = search;
  const go = (next: UsageSearch) =>
    void navigate({ search: next, replace: true, resetScroll: false });
  const { range = DEFAULT_RANGE, service = ALL, network = ALL } = search;
  return (
    <div className="usage-bar">
      <Segmented
        label="Range"
        value={range}
        onChange={(next) => go({ ...kept, range: next })}
        options={RANGES.map((value) => ({ value, label: RANGE_LABELS[value] }))}
      />
      <Segmented
        label="Service"
        value={service}
        onChange={(next) => {
          const { service: _, ...others } = { ...search };
          go(next === ALL ? others : { ...others, service: next });
        }}
        options={[
          { value: ALL, label: "All" },
          ...SERVICES.map((value) => ({ value, label: SERVICE_NAMES[value] })),
        ]}
      />
      <Segmented
        label="Network"
        value={network}
        onChange={(next) => {
          const { network: _, ...others } = { ...search };
          go(next === ALL ? others : { ...others, network: next });
        }}
        options={[
          { value: ALL, label: "All" },
          ...NETWORKS.map((value) => ({ value, label: NETWORK_LABELS[value] })),
        ]}
      />
      {span && (
        <a className="btn usage-export" href={exportHref(span, search)} download>
          Export CSV
        </a>
      )}
      {range === "custom" && (
        <CustomRange
          search={search}
          onChange={(days) => go({ ...kept, range: "custom", ...days })}
        />
      )}
    </div>
  );
}
