import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { computeBatchHash, MAX_BATCH_MEMBERS } from "../../src/envelope/batch-members.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import type { CryptletCaller } from "../capabilities/call/cryptlet-caller.ts";
import { createJsonRpcChainReader } from "../capabilities/chain/json-rpc-chain-reader.ts";
import { createSealedState } from "../capabilities/state/sealed-state.ts";
import type { StateBackend } from "../capabilities/state/state-backend.ts";
import type { StateStore } from "../capabilities/state/state-store.ts";
import { createHttpCapability } from "../capabilities/http/create-http-capability.ts";
import type { LoadAnswer } from "../protocol/enclave-messages.ts";
import { limitsOf, WALL } from "../protocol/limits.ts";
import { type Cell, createCell } from "./cell.ts";
import type { CryptletPackage, GuestLogLine, LoadOptions } from "./enclave.ts";
import { createCellGuests } from "./cell-guests.ts";
import { type BrokerAccess, collectSecrets } from "./collect-secrets.ts";
import { type GroupDesk, openGroupDesk } from "./group-desk.ts";
import { measuredContents, measurePackage } from "./measure-package.ts";
import type { RoundEntry } from "./round-book.ts";
import type { RunServices } from "./run-services.ts";
import { shareSnapshot } from "./shared-snapshot.ts";
import { createStandingRounds } from "./standing-rounds.ts";
import { type CryptletIdentity, openCryptletIdentity } from "./cryptlet-identity.ts";

/** Start a Cryptlet: bundle evaluated, measured, keys opened, evidence signed. */
export const loadCell = async (
  cryptlet: CryptletPackage,
  asked: LoadOptions,
  context: {
    readonly debug: boolean;
    readonly signal: AbortSignal;
    readonly onLog: (line: GuestLogLine) => void;
    readonly broker: BrokerAccess | null;
    readonly cryptlets: CryptletCaller;
    /** The host's storage of sealed states. */
    readonly state: StateBackend;
    readonly services: RunServices;
    /** What was signed before an enclave was started again. */
    readonly rounds: readonly RoundEntry[];
  },
): Promise<{
  readonly cell: Cell;
  readonly identity: CryptletIdentity;
  readonly groups: GroupDesk;
  readonly answer: LoadAnswer;
}> => {
  const { manifest } = cryptlet;
  const { services, signal, broker } = context;
  checkFeeds(cryptlet, asked);
  checkBatches(cryptlet, asked);
  const limits = limitsOf(manifest, asked.limits);
  const engineLimits = { ...limits, outcomeCharacters: WALL.outcomeCharacters };
  const place = { memoryBytes: limits.memoryBytes };
  // Nobody may enter a publisher's process on the strength of a signature that was not checked yet.
  const unsigned = await services.quarters.assign(cryptlet, { ...place, signer: null });
  const builder = services.pool.lodge(unsigned.house, unsigned.build);
  const lodgings = [builder];
  try {
    const code = {
      lane: manifest.lane,
      code: cryptlet.bundle,
      cryptlet: manifest.id,
      limits: engineLimits,
    };
    const bounds = { timeoutMs: WALL.initMs, signal };
    const snapshot = shareSnapshot(
      await builder.use("", (guest) => guest.build(code, bounds), signal),
    );
    const contents = measuredContents(cryptlet, snapshot);
    const measurement = measurePackage(contents);
    const program = { id: measurement, snapshot, limits: engineLimits };
    const identity = await openCryptletIdentity({
      cryptlet,
      options: asked,
      contents,
      debug: context.debug,
      wall: unsigned.wall,
      clock: services.clock,
    });
    const secretValues = await collectSecrets({
      cryptlet,
      options: asked,
      identity,
      broker,
      signal,
    });
    const options = { ...asked, secrets: secretValues };
    const { keys, evidence } = await identity.renew({}, signal);
    const signer = identity.publisher?.mrsigner ?? null;
    const quarters =
      signer === null ? unsigned : await services.quarters.assign(cryptlet, { ...place, signer });
    const { publisher, wall, wallMissing } = quarters;
    const lodging = signer === null ? builder : services.pool.lodge(quarters.house, quarters.build);
    lodgings.push(lodging);
    const guests = createCellGuests({
      cryptlet: manifest.id,
      measurement,
      program,
      timeoutMs: limits.timeoutMs,
      lodging,
      lineAt: services.openLines(manifest.id, publisher),
      services,
    });
    const { http, secrets } = manifest.capabilities;
    const capability = http
      ? createHttpCapability({
          http,
          secrets,
          secretValues,
          secretUseKey: identity.storage.secretUseKey,
          sources: options.sources,
          clock: services.clock,
        })
      : null;
    const cell = createCell({
      cryptlet,
      options,
      limits,
      program,
      measurement,
      keys: identity.keys,
      guests,
      rounds: context.rounds,
      standing: createStandingRounds({
        cryptlet: manifest.id,
        owner: ownerOf(manifest.id, options, identity),
        backend: context.state,
        sealer: identity.storage.sealer,
      }),
      services: {
        http: capability,
        clock: services.clock,
        mode: options.sources.mode === "live" ? "LIVE" : "EMULATED",
        configuration: options.configuration ?? null,
        state: manifest.capabilities.state
          ? openState(manifest.id, options, identity, context.state)
          : null,
        chains: options.chains ? createJsonRpcChainReader(options.chains) : null,
        cryptlets: context.cryptlets,
      },
      onLog: context.onLog,
    });
    const groups = await openGroupDesk({
      options,
      identity,
      measurement,
      approve: cell.approve,
      clock: services.clock,
    });
    if (lodging !== builder) builder.leave();
    const { description } = identity;
    const groupCounters = groups.counters();
    return {
      cell,
      identity,
      groups,
      answer: { measurement, keys, evidence, wall, wallMissing, groupCounters, ...description },
    };
  } catch (error) {
    for (const lodging of lodgings) lodging.leave();
    throw error;
  }
};

