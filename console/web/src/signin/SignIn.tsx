import { Brand, type Problem, ThemeToggle } from "@suiftly/ui";
import { useTitle } from "../shell/useTitle";
import { Example } from "./Example";
import { TokenForm } from "./TokenForm";

interface SignInProps {
  /** Why an earlier attempt (a link) did not work. */
  problem?: Problem;
  /** Whether a session came to its end while its page was open. */
  ended?: boolean;
  onSignedIn: () => void;
}

export function SignIn({ problem, ended = false, onSignedIn }: SignInProps) {
  useTitle("Sign in");
  return (
    <div className="signin-columns">
      <main className="flex min-h-screen flex-col bg-surface px-4 py-6 signin:border-r signin:border-line signin:px-12 signin:py-9">
        <div className="flex items-center justify-between">
          <Brand />
          <ThemeToggle />
        </div>
        <div className="my-auto py-8">
          <h1 className="mb-2 text-28 font-580">Sign in</h1>
          <p className="mb-5.5 text-ink-2">
            {ended &&
              "Your session has ended: it lasts for twelve hours, or until the server restarts. "}
            Open the link that <code className="code whitespace-nowrap">suiftly up</code> prints, or
            paste the token out of it.
          </p>
          <TokenForm {...(problem && { problem })} onSignedIn={onSignedIn} />
        </div>
      </main>
      <Example />
    </div>
  );
}
