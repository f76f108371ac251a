import { Interface } from "ethers";
import { createApi, type Api } from "../../src/api/create-api.ts";
import { deployContract } from "../../src/adapters/evm/deploy.ts";
import { createFabricClient, type FabricClient } from "../../src/client/fabric-client.ts";
import { silentLog } from "../../src/core/log.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Address, Digest, FeedId } from "../../src/core/ids.ts";
import { feedIdSchema } from "../../src/core/ids.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import { parseBundle, serializeBundle } from "../../src/envelope/bundle.ts";
import type { TrustPolicy } from "../../src/envelope/trust-policy.ts";
import type { FeedSummary, RoundView } from "../../src/host/fabric.ts";
import { createBundle, createPolicy } from "./bundle-fixture.ts";
import { createFakeFabric } from "./fake-fabric.ts";
import { addressOf, namedKey, WORKLOAD, type FeedFixture, type TestFeed } from "./feed-fixture.ts";
import { createObservation } from "./observation-fixture.ts";

export const lookupAbi = new Interface([
  "function priceOf(int256 amount) view returns (int256 value, uint256 observedAt)",
  "function priceOfCallback(bytes response, bytes extraData) view returns (int256 value, uint256 observedAt)",
  "function settle(uint256 amount)",
  "function settleCallback(bytes response, bytes extraData)",
  "function settlePulled(uint256 amount, uint256 report, bytes32 statementDigest)",
  "function pricePulled(uint256 report, bytes32 statementDigest) view returns (int256 value)",
  "function misuse(address sender, bytes callData) view returns (bool)",
  "function setSigners((bytes32 workload, uint8 threshold, bool requireHardware, address[] admitted) signers)",
  "function setGateways(string[] urls)",
  "function gateways() view returns (string[])",
  "event Used(address sender, int256 value, uint256 observedAt, uint256 amount)",
  "error ObservationNotNewer(uint256 observedAt, uint256 seen)",
  "error ObservationTooOld(uint256 observedAt, uint256 blockTime)",
  "error ObservationPast(uint256 validUntil, uint256 blockTime)",
  "error ObservationFutureDated(uint256 observedAt, uint256 blockTime)",
  "error SignersNotRefreshed(uint256 refreshedAt, uint256 blockTime)",
  "error MalformedResponse()",
  "error WrongFeed(bytes32 feedHash)",
  "error UnknownSigner(address signer)",
  "error UnderSigned(uint256 signatures, uint256 threshold)",
  "error DuplicateSigner(address signer)",
  "error NumberOutOfRange(uint256 number)",
  "error WrongLength(uint256 expected, uint256 actual)",
  "error BadGateways()",
  "error NotRegistry(address caller)",
]);

export const oracleProbeAbi = new Interface([
  "function price(bytes32 feedHash, uint256 maxAge) view returns (int256 value)",
  "function prices(bytes32[] feedHashes, uint256 maxAge) view returns (int256[] values)",
  "function settle(bytes32 feedHash, uint256 maxAge) payable",
  "function insatiable(bytes32 feedHash) view returns (bool)",
  "function priceWithFee(bytes32 feedHash, uint256 maxAge, uint256 fee) view returns (int256 value)",
  "function fail(bytes data) view returns (bool)",
  "event Used(address sender, int256 value, uint256 observedAt, uint256 paid)",
  "error UnknownFeed(bytes32 feedHash)",
]);

/** A fabric over real HTTP whose rounds are really signed, and on a chain the contracts that ask for them. */
export interface ChainClientFixture {
  readonly url: string;
  readonly client: FabricClient;
  readonly trust: TrustPolicy;
  /** Feeds `power` and `gold` on chain, each of one key. */
  readonly feeds: Readonly<Record<"power" | "gold", TestFeed>>;
  /** Asks for `power` by EIP-3668 and by pull. */
  readonly lookup: Address;
  readonly oracle: Address;
  readonly feeOracle: Address;
  readonly oracleProbe: Address;
  readonly feeProbe: Address;
  readonly multicall: Address;
  /** Paths that the fabric was asked for. */
  readonly asked: string[];
  /** Publishes a round of a feed at this time, s; decimal text with 8 decimals. Gives its number. */
  publish(feed: "power" | "gold", text: string, observedAt: number): number;
  /** Serves another bundle for the newest round of a feed. */
  replaceBundle(feed: "power" | "gold", change: (json: string) => string): void;
  close(): Promise<void>;
}

const HASH_OF = { power: "client power", gold: "client gold" } as const;

