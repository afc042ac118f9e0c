import {
  ApiError,
  Button,
  ConfirmDialog,
  Dialog,
  Palette,
  type PaletteItem,
  TextField,
  useToast,
} from "@suiftly/ui";
import { useState } from "react";
import { Row, Shown } from "./Shown";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function refuse() {
  await wait(800);
  throw new ApiError(409, { title: "The key was changed elsewhere.", code: "conflict" });
}

type Open = "dialog" | "wide" | "confirm" | "refused" | "typed" | "palette" | null;

export function Overlays() {
  const [open, setOpen] = useState<Open>(null);
  const [name, setName] = useState("");
  const toast = useToast();
  const close = () => setOpen(null);
  return (
    <Shown title="What floats" span={3}>
      <Row>
        <Button onClick={() => setOpen("dialog")}>Dialog</Button>
        <Button onClick={() => setOpen("wide")}>Wide dialog</Button>
        <Button onClick={() => setOpen("confirm")}>Confirm</Button>
        <Button onClick={() => setOpen("refused")}>Confirm, refused</Button>
        <Button onClick={() => setOpen("typed")}>Confirm, typed</Button>
        <Button onClick={() => setOpen("palette")}>Palette</Button>
        <Button
          onClick={() =>
            toast({
              text: "Key SCT7N2KD… revoked everywhere in 212 ms",
              action: { label: "Undo", onPress: () => toast({ text: "Enabled again" }) },
            })
          }
        >
          Toast
        </Button>
        <Button onClick={() => toast({ kind: "bad", text: "The name was not saved: conflict" })}>
          Bad toast
        </Button>
      </Row>
      <Dialog open={open === "dialog"} onClose={close} title="Rename the key">
        <TextField label="Name" value={name} onChange={setName} autoFocus />
      </Dialog>
      <Dialog
        open={open === "wide"}
        onClose={close}
        title="Requests behind 14:00"
        wide
        footer={<Button kind="primary">Export</Button>}
      >
        {Array.from({ length: 40 }, (_, i) => `Line ${i + 1}. `)}
      </Dialog>
      <ConfirmDialog
        open={open === "confirm" || open === "refused" || open === "typed"}
        onClose={close}
        title="Revoke SAECAGBC…?"
        verb="Revoke"
        keep="Keep it"
        danger
        onConfirm={open === "refused" ? refuse : () => wait(800)}
        {...(open === "typed" && { typeToConfirm: "SAECAGBC" })}
      >
        It served 214,902 requests in the last 24 hours, the last 4 seconds ago. Every gateway
        refuses it in under a second. You can enable it again; the slot stays taken.
      </ConfirmDialog>
      <Palette open={open === "palette"} onClose={close} items={ITEMS} placeholder="Go to" />
    </Shown>
  );
}

const ITEMS: readonly PaletteItem[] = [
  { id: "usage", label: "Usage", group: "Pages", keywords: "requests traffic", run: () => {} },
  { id: "billing", label: "Billing", group: "Pages", hint: "$754.22", run: () => {} },
  { id: "keys", label: "API keys", group: "Pages", hint: "6", run: () => {} },
  { id: "deposit", label: "Deposit into escrow", group: "Do", run: () => {} },
  { id: "theme", label: "Switch to dark", group: "Do", keywords: "theme", run: () => {} },
];
