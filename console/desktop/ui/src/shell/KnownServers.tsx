import { Button, Glyph } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { commands, follower } from "../app/session";
import type { Opened, Profile } from "../link/commands";
import { sentence } from "../model/condition";
import { profilesQuery } from "../settings/queries";

/** Servers kept under a name, and this machine's own system. */
export function KnownServers({ onOpened }: { onOpened: () => void }) {
  const { data } = useQuery(profilesQuery);
  const [problem, setProblem] = useState<string | null>(null);
  const open = async (opened: Promise<Opened>) => {
    try {
      await follower.adopt(opened);
      onOpened();
    } catch (error) {
      setProblem(String(error));
    }
  };
  if (data === undefined || data.length === 0) return null;
  return (
    <section className="known" aria-labelledby="known-title">
      <h3 id="known-title">Servers you know</h3>
      <ul>
        {data.map((profile) => (
          <Known
            key={profile.name}
            profile={profile}
            onUse={() => open(commands.profileUse(profile.name))}
          />
        ))}
      </ul>
      {problem && (
        <p className="field-error" role="alert">
          <Glyph of="down" />
          {sentence(problem)}
        </p>
      )}
    </section>
  );
}

function Known({ profile, onUse }: { profile: Profile; onUse: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const use = async () => {
    setBusy(true);
    await onUse();
    setBusy(false);
  };
  return (
    <li data-testid="profile">
      <span>
        <b>{profile.name}</b>
        <span className="text-ink-3">{profile.address}</span>
      </span>
      {profile.has_token ? (
        <Button busy={busy} onClick={() => void use()}>
          {profile.is_current ? "Connect again" : "Connect"}
        </Button>
      ) : (
        <span className="text-ink-3">its token is not kept</span>
      )}
    </li>
  );
}
