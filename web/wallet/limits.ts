// Numbers that pages need before the wallet's cryptography is loaded.

/** The fewest characters that `bitcoin-backup` takes for a password. */
export const SHORTEST_PASSWORD = 8;
