import { Button, type Problem, TextField } from "@suiftly/ui";
import { type FormEvent, useState } from "react";
import { Message } from "./Message";
import { ADDRESS, askForChallenge, isProblem, randomAddress, signMock } from "./session";
import { Told } from "./Told";

interface MockFormProps {
  problem?: Problem;
  expected?: string;
  onSignedIn: (address: string) => void;
}

const NO_ADDRESS: Problem = {
  title: "A Sui address is 0x and 64 hexadecimal digits.",
  code: "no_address",
};

/** A server for development takes any signature: an address is enough. */
export function MockForm({ problem: firstProblem, expected = "", onSignedIn }: MockFormProps) {
  const [address, setAddress] = useState(expected);
  const [message, setMessage] = useState<string | null>(null);
  const [problem, setProblem] = useState(firstProblem ?? null);
  const [busy, setBusy] = useState(false);

  const choose = (chosen: string) => {
    setAddress(chosen.trim());
    setMessage(null);
    setProblem(null);
  };
  const ask = async () => {
    if (!ADDRESS.test(address)) return setProblem(NO_ADDRESS);
    const asked = await askForChallenge(address);
    if (isProblem(asked)) return setProblem(asked);
    setProblem(null);
    setMessage(asked.message);
  };
  const sign = async () => {
    const failure = await signMock(address);
    if (failure === null) return onSignedIn(address);
    // The message may have been used or have expired meanwhile: the next one is asked for.
    setMessage(null);
    setProblem(failure);
  };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    await (message === null ? ask() : sign());
    setBusy(false);
  };

  return (
    <details className="mock" open={firstProblem !== undefined}>
      <summary>Any address: this is a development server</summary>
      <form onSubmit={submit} data-testid="mock-signin">
        <TextField
          label="Address"
          code
          placeholder="0x…"
          value={address}
          onChange={choose}
          help={
            <>
              No signature is checked. The link that{" "}
              <code className="code whitespace-nowrap">cargo xtask up</code> prints has an address
              with traffic, or{" "}
              <button type="button" className="link" onClick={() => choose(randomAddress())}>
                use a new one
              </button>
              .
            </>
          }
        />
        <Told problem={problem} />
        {message !== null && (
          <div className="mt-4">
            <Message text={message} />
          </div>
        )}
        <div className="mt-4 grid">
          <Button type="submit" size="large" busy={busy}>
            {message === null ? "Show the message to sign" : "Sign it and sign in"}
          </Button>
        </div>
      </form>
    </details>
  );
}