/** @see ChainClientFixture */
export const createChainClientFixture = async (
  fixture: FeedFixture,
): Promise<ChainClientFixture> => {
  const { account, contracts } = fixture;
  const json = createSigningKey("ed25519");
  const onchain = namedKey("client signer");
  const keys: readonly SigningKey[] = [onchain];
  const feeds = {
    power: await fixture.feed(HASH_OF.power, { keys }),
    gold: await fixture.feed(HASH_OF.gold, { keys }),
  };
  const lookup = await deployContract(
    account,
    "LookupProbe",
    ["address", "address", "bytes32", "uint32", "uint32"],
    [contracts.keys, account.signer.address, feeds.power.feedHash, 3_600, 86_400],
  );
  const signers = {
    workload: WORKLOAD,
    threshold: 1,
    requireHardware: false,
    admitted: [addressOf(onchain)],
  };
  const bind = lookupAbi.encodeFunctionData("setSigners", [signers]);
  await account.send("signers", { to: lookup, data: bind });
  const oracle = await deployContract(account, "FeedOracle", ["address"], [contracts.registry]);
  const feeOracle = await deployContract(
    account,
    "FeeOracleProbe",
    ["address"],
    [contracts.registry],
  );

  const bundles = new Map<string, string>();
  const rounds = new Map<FeedId, RoundView>();
  const numbers = { power: 0, gold: 0 };
  const fake = createFakeFabric();
  const roundTemplate = fake.commit();
  const [feedTemplate] = await fake.feeds.list();
  if (!feedTemplate) throw new Error("the fabric has no feed");
  const idOf = (feed: string): FeedId => feedIdSchema.parse(feed);
  const summaryOf = (feed: "power" | "gold"): FeedSummary => ({
    ...feedTemplate,
    id: idOf(feed),
    hash: feeds[feed].feedHash,
  });
  const newest = (feed: FeedId): RoundView => {
    const found = rounds.get(feed);
    if (!found) throw fabricError("ROUND_UNKNOWN", { feed, round: 1 });
    return found;
  };
  const asked: string[] = [];
  const api: Api = createApi({
    log: silentLog,
    fabric: {
      ...fake,
      feeds: {
        ...fake.feeds,
        list: async () => [summaryOf("power"), summaryOf("gold")],
        get: async (feed) => {
          asked.push(`feed ${feed}`);
          return summaryOf(feed === "gold" ? "gold" : "power");
        },
        latest: (feed) => {
          asked.push(`latest ${feed}`);
          return Buffer.from(JSON.stringify({ ...newest(feed), deliveries: [] }));
        },
        rounds: async (feed) => [newest(feed)],
      },
      envelopes: {
        bundle: async (digest) => JSON.parse(bundles.get(digest) ?? "null") as unknown,
        envelope: async (digest) => parseBundle(bundles.get(digest) ?? "").onchain,
      },
    },
  });
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  return {
    url,
    client: createFabricClient({ url }),
    trust: createPolicy([json.record, onchain.record]),
    feeds,
    lookup,
    oracle,
    feeOracle,
    oracleProbe: await deployContract(account, "OracleProbe", ["address"], [oracle]),
    feeProbe: await deployContract(account, "OracleProbe", ["address"], [feeOracle]),
    multicall: await deployContract(account, "UpdateCalls"),
    asked,
    publish: (feed, text, observedAt) => {
      numbers[feed] += 1;
      const round = numbers[feed];
      const observation = createObservation(
        {
          value: { kind: "decimal", text, decimals: 8, unit: "EUR/MWh" },
          observedAt: observedAt * 1_000,
          issuedAt: observedAt * 1_000 + 10,
          validUntil: (observedAt + 7_200) * 1_000,
          ...(round === 1 ? { previous: null } : {}),
          sources: createObservation().sources.map((source) => ({
            ...source,
            observedAt: observedAt * 1_000,
          })),
        },
        { feed, feedHash: feeds[feed].feedHash, round },
      );
      const bundle = createBundle({ json, onchain }, observation);
      const digest = `sha256:${Buffer.from(`${feed} ${round}`).toString("hex").padStart(64, "0")}`;
      bundles.set(digest, serializeBundle(bundle));
      rounds.set(idOf(feed), {
        ...roundTemplate,
        feed: idOf(feed),
        feedHash: feeds[feed].feedHash,
        round,
        envelopeDigest: digest as Digest,
        deliveries: [],
      });
      return round;
    },
    replaceBundle: (feed, change) => {
      const { envelopeDigest } = newest(idOf(feed));
      bundles.set(envelopeDigest, change(bundles.get(envelopeDigest) ?? ""));
    },
    close: () => api.close(),
  };
};
