// Numbers that pages need before the wallet's cryptography is loaded.

/** The minimum password length of `bitcoin-backup`. */
export const SHORTEST_PASSWORD = 8;
