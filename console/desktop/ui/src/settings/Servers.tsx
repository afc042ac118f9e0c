import { Button, ConfirmDialog, Empty, Refusal, StatusGlyph } from "@suiftly/ui";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { commands, follower } from "../app/session";
import type { Profile } from "../link/commands";
import { useWork } from "../parts/acts/useWork";
import { Loaded, Pane } from "../parts/Pane";
import { profilesQuery } from "./queries";

/** Servers kept under a name. Names and addresses are in a file, tokens in the system's keychain. */
export function Servers() {
  const query = useQuery(profilesQuery);
  return (
    <Pane title="Servers you know" note="tokens are in this system’s keychain">
      <Loaded query={query} what="The servers you know" rows={2}>
        {(profiles) =>
          profiles.length === 0 ? (
            <Empty title="None is kept">One that is connected to under a name stands here.</Empty>
          ) : (
            <ul className="settings-list">
              {profiles.map((profile) => (
                <Server key={profile.name} profile={profile} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <p className="words settings-words">
        Connect to another by the address in the window’s top left corner.
      </p>
    </Pane>
  );
}

function Server({ profile }: { profile: Profile }) {
  const { busy, problem, work } = useWork();
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: profilesQuery.queryKey });
  const use = () =>
    work(async () => {
      await follower.adopt(commands.profileUse(profile.name));
      await again();
    });
  return (
    <li>
      <span className="settings-what">
        <b>{profile.name}</b>
        <code>{profile.address}</code>
      </span>
      <span>
        {profile.is_current && <StatusGlyph status="ok" word="followed" />}
        {!profile.has_token && <span className="text-ink-3">its token is not kept</span>}
      </span>
      <span className="settings-acts">
        {profile.has_token && !profile.is_current && (
          <Button size="small" busy={busy} onClick={() => void use()}>
            Connect
          </Button>
        )}
        <Button kind="danger" size="small" onClick={() => setAsking(true)}>
          Forget
        </Button>
      </span>
      {problem && <Refusal problem={problem} />}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Forget ${profile.name}?`}
        verb="Forget"
        keep="Keep it"
        danger
        onConfirm={async () => {
          await commands.profileForget(profile.name);
          await again();
        }}
      >
        <p>
          Its address goes from this list and its token from the keychain. The token itself stays
          good until an operator disables it.
        </p>
      </ConfirmDialog>
    </li>
  );
}
