/* How far the log was when this tab's last command was answered: queries name it, so that they show what it did. */

const KEPT = "kontor.position";

/** null where no command was given yet. */
export function position() {
  return sessionStorage.getItem(KEPT);
}

/** Answers to several commands come in any order. */
export function reached(token) {
  const before = position();
  sessionStorage.setItem(KEPT, before === null ? token : later(before, token));
}

export function forget() {
  sessionStorage.removeItem(KEPT);
}

/** What shows as much as both: of each log the later, where there are several. */
export function later(before, token) {
  const [ours, others] = [before, token].map((one) => one.split("."));
  if (ours.length !== others.length || ![...ours, ...others].every((part) => /^\d+$/.test(part))) return token;
  return others.map((part, log) => (BigInt(ours[log]) > BigInt(part) ? ours[log] : part)).join(".");
}
