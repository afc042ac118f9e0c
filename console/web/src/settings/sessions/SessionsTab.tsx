import { Button, ConfirmDialog, explain, Failed, SkeletonRows, useToast } from "@suiftly/ui";
import { revokeOtherSessions, revokeSession, type Session } from "@suiftly/ui/api/customer";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client, newKey } from "../../app/client";
import { useLastError } from "../../app/useLastError";
import { Section } from "../../shell/Section";
import { browserWords } from "./browser";
import { sessionsQuery } from "./queries";
import { SessionTable } from "./SessionTable";

/** `all`: every one but this. */
type Ending = Session | "all";

/** Where this account is signed in, and how to end that. */
export function SessionsTab() {
  const query = useQuery(sessionsQuery);
  const error = useLastError(query);
  const { data: sessions, refetch } = query;
  const [ending, setEnding] = useState<Ending | null>(null);
  const others = sessions?.filter(({ is_current }) => !is_current).length ?? 0;
  const note = others > 0 && (
    <Button kind="danger" onClick={() => setEnding("all")}>
      End all others
    </Button>
  );
  return (
    <Section title="Sessions" note={note}>
      <p className="mb-4 max-w-140 text-ink-2">
        Each sign-in with your wallet is a session. It ends by itself 30 days after it was last
        used.
      </p>
      {error && (
        <Failed
          what="Your sessions did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
        />
      )}
      {!sessions && !error && <SkeletonRows rows={3} />}
      {sessions && <SessionTable sessions={sessions} onEnd={setEnding} kept={error !== null} />}
      {ending && <EndDialog session={ending} others={others} onClose={() => setEnding(null)} />}
    </Section>
  );
}

interface EndDialogProps {
  session: Ending;
  others: number;
  onClose: () => void;
}

function EndDialog({ session, others, onClose }: EndDialogProps) {
  const cache = useQueryClient();
  const toast = useToast();
  const end = async () => {
    if (session === "all") {
      const { revoked } = (await revokeOtherSessions({ client, headers: newKey() })).data;
      toast({ text: revoked === 1 ? "1 session ended." : `${revoked} sessions ended.` });
    } else {
      await revokeSession({ client, path: { id: session.id }, headers: newKey() });
      toast({ text: `${browserWords(session.user_agent)} is signed out.` });
    }
    await cache.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={session === "all" ? "End all other sessions?" : "End this session?"}
      verb={session === "all" ? "End them" : "End it"}
      keep="Keep"
      danger
      onConfirm={end}
    >
      {session === "all" ? (
        <p>
          {others === 1
            ? "The one other session is signed out at once. "
            : `All ${others} other sessions are signed out at once. `}
          This one goes on. Whoever has your wallet can sign in again; API keys are not affected.
        </p>
      ) : (
        <p>
          {browserWords(session.user_agent)} at {session.address} is signed out at once. Whoever has
          your wallet can sign in again; API keys are not affected.
        </p>
      )}
    </ConfirmDialog>
  );
}
