// How a page begins: by a link with a mock wallet, or by the cookie of an earlier visit. Outside of React, for it is done once.
import { ApiError } from "@suiftly/ui";
import { signInMock, takeWalletFromLink } from "../signin/session";
import { meQuery } from "./queries";
import { queryClient } from "./query";
import { arrive, enter, followSession, stayOutside } from "./visit";

export function begin() {
  followSession();
  addEventListener("hashchange", () => {
    const wallet = takeWalletFromLink();
    if (wallet !== null) void signInBy(wallet);
  });
  const wallet = takeWalletFromLink();
  void (wallet === null ? goOn() : signInBy(wallet));
}

async function signInBy(wallet: string) {
  const problem = await signInMock(wallet);
  if (problem === null) arrive(wallet);
  else stayOutside(problem);
}

async function goOn() {
  if (await hasSession()) enter(null);
  else stayOutside();
}

/** Where the server does not answer, the pages say so themselves and try again. */
async function hasSession(): Promise<boolean> {
  try {
    await queryClient.fetchQuery(meQuery);
    return true;
  } catch (error) {
    return !(error instanceof ApiError && error.status === 401);
  }
}
