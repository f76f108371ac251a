/** A page by its text and its path without ending. */
const page = (text, link) => ({ text, link });

/** The pages by what a reader wants of them: learn, get something done, look something up, understand. */
export const navigation = {
  "/": [
    { text: "Tutorial", items: [page("From zero to a deployed feed", "/tutorial")] },
    {
      text: "How to",
      items: [
        page("Begin and test a Cryptlet", "/testing"),
        page("Publish, find and run releases", "/registry"),
        page("Run a host of your own", "/host"),
        page("Deliver to chains", "/chains"),
        page("Give out secrets on evidence", "/key-broker"),
      ],
    },
    {
      text: "Reference",
      items: [
        page("Commands", "/cli"),
        page("Manifest", "/manifest"),
        page("Recordings", "/recordings"),
        page("Configuration", "/config"),
        page("HTTP API", "/http-api"),
        page("Errors", "/errors"),
        page("Contracts", "/contracts"),
        page("Facades", "/facades"),
        page("Batches", "/batches"),
        page("Deliveries", "/deliveries"),
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
