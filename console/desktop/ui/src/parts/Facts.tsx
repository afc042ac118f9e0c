import type { ReactNode } from "react";

/** Pairs of a word and a figure, a hairline apart. */
export function Facts({ of }: { of: readonly (readonly [ReactNode, ReactNode] | null)[] }) {
  return (
    <dl className="facts">
      {of.map(
        (fact, at) =>
          fact !== null && (
            // biome-ignore lint/suspicious/noArrayIndexKey: a fact is known by its place
            <div key={at}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
