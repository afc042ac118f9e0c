// Opens the generated clients: their refusals become ApiErrors, and a session that ran out is renewed once, unseen.
import { createClient as createAdminClient } from "./admin/client";
import { type Auth, createClient as createCustomerClient } from "./customer/client";
import { ApiError, problemOf } from "./problem";

export interface ClientOptions {
  /** Where the server is; a page's own origin unless told otherwise. */
  readonly baseUrl?: string;
  /** An access token, for programs. Browsers are known by their cookie. */
  readonly token?: () => string | undefined;
  /** Tries to begin a new session where the old one ended. */
  readonly renewSession?: () => Promise<boolean>;
  readonly fetch?: typeof fetch;
}

const UNAUTHORIZED = 401;

interface Refusable {
  interceptors: { error: { use: (tell: typeof refusal) => unknown } };
}

/** A client of the customers' API; its operations are those of `@suiftly/ui/api/customer`. */
export function openCustomerClient(options: ClientOptions = {}) {
  return telling(createCustomerClient(configuration(options)));
}

/** A client of the operators' API; its operations are those of `@suiftly/ui/api/admin`. */
export function openAdminClient(options: ClientOptions) {
  return telling(createAdminClient(configuration(options)));
}

function configuration({ baseUrl, token, renewSession, ...options }: ClientOptions) {
  const plain = options.fetch ?? fetch;
  return {
    throwOnError: true,
    ...(baseUrl && { baseUrl }),
    ...(token && { auth: ({ scheme }: Auth) => (scheme === "bearer" ? token() : undefined) }),
    fetch: renewSession ? renewing(renewSession, plain) : plain,
  };
}

/** A client that throws ApiErrors. */
function telling<C extends Refusable>(client: C): C {
  client.interceptors.error.use(refusal);
  return client;
}

/** An answer that is no success. Where there was none at all, what `fetch` threw says why. */
function refusal(error: unknown, response: Response | undefined): unknown {
  if (response === undefined) return error;
  const wait = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new ApiError(response.status, problemOf(response.status, error), {
    document: error,
    retryAfterS: Number.isNaN(wait) ? null : wait,
  });
}

/** Asks again, once, after a refusal for want of a session that could be renewed. */
export function renewing(renewSession: () => Promise<boolean>, plain: typeof fetch): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    // A body can be read once; the copy is for the second time.
    const again = request.clone();
    const response = await plain(request);
    if (response.status !== UNAUTHORIZED || !(await renewSession())) return response;
    await response.body?.cancel();
    return plain(again);
  };
}

/** One renewal for all that ask while it is under way: a refresh token is good for one use. */
export function sharing(renew: () => Promise<boolean>): () => Promise<boolean> {
  let underWay: Promise<boolean> | null = null;
  return () => {
    underWay ??= renew().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
