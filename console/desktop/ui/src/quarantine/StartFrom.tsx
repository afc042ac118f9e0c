import type { FormatItem } from "@suiftly/ui/api/admin";
import type { Draft } from "./Quarantine";

const STOCK = ["httplog", "httpslog", "tcplog"] as const;

interface StartFromProps {
  formats: readonly FormatItem[];
  onStart: (draft: Draft) => void;
}

/** Formats to begin with: HAProxy's own, and those that were published. */
export function StartFrom({ formats, onStart }: StartFromProps) {
  const begin = (chosen: string) => {
    const known = formats.find(({ name }) => `published ${name}` === chosen);
    if (known) {
      const { name, log_format, attribution } = known;
      onStart({ name, format: { log_format, attribution } });
    } else if (chosen !== "")
      onStart({ name: "", format: { log_format: chosen, attribution: {} } });
  };
  return (
    <label className="start-from">
      <span className="visually-hidden">Start from</span>
      <select className="quiet-select" value="" onChange={(event) => begin(event.target.value)}>
        <option value="">Start from…</option>
        {STOCK.map((word) => (
          <option key={word} value={word}>
            {word}
          </option>
        ))}
        {formats.map(({ name }) => (
          <option key={name} value={`published ${name}`}>
            {name}, published
          </option>
        ))}
      </select>
    </label>
  );
}
