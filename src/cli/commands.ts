import type { CommandRecord } from "./command.ts";
import { adapterCheck } from "./commands/adapter-check.ts";
import { adapterList } from "./commands/adapter-list.ts";
import { brokerAudit } from "./commands/broker-audit.ts";
import { brokerSecretList } from "./commands/broker-secret-list.ts";
import { brokerSecretPut } from "./commands/broker-secret-put.ts";
import { brokerSecretRevoke } from "./commands/broker-secret-revoke.ts";
import { brokerStart } from "./commands/broker-start.ts";
import { build } from "./commands/build.ts";
import { completion } from "./commands/completion.ts";
import { contractDeploy } from "./commands/contract-deploy.ts";
import { contractFacade } from "./commands/contract-facade.ts";
import { deadLetterList } from "./commands/dead-letter-list.ts";
import { deadLetterReplay } from "./commands/dead-letter-replay.ts";
import { deliveryList } from "./commands/delivery-list.ts";
import { deliveryReceipt } from "./commands/delivery-receipt.ts";
import { deliveryRetry } from "./commands/delivery-retry.ts";
import { deliveryShow } from "./commands/delivery-show.ts";
import { demo } from "./commands/demo.ts";
import { dev } from "./commands/dev.ts";
import { devProviders } from "./commands/dev-providers.ts";
import { doctor } from "./commands/doctor.ts";
import { enclaveAppraise } from "./commands/enclave-appraise.ts";
import { enclaveEvidence } from "./commands/enclave-evidence.ts";
import { enclaveConnect } from "./commands/enclave-connect.ts";
import { enclaveMeasure } from "./commands/enclave-measure.ts";
import { enclaveSign } from "./commands/enclave-sign.ts";
import { envelopeShow } from "./commands/envelope-show.ts";
import { envelopeVerify } from "./commands/envelope-verify.ts";
import { feedGet } from "./commands/feed-get.ts";
import { feedList } from "./commands/feed-list.ts";
import { feedRequest } from "./commands/feed-request.ts";
import { feedWatch } from "./commands/feed-watch.ts";
import { hostStart } from "./commands/host-start.ts";
import { hostStatus } from "./commands/host-status.ts";
import { init } from "./commands/init.ts";
import { keyAddress } from "./commands/key-address.ts";
import { keyCreate } from "./commands/key-create.ts";
import { keyImport } from "./commands/key-import.ts";
import { memberShow } from "./commands/member-show.ts";
import { publish } from "./commands/publish.ts";
import { publisherRotate } from "./commands/publisher-rotate.ts";
import { registrySync } from "./commands/registry-sync.ts";
import { replay } from "./commands/replay.ts";
import { run } from "./commands/run.ts";
import { search } from "./commands/search.ts";
import { show } from "./commands/show.ts";
import { subscriptionList } from "./commands/subscription-list.ts";
import { subscriptionSeek } from "./commands/subscription-seek.ts";
import { subscriptionRemove } from "./commands/subscription-remove.ts";
import { webhookAdd } from "./commands/webhook-add.ts";
import { webhookList } from "./commands/webhook-list.ts";
import { webhookCalls } from "./commands/webhook-calls.ts";
import { webhookReplay } from "./commands/webhook-replay.ts";
import { webhookRotate } from "./commands/webhook-rotate.ts";
import { webhookResume } from "./commands/webhook-resume.ts";
import { webhookRemove } from "./commands/webhook-remove.ts";
import { revoke } from "./commands/revoke.ts";
import { test } from "./commands/test.ts";

/** Every command; the order inside a group is the order of help. */
export const commands: readonly CommandRecord[] = [
  init,
  demo,
  dev,
  devProviders,
  test,
  build,
  run,
  enclaveSign,
  publish,
  search,
  show,
  revoke,
  registrySync,
  publisherRotate,
  feedList,
  feedGet,
  feedWatch,
  feedRequest,
  subscriptionList,
  subscriptionSeek,
  subscriptionRemove,
  webhookAdd,
  webhookList,
  webhookCalls,
  webhookReplay,
  webhookRotate,
  webhookResume,
  webhookRemove,
  deliveryList,
  deliveryShow,
  deliveryReceipt,
  deliveryRetry,
  contractDeploy,
  contractFacade,
  envelopeShow,
  envelopeVerify,
  replay,
  enclaveMeasure,
  enclaveEvidence,
  enclaveAppraise,
  enclaveConnect,
  hostStart,
  hostStatus,
  memberShow,
  deadLetterList,
  deadLetterReplay,
  adapterList,
  adapterCheck,
  keyCreate,
  keyImport,
  keyAddress,
  brokerStart,
  brokerSecretPut,
  brokerSecretList,
  brokerSecretRevoke,
  brokerAudit,
  doctor,
  completion,
];
