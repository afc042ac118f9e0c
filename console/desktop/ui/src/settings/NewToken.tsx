import { Button, Copy, Dialog } from "@suiftly/ui";
import type { OperatorToken } from "@suiftly/ui/api/admin";

interface NewTokenProps {
  token: OperatorToken;
  onClose: () => void;
}

export function NewToken({ token: { name, role, token }, onClose }: NewTokenProps) {
  return (
    <Dialog
      open
      onClose={onClose}
      title={`The token of ${name}`}
      footer={
        <Button kind="primary" onClick={onClose}>
          It is kept
        </Button>
      }
    >
      <p>
        It is shown this once. Whoever has it is {name}, as {role}.
      </p>
      <p className="settings-token">
        <code>{token}</code> <Copy text={token} />
      </p>
    </Dialog>
  );
}
