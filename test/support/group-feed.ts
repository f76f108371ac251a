import {
  registerGroup,
  setFeedGroup,
  type GroupAttestation,
} from "../../src/adapters/evm/register-group.ts";
import type { SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import {
  addressOf,
  namedSecret,
  verifiers,
  WORKLOAD,
  type FeedFixture,
  type FeedOptions,
  type MessageChange,
  type TestFeed,
} from "./feed-fixture.ts";
import { namedGroupKey, type WholeGroupKey } from "./group-key.ts";

/** A feed whose signers hold a group key too. */
export interface GroupFeed extends TestFeed {
  readonly group: WholeGroupKey;
  /** Signed by the group alone, or by keys beside it. */
  groupMessage(
    round: number,
    change?: MessageChange & { readonly by?: WholeGroupKey },
  ): Promise<SignedPayload>;
  /** Registers the group again, with changes. */
  attestGroup(change?: Partial<GroupAttestation>): Promise<void>;
}

/** Attests the keys and the group of them, and registers a feed for both. */
export const createGroupFeed = async (
  fixture: FeedFixture,
  name: string,
  options: FeedOptions & { readonly k?: number },
): Promise<GroupFeed> => {
  const { account, contracts } = fixture;
  const feed = await fixture.feed(name, options);
  const group = namedGroupKey(name);
  const attestGroup: GroupFeed["attestGroup"] = async (change) => {
    const attestation: GroupAttestation = {
      key: group.address,
      x: group.x,
      parity: group.parity,
      k: options.k ?? options.threshold ?? options.keys.length,
      epoch: 0,
      members: feed.keys.map(addressOf),
      workload: WORKLOAD,
      tee: "simulator",
      hardware: false,
      svn: 1,
      notAfter: (await fixture.now()) + 20 * 86_400,
      evidenceId: namedSecret("evidence of the group"),
      policyDigest: namedSecret("policy"),
      ...change,
    };
    await registerGroup(account, contracts.keys, attestation, verifiers.slice(0, 2));
  };
  await attestGroup();
  await setFeedGroup(account, contracts.registry, {
    feedHash: feed.feedHash,
    group: group.address,
  });
  return {
    ...feed,
    group,
    attestGroup,
    groupMessage: async (round, { signers = [], by = group, ...change } = {}) => {
      const message = await feed.message(round, { ...change, signers });
      const signatures = [...message.signatures, by.signPayload(message.payload)];
      return { ...message, signatures };
    },
  };
};
