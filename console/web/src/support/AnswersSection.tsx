import { Link } from "@tanstack/react-router";
import { Section } from "../shell/Section";
import { ANSWERS, type Where } from "./answers";

const PLACES: Record<Where, { readonly to: string; readonly word: string }> = {
  keys: { to: "/keys", word: "API keys" },
  services: { to: "/", word: "Services" },
  billing: { to: "/billing", word: "Billing" },
  usage: { to: "/usage", word: "Usage" },
  support: { to: "#reach-us", word: "Reach us" },
};

/** Every refusal by its code, and what mends it. */
export function AnswersSection() {
  return (
    <Section title="When requests are refused" note="The code is in the answer’s body">
      <p className="mb-3 max-w-160 text-13h text-ink-2">
        The answer is a problem document; its <code className="code">code</code> says why. A gateway
        answers with the first of these that applies.
      </p>
      <table className="table support-answers">
        <thead>
          <tr>
            <th>Answer</th>
            <th>What it means</th>
            <th>What to do</th>
          </tr>
        </thead>
        <tbody>
          {ANSWERS.map(({ status, code, means, mend, where }) => (
            <tr key={code}>
              <th scope="row">
                {status} <code className="code">{code}</code>
              </th>
              <td>{means}</td>
              <td>
                {mend} {where && <WhereLink to={where} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function WhereLink({ to }: { to: Where }) {
  const { to: path, word } = PLACES[to];
  if (path.startsWith("#")) {
    return (
      <a href={path} className="link">
        {word}
      </a>
    );
  }
  return (
    <Link to={path} className="link">
      {word}
    </Link>
  );
}
