import { Button, Glyph, type Problem } from "@suiftly/ui";
import { type FormEvent, useId, useState } from "react";
import { Message } from "./Message";
import { ADDRESS, askForChallenge, isProblem, randomAddress, signMock } from "./session";

interface WalletFormProps {
  problem?: Problem;
  onSignedIn: () => void;
}

const NO_ADDRESS: Problem = {
  title: "A Sui address is 0x and 64 hexadecimal digits.",
  code: "no_address",
};

/** The mock wallet: an address, the exact message, then the signature that it pretends to make. */
export function WalletForm({ problem: firstProblem, onSignedIn }: WalletFormProps) {
  const [address, setAddress] = useState("");
  const [message, setMessage] = useState<string | null>(null);
  const [problem, setProblem] = useState(firstProblem ?? null);
  const [busy, setBusy] = useState(false);

  const choose = (chosen: string) => {
    setAddress(chosen);
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
    if (failure === null) return onSignedIn();
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
    <form data-testid="signin" onSubmit={submit}>
      <AddressField address={address} problem={problem} choose={choose} />
      {message !== null && <Message text={message} />}
      <div className="grid">
        <Button type="submit" kind="primary" size="large" busy={busy}>
          {message === null ? "Show the message to sign" : "Sign it and sign in"}
        </Button>
      </div>
    </form>
  );
}

interface AddressFieldProps {
  address: string;
  problem: Problem | null;
  choose: (address: string) => void;
}

function AddressField({ address, problem, choose }: AddressFieldProps) {
  const inputId = useId();
  const errorId = useId();
  return (
    <div className="field mb-4">
      <div className="flex items-baseline justify-between">
        <label htmlFor={inputId}>Address of the mock wallet</label>
        <button type="button" className="link text-12" onClick={() => choose(randomAddress())}>
          A new one
        </button>
      </div>
      <input
        id={inputId}
        name="address"
        autoComplete="off"
        spellCheck={false}
        required
        placeholder="0x…"
        className="code text-12"
        value={address}
        onChange={(event) => choose(event.target.value.trim())}
        aria-invalid={problem !== null}
        aria-describedby={errorId}
      />
      <div id={errorId} role="alert">
        {problem && (
          <p className="field-error">
            <Glyph of="down" />
            <span>
              {problem.title} Code <code className="code">{problem.code}</code>
            </span>
          </p>
        )}
      </div>
    </div>
  );
}