/** What is kept between two lives belongs to one Cryptlet and owner; a debugged enclave has its own. */
const ownerOf = (
  cryptlet: string,
  { fabric }: LoadOptions,
  { storage, debug }: CryptletIdentity,
): readonly string[] => [fabric, cryptlet, storage.owner, ...(debug ? ["debug"] : [])];

const openState = (
  cryptlet: string,
  options: LoadOptions,
  identity: CryptletIdentity,
  backend: StateBackend,
): StateStore => {
  const { storage } = identity;
  const scope = ownerOf(cryptlet, options, identity).join("/");
  return createSealedState({ cryptlet, scope, backend, sealer: storage.sealer });
};

/** A batch is of decimal feeds of this Cryptlet alone, and has the name that follows from them. */
const checkBatches = (
  { manifest }: CryptletPackage,
  { fabric, feeds, batches = [] }: LoadOptions,
): void => {
  for (const { feed, batchHash, members } of batches) {
    const refuse = (reason: string) => fabricError("BATCH_REFUSED", { batch: feed, reason });
    const hashes = members.map((name) => {
      const member = feeds.find((served) => served.feed === name);
      const declared = manifest.feeds.find(({ id }) => id === member?.cryptletFeed);
      if (!member || declared?.kind !== "decimal") throw refuse(`${name} is no decimal feed here`);
      return member.feedHash;
    });
    if (
      members.length < 1 ||
      members.length > MAX_BATCH_MEMBERS ||
      new Set(hashes).size < hashes.length
    )
      throw refuse(`${members.length} members, or one of them twice`);
    if (feeds.some((served) => served.feed === feed)) throw refuse("a feed has this name");
    if (computeBatchHash({ fabric, cryptlet: manifest.id, feed, members: hashes }) !== batchHash)
      throw refuse("its hash is not of this fabric, Cryptlet and members");
  }
};

/** A feed that could never be signed is refused at the start. */
const checkFeeds = ({ manifest }: CryptletPackage, { fabric, feeds }: LoadOptions): void => {
  for (const { feed, cryptletFeed, feedHash, parameters } of feeds) {
    if (!manifest.feeds.some(({ id }) => id === cryptletFeed))
      throw fabricError("FEED_NOT_DECLARED", { cryptlet: manifest.id, feed: cryptletFeed });
    if (computeFeedHash({ fabric, cryptlet: manifest.id, feed, parameters }) !== feedHash)
      throw fabricError("OBSERVATION_REFUSED", {
        feed,
        reason: "its feed hash is not of this fabric, Cryptlet, feed and parameters",
      });
  }
};
