import { Interface } from "ethers";

const BATCH =
  "(uint256 round, uint256 issuedAt, uint256 validUntil, bytes32 root, bytes32 storedHash, bytes32 packedHash, bytes32 statementDigest)";
const PROOF = "(uint256 place, bytes leaf, bytes32[] path)";
const SIGNERS = "(bytes32 workload, uint8 threshold, bool requireHardware, address[] admitted)";

/** What `contracts/interfaces/IBatchStore.sol` says beside `ISignerSet`; a test holds it against the compiler. */
export const batchAbi = new Interface([
  "function storeRoot_lGQkD(uint256 report, bytes32 content)",
  "function storeItems(uint256 report, bytes32 root, bytes32 packedHash, bytes32 statementDigest)",
  "function storeWords(uint256 report, bytes32 root, bytes32 storedHash, bytes32 statementDigest)",
  "function itemAt(uint256 place) view returns (uint80 round, int256 value, uint256 observedAt, uint256 validUntil)",
  "function packedAt(uint256 place) view returns (bool found, int256 value, uint256 observedAt)",
  `function read(bytes32 feedHash, ${BATCH} batch, ${PROOF} proof) view returns (int256 value, uint256 round, uint256 observedAt, uint256 validUntil)`,
  `function verify(bytes32 feedHash, ${BATCH} batch, ${PROOF} proof) view returns (bool)`,
  "function latestBatch() view returns (uint256)",
  "function batchHash() view returns (bytes32)",
  "function members() view returns (bytes32[])",
  "function form() view returns (uint8)",
  "function ring() view returns (uint16 size, uint32 spacing)",
  "function description() view returns (string)",
  "event RootStored(uint256 header)",
  "event ItemsStored(uint256 indexed round, uint256 issuedAt, uint256 accepted, uint256 refused)",
  "event WordsStored(uint256 indexed round, uint256 issuedAt, uint256 words)",
  "event AnswerUpdated(bytes32 indexed feedHash, int256 current, uint256 roundAndTime)",
  "event ItemRefused(bytes32 indexed feedHash, uint256 roundId, bytes4 reason)",
  "error WrongForm(uint8 form)",
  "error ReportMalformed(uint256 report)",
  "error DuplicateBatch(uint256 issuedAt)",
  "error OldBatch(uint256 issuedAt, uint256 latest)",
  "error FutureDated(uint256 issuedAt, uint256 blockTime)",
  "error ObservationExpired(uint256 validUntil, uint256 blockTime)",
  "error ItemOutOfOrder(uint256 place)",
  "error UnknownPlace(uint256 place)",
  "error UnknownBatch(uint256 issuedAt, uint256 latest)",
  "error WrongProof(uint256 place)",
  "error NoObservation(bytes32 feedHash)",
]);

/** What deployment asks of a batch registry. */
export const batchRegistryAbi = new Interface([
  "function batchOf(bytes32 batchHash) view returns (address)",
  "function feedOf(address batch, uint256 place) view returns (address)",
  `function createBatch(bytes32 batchHash, bytes32[] members, ${SIGNERS} signers, uint8 form, uint16 ringSize, uint32 ringSpacing, string description) returns (address)`,
  "function createFeed(bytes32 batchHash, uint256 place, uint8 decimals, string description) returns (address)",
  `function setSigners(bytes32 batchHash, ${SIGNERS} signers)`,
]);
