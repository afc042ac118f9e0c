// The development session: a token, shown once by the server, becomes an httpOnly cookie.
import { type Problem, readProblem } from "@suiftly/ui";

const TOKEN_REFUSED: Problem = {
  title: "This token is not accepted. The link that suiftly up prints has the right one.",
  code: "token_refused",
};
/** The token of this page's sign-in. In memory alone: neither a reload nor another page has it. */
let kept: string | null = null;

const UNREACHABLE: Problem = { title: "The server does not answer.", code: "connection_lost" };

/** null when the session is there, else what went wrong. */
export async function signIn(token: string): Promise<Problem | null> {
  try {
    const response = await fetch("/api/v1/dev/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (response.ok) {
      kept = token;
      return null;
    }
    return response.status === 401 ? TOKEN_REFUSED : await readProblem(response);
  } catch {
    return UNREACHABLE;
  }
}

/** A server that starts again has forgotten its sessions: a page that is open need not notice. */
export async function renewSession(): Promise<boolean> {
  return kept !== null && (await signIn(kept)) === null;
}

/** The token of a link `/#token=…`, taken out of the address at once: it must not stay in the history. */
export function takeTokenFromLink(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname + location.search);
  return token;
}
