import { formatCount } from "@suiftly/ui";
import type { LineView } from "@suiftly/ui/api/customer";
import { Amount } from "./Amount";

interface PlanRowsProps {
  lines: readonly LineView[];
  sumMicroUsd: number;
}

/** Plans and add-ons: what they come to together, then each. */
export function PlanRows({ lines, sumMicroUsd }: PlanRowsProps) {
  return (
    <>
      <tr className="lines-head">
        <th scope="row">Plans and add-ons</th>
        <td className="max-wide:hidden" />
        <td className="max-wide:hidden" />
        <td className="number figure">
          <Amount microUsd={sumMicroUsd} />
        </td>
      </tr>
      {lines.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two lines may say the same; their place is what they have
        <tr key={at} className="lines-part">
          <td>{line.description}</td>
          <td className="number figure max-wide:hidden">{formatCount(line.quantity)}</td>
          <td className="number text-ink-3 max-wide:hidden">{line.unit_price}</td>
          <td className="number figure">
            <Amount microUsd={line.amount_micro_usd} />
          </td>
        </tr>
      ))}
    </>
  );
}
