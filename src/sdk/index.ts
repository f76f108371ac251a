// What a Cryptlet author imports: everything here may become part of a measured bundle.
export type {
  CallAnswer,
  ChainAnswer,
  ChainLog,
  ChainQuery,
  ChainResult,
  HttpAnswer,
  HttpClientCredentials,
  HttpRequest,
  Json,
  MarketState,
  ObservationDraft,
  PureBytes,
  PureSuite,
  RecordField,
  SourceMode,
  SourceReading,
  TriggerInput,
} from "./abi.ts";
export {
  guestError as fabricError,
  isGuestError as isFabricError,
  throwAbiError,
} from "./guest-error.ts";
export { readWords, type ChainWords } from "./chain-words.ts";
export { aggregate, type AggregationRule } from "./aggregate.ts";
export type {
  ChainCalls,
  ChainReadOptions,
  GetOptions,
  GuestLog,
  GuestState,
  HttpCalls,
  RunContext,
  SourceName,
} from "./context.ts";
export type { PureFunctions } from "./pure.ts";
export {
  defineCryptlet,
  type Cryptlet,
  type FeedDefinition,
  type GuestFeed,
  type GuestManifest,
} from "./define-cryptlet.ts";
export { Fixed, midpoint } from "./fixed.ts";
export { JsonReader, readJson } from "./json-reader.ts";
export { JsonNumber, parseJsonText, type JsonValue } from "./json-text.ts";
export { findOutliers, median, spreadOf, type OutlierRule } from "./median.ts";
export { noParameters, readParameters, type ParameterReader } from "./parameters.ts";
export {
  readSources,
  type PriceReading,
  type PriceSource,
  type ReceivedAnswer,
  type SourceOutcome,
} from "./read-sources.ts";
export { observeRecord, type RecordReading } from "./observe-record.ts";
export { serve, type GuestHandle } from "./serve.ts";
