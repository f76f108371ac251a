/** A page by its text and its path without ending. */
const page = (text, link) => ({ text, link });

/** The pages by what a reader wants of them: learn, get something done, look something up, understand. */
export const navigation = {
  "/": [
    { text: "Tutorial", items: [page("From zero to a deployed feed", "/tutorial")] },
    {
      text: "How to: develop",
      items: [
        page("Begin and test a Cryptlet", "/testing"),
        page("Use the developer's loop", "/dev"),
        page("Build, run, replay", "/build"),
        page("Write a recording", "/how-to/write-a-recording"),
        page("Add a source", "/how-to/add-a-source"),
        page("Keep a secret", "/how-to/keep-a-secret"),
      ],
    },
    {
      text: "How to: publish",
      items: [
        page("Publish and revoke releases", "/registry"),
        page("Search, show, serve, copy", "/registry-search"),
        page("Run a registry", "/how-to/run-a-registry"),
        page("Mirror a registry", "/how-to/mirror-a-registry"),
      ],
    },
    {
      text: "How to: use",
      items: [
        page("Verify a bundle", "/how-to/verify-a-bundle"),
        page("Bring the value yourself", "/how-to/pull-on-chain"),
        page("Get webhooks", "/how-to/webhooks"),
        page("Subscribe and request", "/subscriptions"),
        page("Use the client", "/client"),
      ],
    },
    {
      text: "How to: operate",
      items: [
        page("Run a host of your own", "/host"),
        page("Deliver to chains", "/chains"),
        page("Follow deliveries", "/deliveries"),
        page("Give out secrets on evidence", "/key-broker"),
      ],
    },
    {
      text: "Reference",
      items: [
        page("Commands", "/cli"),
        page("Manifest", "/manifest"),
        page("cryptlet-fabric/sdk", "/sdk"),
        page("cryptlet-fabric/test-kit", "/test-kit"),
        page("cryptlet-fabric/client", "/client-reference"),
        page("Recordings", "/recordings"),
        page("Configuration", "/config"),
        page("HTTP API", "/http-api"),
        page("Errors", "/errors"),
        page("Contracts", "/contracts"),
        page("Facades", "/facades"),
        page("Batches", "/batches"),
      ],
    },
    {
      text: "Explanation",
      items: [
        page("Trust: who must be believed for what", "/trust"),
        page("Architecture", "/architecture"),
        page("The enclave", "/enclave"),
        page("Evidence", "/evidence"),
        page("The submitter", "/submitter"),
        page("Faults", "/faults"),
        page("Quorum rounds", "/quorum"),
        page("Threshold signatures", "/threshold"),
        page("Guidelines", "/guidelines"),
      ],
    },
  ],
};
