import { Button, CLASSES, formatClock, Money, Swatch } from "@suiftly/ui";
import type { RecordRow } from "@suiftly/ui/api/customer";
import { WORDS } from "../proof/words";

interface RecordLineProps {
  record: RecordRow;
  /** Asks for the proof of what is named so. */
  onProve: (name: string) => void;
}

/** One request: when, how it was answered, by which key, and what it comes to; and how it is proven, if it can be. */
export function RecordLine({ record, onProve }: RecordLineProps) {
  const { proof_name: name } = record;
  return (
    <tr>
      <td className="code text-ink-3">
        <Instant iso={record.at} />
      </td>
      <td className="code max-wide:hidden">
        {record.path_prefix == null ? "" : `/${record.path_prefix}…`}
      </td>
      <td>
        <Answer record={record} />
      </td>
      <td className="code text-ink-3 max-wide:hidden">{record.api_key_prefix ?? ""}</td>
      <td className="text-ink-3 max-wide:hidden">
        {record.region == null ? "" : `region ${record.region}`}
      </td>
      <td className="number figure">
        <Cost record={record} />
      </td>
      {name != null && (
        <td className="no-print">
          <Button kind="quiet" size="small" onClick={() => onProve(name)}>
            {WORDS.prove}
          </Button>
        </td>
      )}
    </tr>
  );
}

/** To the millisecond: requests of one second are told apart. */
function Instant({ iso }: { iso: string }) {
  const at = Date.parse(iso);
  const milliseconds = String(at % 1000).padStart(3, "0");
  return (
    <time dateTime={iso} title={iso}>
      {formatClock(at)}.{milliseconds}
    </time>
  );
}

function Answer({ record: { status_code, class: key, repeat } }: { record: RecordRow }) {
  const known = CLASSES.find((one) => one.key === key);
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      {known && <Swatch of={known.key} />}
      <span className="code">{status_code < 0 ? "client left" : status_code}</span>
      <span className="text-ink-2">{known?.word ?? key}</span>
      {repeat > 1 && <span className="text-ink-3">× {repeat}</span>}
    </span>
  );
}

function Cost({ record: { is_billed, charged_micro_usd } }: { record: RecordRow }) {
  if (!is_billed) return <span className="text-ink-3">free</span>;
  if (charged_micro_usd == null) return <span className="text-ink-3">by the month</span>;
  return <Money microUsd={charged_micro_usd} digits="all" />;
}
