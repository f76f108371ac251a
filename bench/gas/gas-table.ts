/** One of ours: a figure of the measurement, what it may cost, and what it proves at which k. */
export interface GasOurs {
  /** Name of the figure. */
  readonly figure: string;
  readonly proves: string;
}

/** Somebody else's real contract, or the least that the EVM's rules allow. */
export interface GasPeer {
  readonly name: string;
  readonly gas: number;
  readonly proves: string;
  /** Figure of ours that does the same; without it the section's first. */
  readonly ours?: string;
}

/** The same work, ours and theirs. */
export interface GasSection {
  readonly work: string;
  readonly ours: readonly GasOurs[];
  readonly peers: readonly GasPeer[];
}

/** What holds in every row of ours beside what the row says. */
export const EVERY_ROW = "attestation, expiry and revocation of each signing key hold";

const one = "one attested enclave signed it";
const three = "three attested enclaves signed it";
const group = "k of n attested enclaves signed it together, any k and n";
const hundred = "one attested enclave signed all hundred";
const keyed = (signers: string) => `${signers} whose keys an owner or a vote admitted`;

/**
 * The gas table: peers measured from their real contracts, whole transactions in steady state under Osaka rules. Floors
 * are what calldata, signature check and storage cost by the rules alone, without any code around them.
 */
