import { ConfirmDialog, formatDuration } from "@suiftly/ui";
import { disableOperator } from "@suiftly/ui/api/admin";
import { client, newKey } from "../app/session";
import { useAct } from "../parts/acts/useAct";

interface DisableOperatorProps {
  name: string;
  onClose: () => void;
}

export function DisableOperator({ name, onClose }: DisableOperatorProps) {
  const { run } = useAct({
    send: (path: { name: string }) => disableOperator({ client, path, headers: newKey() }),
    topics: ["activity"],
    told: ({ tookMs }) => `${name} was disabled in ${formatDuration(tookMs)}`,
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Disable ${name}?`}
      verb="Disable"
      keep="Keep them"
      danger
      onConfirm={async () => {
        await run({ name });
      }}
    >
      <p>
        Their token is refused from then on: a console that is opened by it is shut out. What they
        did stays on record under their name. They can be let in again with another token.
      </p>
    </ConfirmDialog>
  );
}
