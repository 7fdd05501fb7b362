/* Asks again and again, more rarely while nothing happens, and not at all while nobody looks. */

const SOON_MS = 1_000;
const LATE_MS = 15_000;
const SLOWER = 1.6;

/** `ask` tells whether something had changed. Returns what ends it. */
export function live(ask) {
  let pause = SOON_MS;
  let timer = 0;
  let over = false;
  let asking = false;

  async function round() {
    if (over) return;
    if (!document.hidden) {
      asking = true;
      const changed = await ask().catch(() => false);
      asking = false;
      pause = changed ? SOON_MS : Math.min(LATE_MS, pause * SLOWER);
    }
    if (!over) timer = setTimeout(round, pause);
  }

  function seen() {
    if (document.hidden || over) return;
    pause = SOON_MS;
    if (asking) return;
    clearTimeout(timer);
    round();
  }

  timer = setTimeout(round, pause);
  document.addEventListener("visibilitychange", seen);
  return () => {
    over = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