export const gasTable: readonly GasSection[] = [
  {
    work: "1 value, 1 signer",
    ours: [
      { figure: "1 signer, latest + event: steady", proves: one },
      { figure: "1 signer, latest + event: first write", proves: one },
      { figure: "1 signer, ring of true rounds: steady", proves: `${one}; older rounds stay` },
    ],
    peers: [
      { name: "API3", gas: 37_185, proves: keyed("1 signer") },
      { name: "Chronicle opPoke", gas: 54_600, proves: keyed("1 signer, challengeable,") },
      { name: "Pyth Lazer", gas: 69_224, proves: keyed("1 signer") },
      { name: "floor by the EVM's rules", gas: 30_360, proves: "1 signature, 1 slot, 1 event" },
    ],
  },
  {
    work: "1 value, 3 signers",
    ours: [
      { figure: "3 signers, latest + event: steady", proves: three },
      { figure: "3 signers, ring of true rounds: steady", proves: `${three}; older rounds stay` },
    ],
    peers: [
      { name: "RedStone", gas: 58_289, proves: keyed("3 signers") },
      { name: "API3", gas: 91_324, proves: keyed("3 signers") },
      { name: "Pyth, 3 of 4", gas: 110_456, proves: keyed("3 guardians") },
      { name: "floor by the EVM's rules", gas: 39_831, proves: "3 signatures, 1 slot, 1 event" },
    ],
  },
  {
    work: "1 value, 2 of 3 signers",
    ours: [
      {
        figure: "2 of 3 signers, ring of true rounds: steady",
        proves: "two of three attested enclaves signed it, and which; older rounds stay",
      },
    ],
    peers: [{ name: "RedStone, 2 signers", gas: 49_536, proves: keyed("2 signers") }],
  },
  {
    work: "1 value, any k of n",
    ours: [
      { figure: "any k of n by a group, latest + event: steady", proves: `${group}, not which` },
      {
        figure: "any k of n by a group, ring of true rounds: steady",
        proves: `${group}, not which; older rounds stay`,
      },
    ],
    peers: [
      { name: "RedStone, k = 2", gas: 49_536, proves: keyed("2 signers, and which,") },
      { name: "Chronicle, k = 13", gas: 123_101, proves: keyed("13 signers, and which,") },
      { name: "Chainlink OCR2, k = 11", gas: 167_465, proves: keyed("11 signers, and which,") },
      { name: "Pyth, k = 13", gas: 193_539, proves: keyed("13 guardians, and which,") },
      { name: "Chainlink CRE, k = 11", gas: 198_170, proves: keyed("11 signers, and which,") },
      { name: "floor by the EVM's rules", gas: 30_815, proves: "1 Schnorr check, 1 slot, 1 event" },
    ],
  },
  {
    work: "per value, 100 in one transaction",
    ours: [
      {
        figure: "batch of 100, stored: per value",
        proves: `${hundred}; each in its slot with true round and times, an event each`,
      },
      {
        figure: "batch of 100, packed: per value",
        proves: `${hundred}; four to a slot, the time of the slot's oldest, one event`,
      },
      {
        figure: "batch of 100, root: per value",
        proves: `${hundred}; one hash, each with round and times by a proof on read`,
      },
    ],
    peers: [
      { name: "API3", gas: 17_932, proves: keyed("1 signer for each value,") },
      { name: "RedStone", gas: 24_305, proves: keyed("signers") },
      { name: "Pyth", gas: 27_314, proves: keyed("13 guardians") },
      { name: "Chainlink CRE", gas: 43_190, proves: keyed("signers") },
      { name: "floor, stored", gas: 5_354, proves: "1 signature for 100, a slot each, no events" },
      {
        name: "floor, packed",
        gas: 1_589,
        proves: "1 signature for 100, 25 slots",
        ours: "batch of 100, packed: per value",
      },
      {
        name: "floor, root",
        gas: 307,
        proves: "1 signature for 100, 1 slot",
        ours: "batch of 100, root: per value",
      },
    ],
  },
  {
    work: "pull, gas over the 21,000",
    ours: [
      // The targets, 6,500 and 16,500, were set over floors without storage. Revocation needs a slot, a cold one costs 2,100,
      // and 5,013 + 2,100 is over 6,500 by the rules alone: they are held beyond the consumer's own slot, and both are shown.
      { figure: "pull, 1 signer: over the 21,000", proves: `${one}; 2,100 of it for revocation` },
      { figure: "pull, 1 signer: over a call that reads the consumer's slot", proves: one },
      {
        figure: "pull, 3 signers: over the 21,000",
        proves: `${three}; 2,100 of it for revocation`,
      },
      { figure: "pull, 3 signers: over a call that reads the consumer's slot", proves: three },
    ],
    peers: [
      { name: "Pyth Lazer, 1 signer", gas: 27_743, proves: keyed("1 signer") },
      {
        name: "RedStone, 3 signers",
        gas: 29_137,
        proves: keyed("3 signers"),
        ours: "pull, 3 signers: over the 21,000",
      },
      {
        name: "Chainlink Data Streams",
        gas: 39_496,
        proves: keyed("signers"),
        ours: "pull, 3 signers: over the 21,000",
      },
      { name: "floor, 1 signer", gas: 5_013, proves: "1 signature, no storage" },
      {
        name: "floor, 3 signers",
        gas: 13_805,
        proves: "3 signatures, no storage",
        ours: "pull, 3 signers: over the 21,000",
      },
    ],
  },
  {
    work: "read through latestRoundData",
    ours: [
      { figure: "latestRoundData, cold", proves: "a true round from the contract that holds it" },
      { figure: "latestRoundData, warm", proves: "the same once more in a transaction" },
    ],
    peers: [
      { name: "Chainlink OCR2, cold", gas: 7_465, proves: "a true round through a proxy" },
      {
        name: "Chainlink OCR2, warm",
        gas: 976,
        proves: "the same once more",
        ours: "latestRoundData, warm",
      },
      { name: "API3's proxy, cold", gas: 22_204, proves: "latest only: getRoundData reverts" },
      {
        name: "API3's proxy, warm",
        gas: 4_215,
        proves: "the same once more",
        ours: "latestRoundData, warm",
      },
      { name: "floor, cold", gas: 4_700, proves: "1 cold account, 1 cold slot" },
      {
        name: "floor, warm",
        gas: 200,
        proves: "1 warm account, 1 warm slot",
        ours: "latestRoundData, warm",
      },
    ],
  },
];
