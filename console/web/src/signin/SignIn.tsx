import { Brand, type Problem, StatusGlyph, ThemeToggle } from "@suiftly/ui";
import { type ReactNode, useEffect, useState } from "react";
import { useTitle } from "../shell/useTitle";
import { Example } from "./Example";
import { isProblem, readConfig, type SignInConfig } from "./session";
import { WalletForm } from "./WalletForm";

interface SignInProps {
  /** Why an earlier attempt (a link) did not work. */
  problem?: Problem;
  /** Whether a session came to its end while its page was open. */
  ended?: boolean;
  onSignedIn: () => void;
}

export function SignIn({ problem, ended = false, onSignedIn }: SignInProps) {
  useTitle("Sign in");
  const config = useConfig();
  return (
    <div className="signin-columns">
      <main className="flex min-h-screen flex-col bg-surface px-4 py-6 signin:border-r signin:border-line signin:px-12 signin:py-9">
        <div className="flex items-center justify-between">
          <Brand />
          <ThemeToggle />
        </div>
        <div className="my-auto py-8">
          <h1 className="mb-2 text-28 font-580">Sign in with your wallet</h1>
          <p className="mb-5.5 text-ink-2">
            {ended && "Your session has ended. "}
            No password, no e-mail. Your address is your account.
          </p>
          {config !== null && <Way config={config} problem={problem} onSignedIn={onSignedIn} />}
        </div>
        <p className="text-12 text-ink-3">
          Programs sign in too:{" "}
          <a className="link" href="/api/docs">
            the API
          </a>
        </p>
      </main>
      <Example />
    </div>
  );
}

interface WayProps {
  config: SignInConfig | Problem;
  problem: Problem | undefined;
  onSignedIn: () => void;
}

/** How one signs in at this server, in one of three ways: mock, not yet, not now. */
function Way({ config, problem, onSignedIn }: WayProps) {
  if (isProblem(config)) {
    return (
      <Word status="down" word="Sign-in is not there now">
        {config.title} Code <code className="code">{config.code}</code>
      </Word>
    );
  }
  if (!config.mock) {
    return (
      <Word status="disabled" word="Wallets cannot be connected here yet">
        This page does not open wallets yet: that comes with the next version of the dashboard.
        Until then programs sign in at {config.domain} by the API.
      </Word>
    );
  }
  return (
    <>
      <WalletForm {...(problem && { problem })} onSignedIn={onSignedIn} />
      <p className="mt-3 text-12 text-ink-3">
        This is a development server: it takes any signature, so an address is enough. The link that{" "}
        <code className="code whitespace-nowrap">cargo xtask up</code> prints has one.
      </p>
    </>
  );
}

interface WordProps {
  status: "down" | "disabled";
  word: string;
  children: ReactNode;
}

function Word({ status, word, children }: WordProps) {
  return (
    <div role={status === "down" ? "alert" : undefined}>
      <StatusGlyph status={status} word={word} />
      <p className="mt-2 text-ink-2">{children}</p>
    </div>
  );
}

function useConfig(): SignInConfig | Problem | null {
  const [config, setConfig] = useState<SignInConfig | Problem | null>(null);
  useEffect(() => {
    let left = false;
    void readConfig().then((read) => left || setConfig(read));
    return () => {
      left = true;
    };
  }, []);
  return config;
}
