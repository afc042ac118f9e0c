import { Brand, type Problem, ThemeToggle } from "@suiftly/ui";
import { useTitle } from "../shell/useTitle";
import { Landing } from "./Landing";
import { Way } from "./Way";

interface SignInProps {
  /** Why an earlier attempt (a link) did not work. */
  problem?: Problem;
  onSignedIn: (address: string) => void;
}

/** The way in, and what there is inside. */
export function SignIn({ problem, onSignedIn }: SignInProps) {
  useTitle("Sign in");
  return (
    <div className="signin-columns">
      <main className="flex min-h-screen flex-col bg-surface px-4 py-6 signin:border-r signin:border-line signin:px-12 signin:py-9">
        <div className="flex items-center justify-between">
          <Brand />
          <ThemeToggle />
        </div>
        <div className="my-auto py-8">
          <h1 className="mb-2 text-28 font-580">Sign in with your wallet</h1>
          <p className="mb-5.5 text-ink-2">No password, no e-mail. Your address is your account.</p>
          <Way {...(problem && { problem })} onSignedIn={onSignedIn} />
        </div>
        <p className="text-12 text-ink-3">
          Programs sign in too: see{" "}
          <a className="link" href="/api/docs">
            the API
          </a>
          .
        </p>
      </main>
      <Landing />
    </div>
  );
}
