import { Interface } from "ethers";

/** What `contracts/interfaces/IFeedStore.sol` and Chainlink's two interfaces say; a test holds it against the compiler. */
export const feedAbi = new Interface([
  "function update_QJGga(uint256 report, bytes32 statementDigest)",
  "function updateByGroup_RUALF(uint256 report, bytes32 statementDigest)",
  "function submit(bytes payload, bytes[] signatures)",
  "function refreshSigners()",
  "function signerSet() view returns (uint8 threshold, uint32 notAfter, address[] active)",
  "function groupKey() view returns (address group, uint256 x, uint8 parity, uint32 notAfter)",
  "function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)",
  "function getRoundData(uint80 roundId) view returns (uint80, int256, uint256, uint256, uint80)",
  "function latestRound() view returns (uint256)",
  "function decimals() view returns (uint8)",
  "function description() view returns (string)",
  "event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)",
  "event NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt)",
  "error WrongLength(uint256 expected, uint256 actual)",
  "error WrongFeed(bytes32 feedHash)",
  "error ValueOutOfRange(int256 value)",
  "error NumberOutOfRange(uint256 number)",
  "error DuplicateRound(uint256 round)",
  "error OldRound(uint256 round, uint256 latest)",
  "error RoundTooFar(uint256 round, uint256 latest)",
  "error ObservedAtNotIncreasing(uint256 observedAt, uint256 latest)",
  "error FutureDated(uint256 observedAt, uint256 blockTime)",
  "error ObservationExpired(uint256 validUntil, uint256 blockTime)",
  "error UnderSigned(uint256 signatures, uint256 threshold)",
  "error MalleableSignature(uint256 position)",
  "error InvalidSignature(uint256 position)",
  "error UnknownSigner(address signer)",
  "error DuplicateSigner(address signer)",
  "error KeyNotActive(address signer, uint8 status)",
  "error KeyExpired(address signer, uint256 notAfter)",
  "error WrongWorkload(address signer, bytes32 workload)",
  "error HardwareRequired(address signer)",
  "error SvnTooLow(address signer, uint256 svn, uint256 floor)",
  "error InvalidGroupSignature()",
  "error GroupSuspended(address group)",
  "error GroupTooSmall(address group, uint256 k, uint256 threshold)",
  "error SignerNotAdmitted(address signer)",
  "error StaleSignerSet()",
  "error NotRegistry(address caller)",
  "error BadSignerSet()",
]);

/** What the adapter asks of a registry. */
export const registryAbi = new Interface([
  "function feedOf(bytes32 feedHash) view returns (address)",
  "function createFeed(bytes32 feedHash, (bytes32 workload, uint8 threshold, bool requireHardware, address[] admitted) signers, uint16 ringSize, uint8 decimals, string description) returns (address)",
  "function setSigners(bytes32 feedHash, (bytes32 workload, uint8 threshold, bool requireHardware, address[] admitted) signers)",
  "function setGroup(bytes32 feedHash, address group)",
]);

/** What deployment and key administration ask of `CryptletKeys`. */
export const keysAbi = new Interface([
  "function register((address key, bytes32 workload, uint8 tee, bool hardware, uint32 svn, uint64 notAfter, bytes32 evidenceId, bytes32 policyDigest, uint64 nonce) result, bytes[] signatures)",
  "function setStatus(address key, uint8 status)",
  "function setStatusByVerifiers(address key, uint8 status, uint64 nonce, bytes[] signatures)",
  "function keyOf(address key) view returns ((bytes32 workload, bytes32 evidenceId, bytes32 policyDigest, uint64 notAfter, uint32 svn, uint8 tee, bool hardware, uint8 status, uint64 nonce, uint8 members))",
  "function groupOf(address key) view returns ((uint256 x, uint8 parity, uint8 k, uint32 epoch, bool suspended, bytes32 membersDigest))",
  "function registerGroup(((address key, bytes32 workload, uint8 tee, bool hardware, uint32 svn, uint64 notAfter, bytes32 evidenceId, bytes32 policyDigest, uint64 nonce) result, uint256 x, uint8 parity, uint8 k, uint32 epoch, address[] members) group, bytes[] signatures)",
  "function raiseSvnFloor(bytes32 workload, uint32 floor, address[] keys)",
  "function raiseSvnFloorByVerifiers(bytes32 workload, uint32 floor, address[] keys, bytes[] signatures)",
  "function push(address[] keys)",
  "function svnFloorOf(bytes32 workload) view returns (uint32)",
  "function grantRole(bytes32 role, address account)",
  "function FEED_ROLE() view returns (bytes32)",
]);
