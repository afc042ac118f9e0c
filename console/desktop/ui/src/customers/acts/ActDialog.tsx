import { ActivateDialog } from "./ActivateDialog";
import { CreditDialog } from "./CreditDialog";
import { LimitDialog } from "./LimitDialog";
import { SessionsDialog } from "./SessionsDialog";
import { SuspendDialog } from "./SuspendDialog";

export type CustomerAct = "credit" | "limit" | "sessions" | "suspend" | "activate";

export interface ActProps {
  onClose: () => void;
}

const DIALOGS = {
  credit: CreditDialog,
  limit: LimitDialog,
  sessions: SessionsDialog,
  suspend: SuspendDialog,
  activate: ActivateDialog,
} as const;

export function ActDialog({ act, onClose }: ActProps & { act: CustomerAct }) {
  const Chosen = DIALOGS[act];
  return <Chosen onClose={onClose} />;
}
