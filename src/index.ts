// A fabric inside your own process: configure, start, read, put it behind HTTP, stop.
export { startFabric, type StartFabricOptions } from "./host/start-fabric.ts";
export type {
  CryptletView,
  DeliveryView,
  Fabric,
  FeedSummary,
  Health,
  Liveness,
  RoundView,
} from "./host/fabric.ts";
export type { FabricEvent, FabricEvents } from "./host/fabric-events.ts";
export { createApi, type Api, type ApiOptions } from "./api/create-api.ts";
export { createEmbeddedApi, type EmbeddedApi } from "./api/create-embedded-api.ts";
export type { Requests, RequestOutcome } from "./host/requests.ts";
export type {
  Subscriptions,
  SubscriptionEvent,
  SubscriptionSession,
  SubscriptionStart,
  SubscriptionView,
} from "./host/subscriptions.ts";
export type { WebhookCallView, Webhooks, WebhookView, WebhookWithSecret } from "./host/webhooks.ts";
export { loadConfig, parseConfig, type LoadConfigOptions } from "./core/config/load-config.ts";
export type { FabricConfig, FabricConfigInput } from "./core/config/schema.ts";
export { Secret } from "./core/config/secret.ts";
export { createLog, silentLog, type Log, type LogLevel } from "./core/log.ts";
export { systemClock, type Clock } from "./core/clock.ts";
export { createManualClock, type ManualClock } from "./core/manual-clock.ts";
export {
  exitCodeOf,
  fabricError,
  httpStatusOf,
  isFabricError,
  type FabricError,
} from "./core/errors/fabric-error.ts";
export type { ErrorCode } from "./core/errors/catalogue.ts";
export { fromWire, toWire, type WireError } from "./core/errors/wire.ts";
