/** Resolves when the signal aborts. Keeps the process alive meanwhile. */
export const untilStopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    // A listener alone does not hold the event loop.
    const hold = setInterval(() => {}, 2 ** 30);
    const end = () => {
      clearInterval(hold);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
