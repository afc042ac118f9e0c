import { Button, Empty, Moment, StatusGlyph } from "@suiftly/ui";
import type { OperatorItem, OperatorToken } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Column, DataTable } from "../parts/DataTable";
import { Loaded, Pane } from "../parts/Pane";
import { DisableOperator } from "./DisableOperator";
import { NewToken } from "./NewToken";
import { OperatorDialog } from "./OperatorDialog";
import { operatorsQuery } from "./queries";

/** What is open over the table. */
type Open =
  | { readonly of: "role"; readonly operator: OperatorItem | null }
  | { readonly of: "disable"; readonly operator: OperatorItem }
  | { readonly of: "token"; readonly token: OperatorToken };

/** Who may open this system, and as what. */
export function Operators() {
  const query = useQuery(operatorsQuery);
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const add = (
    <Button size="small" onClick={() => setOpen({ of: "role", operator: null })}>
      Add an operator
    </Button>
  );
  return (
    <Pane title="Operators" note={add} className="settings-operators">
      <Loaded query={query} what="The operators">
        {(items) => (
          <DataTable
            label="Operators"
            columns={columnsOf(setOpen)}
            rows={items}
            rowKey={({ name }) => name}
            rowHeight={31}
            tone={({ disabled_at }) => (disabled_at ? "dim" : undefined)}
            empty={<Empty title="Nobody yet">Who may open this system is listed here.</Empty>}
          />
        )}
      </Loaded>
      {open?.of === "role" && (
        <OperatorDialog
          operator={open.operator}
          onClose={close}
          onMade={(token) => setOpen({ of: "token", token })}
        />
      )}
      {open?.of === "token" && <NewToken token={open.token} onClose={close} />}
      {open?.of === "disable" && <DisableOperator name={open.operator.name} onClose={close} />}
    </Pane>
  );
}

function columnsOf(onOpen: (open: Open) => void): readonly Column<OperatorItem>[] {
  return [
    { key: "name", head: "Name", cell: ({ name }) => <b>{name}</b>, by: ({ name }) => name },
    { key: "role", head: "Role", width: "84px", cell: ({ role }) => role, by: ({ role }) => role },
    {
      key: "since",
      head: "Since",
      width: "116px",
      cell: ({ created_at }) => <Moment iso={created_at} />,
      by: ({ created_at }) => created_at,
    },
    {
      key: "used",
      head: "Last seen",
      width: "116px",
      cell: ({ last_used_at }) => (last_used_at ? <Moment iso={last_used_at} /> : "never"),
      by: ({ last_used_at }) => last_used_at ?? "",
    },
    {
      key: "act",
      head: "",
      width: "196px",
      cell: (operator) => (
        <span className="settings-acts">
          {operator.disabled_at && <StatusGlyph status="disabled" />}
          <Button size="small" onClick={() => onOpen({ of: "role", operator })}>
            {operator.disabled_at ? "Let in again" : "New token"}
          </Button>
          {!operator.disabled_at && (
            <Button kind="danger" size="small" onClick={() => onOpen({ of: "disable", operator })}>
              Disable
            </Button>
          )}
        </span>
      ),
    },
  ];
}
