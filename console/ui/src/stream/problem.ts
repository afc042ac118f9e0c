// What went wrong, in words, with the code to quote. The API answers with RFC 9457 problem documents.

export interface Problem {
  readonly title: string;
  readonly code: string;
}

export const CONNECTION_LOST: Problem = {
  title: "The server does not answer.",
  code: "connection_lost",
};
export const STREAM_REFUSED: Problem = {
  title: "The server answers, but the live stream did not open.",
  code: "stream_refused",
};
export const STREAM_UNREADABLE: Problem = {
  title: "The server sent something this page cannot read.",
  code: "stream_unreadable",
};

export async function readProblem(response: Response): Promise<Problem> {
  const fallback = {
    title: `The server answered ${response.status}.`,
    code: `http_${response.status}`,
  };
  try {
    const document: unknown = await response.json();
    if (typeof document !== "object" || document === null) return fallback;
    return {
      title: sentence(text(document, "detail") ?? text(document, "title") ?? fallback.title),
      code: text(document, "code") ?? fallback.code,
    };
  } catch {
    // A proxy in between may answer with a page instead of a problem document.
    return fallback;
  }
}

/** Other sentences follow it on the screen. */
function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

function text(document: object, name: string): string | undefined {
  const value: unknown = Reflect.get(document, name);
  return typeof value === "string" ? value : undefined;
}
