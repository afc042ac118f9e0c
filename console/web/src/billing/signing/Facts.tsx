import { shorten } from "../words";
import type { Whose } from "./read";
import type { Made } from "./useMade";
import { gasWords } from "./words";

interface FactsProps {
  made: Made;
  whose: Whose;
}

/** What the bytes say: what is done, to which account, by which contract, on which chain, and what the gas costs. */
export function Facts({ made: { transaction, read, words }, whose: { wallet, sui } }: FactsProps) {
  return (
    <>
      <div data-testid="says">
        {words.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
      <dl className="signing-facts">
        <Fact term="Wallet" id={wallet} />
        <Fact term="Escrow account" id={read.account} />
        <Fact term="Contract" id={sui.package} />
        <dt>Network</dt>
        <dd>Sui {sui.network}</dd>
      </dl>
      <p className="mt-3 text-12 text-ink-3">
        {gasWords(transaction.gas_mist, read.gasBudgetMist)}
      </p>
    </>
  );
}

/** A long id, cut; in full where one points at it. */
function Fact({ term, id }: { term: string; id: string }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>
        <span className="code" title={id}>
          {shorten(id)}
        </span>
      </dd>
    </>
  );
}
