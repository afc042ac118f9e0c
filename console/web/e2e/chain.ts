// The local chain's control: a line is said, and answered with a line.
import { createConnection } from "node:net";

interface Account {
  readonly owner: string;
  /** Units of the coin. */
  readonly balance: number;
  readonly limit: number;
  /** The requests that wait, by their numbers. */
  readonly waiting: readonly number[];
  readonly entries: number;
}

/** What the chain has. */
export interface Shown {
  readonly accounts: readonly Account[];
  readonly houses: readonly { readonly coin: string }[];
}

/** Where it listens: `chain/control` in Suiftly's data directory. */
export function controlPath(): string {
  const path = process.env.SUIFTLY_CHAIN;
  if (!path) {
    throw new Error(
      "SUIFTLY_CHAIN is not set (chain/control in the data directory). These tests need a running `suiftly chain`.",
    );
  }
  return path;
}

/** Says a line, and answers what the chain says. */
export function tell(line: string): Promise<string> {
  return new Promise((done, failed) => {
    let heard = "";
    const socket = createConnection(controlPath(), () => socket.write(`${line}\n`));
    socket.setEncoding("utf8");
    socket.on("error", failed);
    socket.on("data", (text: string) => {
      heard += text;
      if (!heard.includes("\n")) return;
      socket.end();
      const answer = heard.trimEnd();
      if (answer.startsWith("ok ")) done(answer.slice("ok ".length));
      else failed(new Error(`the chain answered ${JSON.stringify(answer)} to ${line}`));
    });
  });
}

export async function shown(): Promise<Shown> {
  return JSON.parse(await tell("show"));
}

/** What an owner has with the escrow, by the chain itself. */
export async function accountOf(owner: string): Promise<Account | undefined> {
  return (await shown()).accounts.find((account) => account.owner === owner);
}
