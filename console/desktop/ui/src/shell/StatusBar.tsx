import { Count, formatBytes, formatCount, type Pipeline } from "@suiftly/ui";

export function StatusBar({
  pipeline,
  unencrypted,
}: {
  pipeline: Pipeline | null;
  unencrypted: boolean;
}) {
  return (
    <footer className="status-bar">
      <span>
        Epoch <Value of={pipeline?.epoch ?? null} hook="epoch" />
        {pipeline && <JournalPlace {...pipeline.journal} />}
      </span>
      {pipeline && (
        <span>
          Store at epoch <Value of={pipeline.store.epoch} hook="store-epoch" /> ·{" "}
          {formatCount(pipeline.store.records)} records
        </span>
      )}
      {unencrypted && <span className="status-warn">The connection is not encrypted</span>}
      <span className="status-keys">
        <span>
          <kbd>?</kbd> keys
        </span>
        <span>
          <kbd>Space</kbd> hold the screen
        </span>
        <span>
          <kbd>T</kbd> theme
        </span>
      </span>
    </footer>
  );
}

function JournalPlace({ offset, durable_epoch, sync_age_ms }: Pipeline["journal"]) {
  const { value, unit } = formatBytes(offset);
  return (
    <>
      {" · "}journal {value} {unit} at offset <Value of={offset} hook="journal-offset" /> · durable
      to epoch {formatCount(durable_epoch)}, synced {formatCount(sync_age_ms)} ms ago
    </>
  );
}

function Value({ of, hook }: { of: number | null; hook: string }) {
  return (
    <span data-testid={hook} data-value={of ?? undefined}>
      <Count value={of} />
    </span>
  );
}
