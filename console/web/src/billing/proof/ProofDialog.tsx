import { Button, Copy, Dialog, explain, Failed, Notice, SkeletonRows } from "@suiftly/ui";
import type { Anchor, VerifiedProof } from "@suiftly/ui/proof";
import { useQuery } from "@tanstack/react-query";
import { saveFile } from "../csv";
import { Digest } from "../transactions/Digest";
import { type CheckedProof, proofQuery } from "./query";
import { brokenWords, fileName, steps, VERIFY_COMMAND } from "./says";
import { WORDS } from "./words";

interface ProofDialogProps {
  /** As the drill-down names it. */
  request: string;
  /** Its hour's first instant. */
  hour: string;
  onClose: () => void;
}

/** Has the proof of a request made, checks it here, and shows the way from the request to what binds it. */
export function ProofDialog({ request, hour, onClose }: ProofDialogProps) {
  const { data, error, refetch, isFetching } = useQuery(proofQuery(request, hour));
  const isMaking = data === undefined && (error === null || isFetching);
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={WORDS.title}
      footer={
        <>
          <Button onClick={onClose}>{WORDS.close}</Button>
          {data !== undefined && <Save proof={data} />}
        </>
      }
    >
      {/* Always there: what comes of it is told. */}
      <p role="status">
        {data !== undefined && WORDS.holds}
        {isMaking && WORDS.making}
      </p>
      {data !== undefined && <Checked verified={data.verified} />}
      {isMaking && <SkeletonRows rows={3} columns={2} />}
      {data === undefined && !isMaking && error !== null && (
        <NoProof error={error} onRetry={() => void refetch()} />
      )}
    </Dialog>
  );
}

function NoProof({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const broken = brokenWords(error);
  if (broken !== null) {
    return (
      <div role="alert">
        <Notice kind="bad">
          {WORDS.broken}. {broken}
        </Notice>
      </div>
    );
  }
  return (
    <Failed
      what={WORDS.failed}
      problem={explain(error)}
      onRetry={onRetry}
      unaffected={WORDS.unaffected}
    />
  );
}

function Checked({ verified }: { verified: VerifiedProof }) {
  return (
    <>
      <ol className="proof-steps">
        {steps(verified).map(({ name, says, hash }) => (
          <li key={name}>
            <strong>{name}</strong> <span className="text-ink-2">{says}</span>
            {hash !== null && <span className="code break-all block">{hash}</span>}
          </li>
        ))}
      </ol>
      <Anchors anchors={verified.anchors} />
      <h3 className="mt-5">{WORDS.elsewhere}</h3>
      <p className="mt-1 flex flex-wrap items-center gap-3">
        <code className="code command">{VERIFY_COMMAND}</code>
        <Copy text={VERIFY_COMMAND}>{WORDS.copyCommand}</Copy>
      </p>
    </>
  );
}

/** Where the roots stand that bind it: each is to be compared there, not here. */
function Anchors({ anchors }: { anchors: readonly Anchor[] }) {
  if (anchors.length === 0) return <p className="mt-3 text-ink-2">{WORDS.nothingYet}</p>;
  return (
    <>
      <h3 className="mt-5">{WORDS.compare}</h3>
      <ul className="proof-anchors">
        {anchors.map(({ kind, name, root, covers }) => (
          <li key={`${kind} ${name}`} className="mt-1">
            <span>{WORDS[kind]}</span>{" "}
            {kind === "charge" ? <Digest digest={name} /> : <span>{name}</span>}
            {!covers && <span className="text-ink-3"> {WORDS.before}</span>}
            <span className="mt-1 flex flex-wrap items-center gap-2">
              <span className="code break-all">{root}</span>
              <Copy text={root} size="small" kind="quiet">
                {WORDS.copyRoot}
              </Copy>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The very bytes that were checked. */
function Save({ proof: { bytes, verified } }: { proof: CheckedProof }) {
  const save = () => saveFile(fileName(verified), bytes, "application/json");
  return (
    <Button kind="primary" onClick={save}>
      {WORDS.save}
    </Button>
  );
}
