import { Interface } from "ethers";

/** What a dapp backend asks of `PythFacade`; the rest is in Pyth's own published ABI. */
export const pythAbi = new Interface([
  "function getPriceUnsafe(bytes32 id) view returns ((int64 price, uint64 conf, int32 expo, uint256 publishTime) price)",
  "function getPriceNoOlderThan(bytes32 id, uint256 age) view returns ((int64 price, uint64 conf, int32 expo, uint256 publishTime) price)",
  "function getUpdateFee(bytes[] updateData) view returns (uint256 feeAmount)",
  "function updatePriceFeeds(bytes[] updateData) payable",
  "function updatePriceFeedsIfNecessary(bytes[] updateData, bytes32[] priceIds, uint64[] publishTimes) payable",
  "function parsePriceFeedUpdates(bytes[] updateData, bytes32[] priceIds, uint64 minPublishTime, uint64 maxPublishTime) payable returns ((bytes32 id, (int64 price, uint64 conf, int32 expo, uint256 publishTime) price, (int64 price, uint64 conf, int32 expo, uint256 publishTime) emaPrice)[] priceFeeds)",
  "function remember(bytes32 id)",
  "event PriceFeedUpdate(bytes32 indexed id, uint64 publishTime, int64 price, uint64 conf)",
]);

/** @see pythAbi */
export const api3Abi = new Interface([
  "function read() view returns (int224 value, uint32 timestamp)",
]);

/** @see pythAbi */
export const chronicleAbi = new Interface([
  "function wat() view returns (bytes32 wat)",
  "function read() view returns (uint256 value)",
  "function readWithAge() view returns (uint256 value, uint256 age)",
  "function tryRead() view returns (bool isValid, uint256 value)",
  "function tryReadWithAge() view returns (bool isValid, uint256 value, uint256 age)",
]);

/** @see pythAbi */
export const forwarderAbi = new Interface([
  "function report(address receiver, bytes rawReport, bytes reportContext, bytes[] signatures)",
  "function latestDelivery(address receiver, bytes32 feedHash) view returns (uint32 round, uint32 observedAt, uint8 state)",
  "function gasLimit() view returns (uint256)",
  "event ReportProcessed(address indexed receiver, bytes32 indexed workflowExecutionId, bytes2 indexed reportId, bool result)",
]);
