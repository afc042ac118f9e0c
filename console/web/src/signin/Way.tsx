import { type Problem, SkeletonRows, StatusGlyph } from "@suiftly/ui";
import { type ComponentProps, useEffect, useState } from "react";
import { useLazy } from "../shell/useLazy";
import { MockForm } from "./MockForm";
import { isProblem, readConfig } from "./session";
import { Told } from "./Told";

const NOT_LOADED: Problem = {
  title: "The part of this page that talks to wallets did not load.",
  code: "page_not_loaded",
};

/** The code of wallets is large: it comes with the way in alone. */
const loadWallets = async () => (await import("./wallet/WalletSignIn")).WalletSignIn;

interface WayProps {
  /** Why an earlier attempt (a link) did not work. */
  problem?: Problem;
  /** The account that the session was of. */
  expected?: string;
  onSignedIn: (address: string) => void;
}

/** How one signs in at this server: with a wallet, and in development with any address. */
export function Way({ problem, expected, onSignedIn }: WayProps) {
  const { config, again } = useConfig();
  if (config === null) return <SkeletonRows rows={2} />;
  if (isProblem(config)) {
    return (
      <>
        <StatusGlyph status="down" word="Sign-in is not there now" />
        <Told problem={config} again={again} />
      </>
    );
  }
  return (
    <>
      <Wallets
        development={config.mock || import.meta.env.DEV}
        {...(expected && { expected })}
        onSignedIn={onSignedIn}
      />
      {config.mock && (
        <MockForm
          {...(problem && { problem })}
          {...(expected && { expected })}
          onSignedIn={onSignedIn}
        />
      )}
      {!config.mock && <Told problem={problem ?? null} />}
    </>
  );
}

function Wallets(props: ComponentProps<Awaited<ReturnType<typeof loadWallets>>>) {
  const [WalletSignIn, ask] = useLazy(loadWallets);
  useEffect(() => void ask(), [ask]);
  if (WalletSignIn === null) return <SkeletonRows rows={2} />;
  if (WalletSignIn === "failed") return <Told problem={NOT_LOADED} again={() => void ask()} />;
  return <WalletSignIn {...props} />;
}

type Config = Awaited<ReturnType<typeof readConfig>>;

function useConfig() {
  const [config, setConfig] = useState<Config | null>(null);
  const [asked, setAsked] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew when it is pressed
  useEffect(() => {
    let left = false;
    void readConfig().then((read) => left || setConfig(read));
    return () => {
      left = true;
    };
  }, [asked]);
  return { config, again: () => setAsked((times) => times + 1) };
}
