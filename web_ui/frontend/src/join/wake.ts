/** Keeps the screen on while a lesson plays, where the browser can (it needs https). Returns how to let go. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let wanted = true;
  const take = () => {
    if (!wanted || document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    navigator.wakeLock.request("screen").then(
      (got) => {
        if (wanted) lock = got;
        else void got.release();
      },
      // Low battery or policy: the screen goes dark as it always did.
      () => undefined,
    );
  };
  // The browser drops the lock whenever the page is hidden.
  document.addEventListener("visibilitychange", take);
  take();
  return () => {
    wanted = false;
    document.removeEventListener("visibilitychange", take);
    void lock?.release();
  };
}
