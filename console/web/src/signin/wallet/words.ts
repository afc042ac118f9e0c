// What a wallet threw, in words. Wallets share no codes, so what they say is searched for what it means.
import type { Problem } from "@suiftly/ui";

interface Rule {
  readonly code: string;
  readonly says: RegExp;
  readonly title: (wallet: string) => string;
}

const RULES: readonly Rule[] = [
  {
    code: "wallet_blocked",
    says: /pop-?up|blocked/i,
    title: (wallet) =>
      `The browser blocked ${wallet}’s window. Allow it for this page, then ask again.`,
  },
  {
    code: "wallet_refused",
    says: /reject|den(y|ied)|declin|refus|cancel|\bclosed\b/i,
    title: (wallet) => `It was refused in ${wallet}. Nothing was signed.`,
  },
  {
    code: "wallet_locked",
    says: /\block/i,
    title: (wallet) => `${wallet} is locked. Unlock it, then ask again.`,
  },
  {
    code: "wallet_disconnected",
    says: /no wallet is connected|disconnected|not connected|context invalidated/i,
    title: (wallet) => `${wallet} is no longer connected. Connect it again.`,
  },
  {
    code: "wallet_without_account",
    says: /no (wallet )?account/i,
    title: (wallet) =>
      `${wallet} showed no Sui account. Choose one in the wallet, then connect again.`,
  },
  {
    code: "wallet_unable",
    says: /(not|n't) support/i,
    title: (wallet) => `${wallet} cannot sign messages. Sign in with another wallet.`,
  },
];

/** The same of a transaction, which it signs by another of its functions. */
export function explainSigning(error: unknown, wallet: string): Problem {
  const problem = explainWallet(error, wallet);
  if (problem.code !== "wallet_unable") return problem;
  return { ...problem, title: `${wallet} cannot sign transactions. Use another wallet.` };
}

/** EIP-1193's "the user said no", which some wallets borrow. */
const REFUSED_BY_USER = 4001;

export function explainWallet(error: unknown, wallet: string): Problem {
  const says = saidBy(error);
  const rule = RULES.find((one) => one.says.test(says));
  if (rule) return { code: rule.code, title: rule.title(wallet) };
  return { code: "wallet_failed", title: `${wallet} could not do it: “${says}”.` };
}

function saidBy(error: unknown): string {
  if (typeof error === "string") return error;
  if (typeof error !== "object" || error === null) return "no reason given";
  if ("code" in error && error.code === REFUSED_BY_USER) return "rejected";
  return "message" in error && typeof error.message === "string"
    ? error.message
    : "no reason given";
}

/** What the server says of a signature, told to whoever signed it. */
export function explainRefusal(problem: Problem, wallet: string, address: string): Problem {
  switch (problem.code) {
    case "invalid_signature":
      return {
        ...problem,
        title: `${wallet} did not sign as ${address}. Choose that account in the wallet, or the wallet’s account here.`,
      };
    case "no_challenge":
      return {
        ...problem,
        title: "The message had expired or was used before. Here is a new one; sign it again.",
      };
    default:
      return problem;
  }
}
