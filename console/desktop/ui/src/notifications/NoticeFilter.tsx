import { formatCount, Segmented } from "@suiftly/ui";
import { useNavigate } from "@tanstack/react-router";
import type { notificationsSearch } from "../app/search";
import { SEVERITIES, SEVERITY_WORDS, type Severity } from "../words/notices";

type Search = ReturnType<typeof notificationsSearch>;

interface NoticeFilterProps {
  search: Search;
  counts: Readonly<Record<Severity, number>>;
}

export function NoticeFilter({ search, counts }: NoticeFilterProps) {
  const navigate = useNavigate();
  const change = (part: Search, without: keyof Search) => {
    const { [without]: _, id: __, ...rest } = search;
    void navigate({ to: "/notifications", search: { ...rest, ...part }, replace: true });
  };
  return (
    <>
      <Segmented
        label="Severity"
        value={search.severity ?? "all"}
        onChange={(severity) => change(severity === "all" ? {} : { severity }, "severity")}
        options={[
          { value: "all", label: "All" },
          ...SEVERITIES.map((severity) => ({
            value: severity as string,
            label: `${SEVERITY_WORDS[severity]} ${formatCount(counts[severity])}`,
          })),
        ]}
      />
      <Segmented
        label="Which notifications"
        value={search.state === "all" ? "all" : "open"}
        onChange={(state) => change(state === "all" ? { state } : {}, "state")}
        options={[
          { value: "open", label: "Open" },
          { value: "all", label: "History" },
        ]}
      />
    </>
  );
}
