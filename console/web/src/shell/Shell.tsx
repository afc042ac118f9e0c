import { useToast } from "@suiftly/ui";
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { SigningHost } from "../billing/signing/SigningHost";
import { usedWallet } from "../signin/wallet/lastUsed";
import { Guard } from "./Guard";
import { ShortcutList } from "./ShortcutList";
import { Sidebar } from "./Sidebar";
import { TabBar } from "./TabBar";
import { useArrival } from "./useArrival";
import { useIdle } from "./useIdle";
import { useLazy } from "./useLazy";
import { useShortcuts } from "./useShortcuts";

const loadPalette = async () => (await import("./CommandPalette")).CommandPalette;

/** Loaded once the page stands, and only where a wallet has signed before. */
const WalletWatch = lazy(async () => ({
  default: (await import("../signin/wallet/WalletWatch")).WalletWatch,
}));

type Open = "palette" | "shortcuts" | null;

/** What stands around every page. */
export function Shell() {
  const [open, setOpen] = useState<Open>(null);
  const [Palette, askForPalette] = useLazy(loadPalette);
  const toast = useToast();
  const announced = useArrival();
  const idle = useIdle();
  const close = () => setOpen(null);
  const find = async () => {
    if (await askForPalette()) setOpen("palette");
    else toast({ kind: "bad", text: "The list of all pages and acts did not load. Try again." });
  };
  useShortcuts({ palette: () => void find(), list: () => setOpen("shortcuts") });
  return (
    <div className="app">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <p role="status" className="visually-hidden">
        {announced}
      </p>
      <Sidebar onSearch={() => void find()} />
      <div className="min-w-0">
        <Outlet />
      </div>
      <TabBar />
      {open === "palette" && Palette !== null && Palette !== "failed" && (
        <Guard what="Find">
          <Palette onClose={close} onShortcuts={() => setOpen("shortcuts")} />
        </Guard>
      )}
      <ShortcutList open={open === "shortcuts"} onClose={close} />
      <SigningHost />
      <Guard what="Wallet" quiet>
        <Suspense fallback={null}>{idle && usedWallet() && <WalletWatch />}</Suspense>
      </Guard>
    </div>
  );
}
