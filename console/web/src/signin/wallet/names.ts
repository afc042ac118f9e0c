/** What the wallet for development calls itself. */
export const DEVELOPMENT_WALLET = "Development wallet";
