// After a deploy the files that an open page still wants are gone. It is loaded anew, once, for then it knows the new ones.

const KEY = "suiftly-reloaded-at";
/** A file that is missing again so soon is missing in the new version too. */
const AGAIN_MS = 60_000;

/** What of the browser this needs. */
interface PageControl {
  readonly storage: Pick<Storage, "getItem" | "setItem">;
  readonly now: () => number;
  readonly reload: () => void;
}

/** Reloads, unless that was tried just now; answers whether it does. */
export function reloadOnce({ storage, now, reload }: PageControl): boolean {
  try {
    const last = Number(storage.getItem(KEY) ?? 0);
    if (now() - last < AGAIN_MS) return false;
    storage.setItem(KEY, String(now()));
  } catch {
    // Without storage it cannot be known that it was tried: better an error than a circle.
    return false;
  }
  reload();
  return true;
}

/** Vite tells of a file that did not come. Offline, a reload would leave nothing at all. */
export function followNewVersions() {
  addEventListener("vite:preloadError", (event) => {
    leaveToUs(event.payload);
    if (!navigator.onLine) return;
    const reloads = reloadOnce({
      storage: sessionStorage,
      now: Date.now,
      reload: () => location.reload(),
    });
    // Said to have been seen to: what waits for the file goes on waiting until the page is gone.
    if (reloads) event.preventDefault();
  });
}

/** The router reloads for a page's missing file by itself, offline too, unless it finds that it has done so. */
function leaveToUs({ message }: Error) {
  try {
    sessionStorage.setItem(`tanstack_router_reload:${message}`, "1");
  } catch {
    // Storage may be refused: then it does not reload either.
  }
}
