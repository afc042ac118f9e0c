// What went wrong, in words, with the code to quote. The API answers with RFC 9457 problem documents.
import { array, object, optional, parse, safeParse, string, ValiError } from "valibot";

export interface Problem {
  readonly title: string;
  /** Stable: programs may go by it. Codes that begin with `http_` are not the API's own. */
  readonly code: string;
  /** What is wrong with which field. */
  readonly errors?: readonly FieldError[];
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** A refusal: what every operation of the clients throws. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status. */
  readonly status: number;
  readonly problem: Problem;
  /** The document as it came: some codes carry figures. Read them by the generated validators. */
  readonly document: unknown;
  /** How long to wait before asking again, where the answer says so. */
  readonly retryAfterS: number | null;

  constructor(status: number, problem: Problem, { document, retryAfterS }: RefusalExtras = {}) {
    super(`${problem.code}: ${problem.title}`);
    this.status = status;
    this.problem = problem;
    this.document = document ?? null;
    this.retryAfterS = retryAfterS ?? null;
  }
}

interface RefusalExtras {
  readonly document?: unknown;
  readonly retryAfterS?: number | null;
}

export const CONNECTION_LOST: Problem = {
  title: "The server does not answer.",
  code: "connection_lost",
};
export const UNREADABLE: Problem = {
  title: "The server sent something this page cannot read.",
  code: "unreadable",
};

/** Less than the generated validator asks for: a code that is newer than this page is a problem all the same. */
const DOCUMENT = object({
  code: optional(string()),
  title: optional(string()),
  detail: optional(string()),
  errors: optional(array(object({ field: string(), message: string() }))),
});

/** Whatever an operation threw, as a problem. */
export function explain(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  if (error instanceof ValiError || error instanceof SyntaxError) return UNREADABLE;
  return CONNECTION_LOST;
}

export async function readProblem(response: Response): Promise<Problem> {
  try {
    return problemOf(response.status, await response.json());
  } catch {
    return problemOf(response.status, null);
  }
}

/** The body of an answer with this status, parsed. A proxy in between may answer with a page instead. */
export function problemOf(status: number, body: unknown): Problem {
  const read = safeParse(DOCUMENT, body);
  const { code, title, detail, errors } = read.success ? read.output : parse(DOCUMENT, {});
  return {
    title: sentence(detail ?? title ?? `The server answered ${status}`),
    code: code ?? `http_${status}`,
    ...(errors && { errors }),
  };
}

/** Other sentences follow it on the screen. */
function sentence(words: string): string {
  const begun = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
