// The requests of an app, one after the other: what needs no question is answered at once, the rest is put to the person.
import type { UnlockedIdentity } from "../wallet/sign.ts";
import { type KeyStorage, storedKey } from "../wallet/storage.ts";
import { type UnlockError, unlock } from "../wallet/unlock.ts";
import { perform } from "./perform.ts";
import { isPermitted, permit } from "./permissions.ts";
import type { Ask, Refusal, ReplyTo, Result } from "./protocol.ts";
import { isReserved } from "./reserved.ts";

/** Requests that may wait for the person at once. */
const MOST_PENDING = 20;
/** Clients give up after 30 s: what is not answered by then is refused before. */
export const PATIENCE_MS = 28_000;
/** After so many refusals in a row the page is not listened to, until it is loaded again. */
const MOST_DENIALS = 3;

/** A request on its way, from a page whose origin was checked. */
export interface AppRequest {
  origin: string;
  bapId: string;
  to: ReplyTo;
  ask: Ask;
  /** When the app stops waiting, in milliseconds since the epoch. */
  deadline: number;
}

/** What the person sees. */
export interface Screen {
  /** Puts a request to the person, who unlocks the key first if it is locked. */
  ask(request: AppRequest, isLocked: boolean): void;
  /** Tells that the key of a request is not on this device. */
  absent(request: AppRequest): void;
  /** Tells that this page sees no key at all. */
  keyless(request: AppRequest): void;
  /** Nothing waits any more. */
  rest(): void;
  /** The password did not open the key. */
  failUnlock(problem: UnlockError): void;
}

/** Where answers go. */
export interface Answering {
  answer(request: AppRequest, result: Result): void;
  refuse(request: AppRequest, refusal: Refusal): void;
}

/** The requests of one page, and the key while it is unlocked. It is kept in memory alone. */
export class Session {
  readonly #screen: Screen;
  readonly #answering: Answering;
  readonly #reserved: readonly string[];
  #storage: KeyStorage;
  #identities: UnlockedIdentity[] | undefined;
  #pending: { request: AppRequest; timer: ReturnType<typeof setTimeout> }[] = [];
  #shown: AppRequest | undefined;
  #denials = 0;

  /** `reserved` are the prefixes of paths for which nothing is signed. */
  constructor(screen: Screen, answering: Answering, reserved: readonly string[], storage: KeyStorage) {
    this.#screen = screen;
    this.#answering = answering;
    this.#reserved = reserved;
    this.#storage = storage;
  }

  /** The request that the person sees. */
  get shown(): AppRequest | undefined {
    return this.#shown;
  }

  /** Takes a request on. */
  submit(request: AppRequest): void {
    const { ask } = request;
    if (ask.kind === "sign" && isReserved(ask.requestPath, this.#reserved)) {
      return this.#answering.refuse(request, "reserved");
    }
    if (this.#pending.length >= MOST_PENDING) return this.#answering.refuse(request, "too-many");
    const timer = setTimeout(() => this.#end(request, "timed-out"), request.deadline - Date.now());
    this.#pending.push({ request, timer });
    this.#next();
  }

  /** Goes on with another storage, in which a key turned up. */
  use(storage: KeyStorage): void {
    this.#storage = storage;
    this.#shown = undefined;
    this.#next();
  }

  /** Hands over everything that waits, as somebody else answers it. */
  handOver(): AppRequest[] {
    const requests = this.#pending.map(({ request }) => request);
    for (const { timer } of this.#pending) clearTimeout(timer);
    this.#pending = [];
    this.#shown = undefined;
    return requests;
  }

  /** The person allows what they see; `password` opens the key if it is locked. */
  async allow(password: string, isRemembered: boolean): Promise<void> {
    const request = this.#shown;
    if (!request) return;
    if (!this.#identities && !(await this.#unlock(password))) return;
    this.#denials = 0;
    // It may have been too late, or the key another one.
    if (this.#shown !== request) return this.#next();
    const identity = this.#identityOf(request);
    if (!identity) {
      this.#shown = undefined;
      return this.#next();
    }
    const { origin, bapId, ask } = request;
    if (isRemembered) permit(this.#storage, { origin, bapId, kind: ask.kind });
    this.#carryOut(request, identity);
    this.#next();
  }

  /** The person denies what they see, and with it whatever waits behind it. */
  deny(): void {
    this.#denials += 1;
    this.#shown = undefined;
    for (const request of this.handOver()) this.#answering.refuse(request, "denied");
    this.#screen.rest();
  }

  async #unlock(password: string): Promise<boolean> {
    const stored = storedKey(this.#storage);
    if (!stored) return false;
    try {
      this.#identities = await unlock(stored.encryptedBackup, password);
      return true;
    } catch (error) {
      this.#screen.failUnlock(error as UnlockError);
      return false;
    }
  }

  /** Answers what needs no question, up to the first request that does. */
  #next(): void {
    for (let [head] = this.#pending; head; [head] = this.#pending) {
      const { request } = head;
      const identity = this.#identityOf(request);
      if (identity && isPermitted(this.#storage, { origin: request.origin, bapId: request.bapId, kind: request.ask.kind })) {
        this.#carryOut(request, identity);
      } else if (this.#denials >= MOST_DENIALS) {
        this.#take(request);
        this.#answering.refuse(request, "denied");
      } else {
        return this.#put(request, identity);
      }
    }
    this.#shown = undefined;
    this.#screen.rest();
  }

  #put(request: AppRequest, identity: UnlockedIdentity | undefined): void {
    if (this.#shown === request) return;
    this.#shown = request;
    if (!this.#identities && !storedKey(this.#storage)) return this.#screen.keyless(request);
    if (this.#identities && !identity) return this.#screen.absent(request);
    this.#screen.ask(request, this.#identities === undefined);
  }

  #carryOut(request: AppRequest, identity: UnlockedIdentity): void {
    this.#take(request);
    let result: Result;
    try {
      result = perform(identity, request.ask);
    } catch {
      return this.#answering.refuse(request, "failed");
    }
    this.#answering.answer(request, result);
  }

  #identityOf(request: AppRequest): UnlockedIdentity | undefined {
    return this.#identities?.find(({ bapId }) => bapId === request.bapId);
  }

  /** Removes a request from those that wait. */
  #take(request: AppRequest): void {
    const at = this.#pending.findIndex((waiting) => waiting.request === request);
    const [taken] = at < 0 ? [] : this.#pending.splice(at, 1);
    clearTimeout(taken?.timer);
    if (this.#shown === request) this.#shown = undefined;
  }

  #end(request: AppRequest, refusal: Refusal): void {
    this.#take(request);
    this.#answering.refuse(request, refusal);
    this.#next();
  }
}
