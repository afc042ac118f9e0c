import { Money } from "@suiftly/ui";
import type { DocumentView } from "@suiftly/ui/api/customer";
import { isService } from "../../app/queries";
import type { Source } from "../queries";
import type { OpenRows } from "../search";
import { DrillDown } from "./DrillDown";
import { groupLines } from "./group";
import { PlanRows } from "./PlanRows";
import { UsageRows } from "./UsageRows";

interface LineTableProps {
  document: DocumentView;
  source: Source;
  rows: OpenRows;
  onOpen: (rows: OpenRows) => void;
  /** "Total so far" */
  totalWord: string;
}

/** What is billed, line by line. A line of usage opens to its days, hours and requests. */
export function LineTable({ document, source, rows, onOpen, totalWord }: LineTableProps) {
  const { plans, plansMicroUsd, usage } = groupLines(document.lines);
  return (
    <table className="table lines">
      <thead>
        <tr>
          <th scope="col">Line</th>
          <th scope="col" className="number max-wide:hidden">
            Quantity
          </th>
          <th scope="col" className="number max-wide:hidden">
            Price
          </th>
          <th scope="col" className="number">
            Amount
          </th>
        </tr>
      </thead>
      <tbody>
        {plans.length > 0 && <PlanRows lines={plans} sumMicroUsd={plansMicroUsd} />}
        {usage.map((group) => (
          <UsageRows
            key={group.service}
            group={group}
            isOpen={rows.open === group.service}
            onToggle={(open) =>
              onOpen(open && group.service !== null ? { open: group.service } : {})
            }
          >
            {group.service !== null && isService(group.service) && (
              <DrillDown source={source} service={group.service} rows={rows} onOpen={onOpen} />
            )}
          </UsageRows>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{totalWord}</th>
          <td className="max-wide:hidden" />
          <td className="max-wide:hidden" />
          <td className="number figure">
            <Money microUsd={document.sums.gross_micro_usd} digits="all" />
          </td>
        </tr>
      </tfoot>
    </table>
  );
}
