// `fetch` for the generated client, by the native side: the page itself reaches no network.
import type { Commands } from "../link/commands";

const NO_BODY = [204, 205, 304];

export function fetchBy(ask: Commands["ask"]): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const body = request.body === null ? "" : await request.text();
    request.signal.throwIfAborted();
    const answer = await ask({
      method: request.method,
      path: `${pathname}${search}`,
      body: body === "" ? null : body,
      idempotency_key: request.headers.get("idempotency-key"),
    });
    request.signal.throwIfAborted();
    const headers = new Headers({ "content-type": answer.content_type });
    if (answer.retry_after !== null) headers.set("retry-after", answer.retry_after);
    const none = NO_BODY.includes(answer.status);
    return new Response(none ? null : answer.body, { status: answer.status, headers });
  };
}
