import { formatBytes, formatCount, Money, Unit } from "@suiftly/ui";
import type { LineView } from "@suiftly/ui/api/customer";
import { type ReactNode, useId } from "react";
import { isService, SERVICE_NAMES } from "../../app/queries";
import type { UsageGroup } from "./group";
import { Opener } from "./Opener";

interface UsageRowsProps {
  group: UsageGroup;
  isOpen: boolean;
  onToggle: (open: boolean) => void;
  /** What it opens to. */
  children: ReactNode;
}

/** A service's usage: one line, or what it comes to and its lines. */
export function UsageRows({ group, isOpen, onToggle, children }: UsageRowsProps) {
  const id = useId();
  const { lines, sumMicroUsd } = group;
  const only = lines.length === 1 ? lines[0] : undefined;
  return (
    <>
      <tr className="lines-head">
        <th scope="row">
          <Opener isOpen={isOpen} controls={id} onToggle={() => onToggle(!isOpen)}>
            {title(group)}
          </Opener>
        </th>
        {only ? <Cells line={only} /> : <NoCells />}
        <td className="number figure">
          <Money microUsd={sumMicroUsd} digits="all" />
        </td>
      </tr>
      {only === undefined && lines.map((line) => <PartRow key={line.description} line={line} />)}
      {isOpen && (
        <tr className="lines-drill">
          <td id={id} colSpan={4}>
            {children}
          </td>
        </tr>
      )}
    </>
  );
}

function PartRow({ line }: { line: LineView }) {
  return (
    <tr className="lines-part">
      <td>{line.description}</td>
      <Cells line={line} />
      <td className="number figure">
        <Money microUsd={line.amount_micro_usd} digits="all" />
      </td>
    </tr>
  );
}

function Cells({ line }: { line: LineView }) {
  return (
    <>
      <td className="number figure max-wide:hidden">
        <Quantity line={line} />
      </td>
      <td className="number text-ink-3 max-wide:hidden">{line.unit_price}</td>
    </>
  );
}

function NoCells() {
  return (
    <>
      <td className="max-wide:hidden" />
      <td className="max-wide:hidden" />
    </>
  );
}

function Quantity({ line: { quantity, unit } }: { line: LineView }) {
  if (unit === "byte") {
    const sign = quantity < 0 ? "−" : "";
    const { value, unit: word } = formatBytes(Math.abs(quantity));
    return (
      <>
        {sign}
        {value}
        <Unit>{word}</Unit>
      </>
    );
  }
  return (
    <>
      {formatCount(quantity)}
      <Unit>{quantity === 1 ? "request" : "requests"}</Unit>
    </>
  );
}

function title({ service }: UsageGroup): string {
  if (service === null) return "Other usage";
  return isService(service) ? `${SERVICE_NAMES[service]} usage` : `${service} usage`;
}
