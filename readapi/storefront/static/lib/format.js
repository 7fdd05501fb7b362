/* Amounts and instants as people of the browser's language write them. */

const digits = new Map();

function fractionDigits(currency) {
  if (!digits.has(currency)) {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    digits.set(currency, format.resolvedOptions().maximumFractionDigits);
  }
  return digits.get(currency);
}

/** Minor units in the units of everyday life. */
function major(amount, currency) {
  return amount / 10 ** fractionDigits(currency);
}

export function money({ amount, currency }) {
  return new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency }).format(
    major(amount, currency),
  );
}

/** What the interface words, with its amounts ("Refunded: 26.78 USD") as they are written everywhere else. */
export function worded(text) {
  return text.replace(/(?<=: |for )(-?\d+(?:\.\d+)?) ([A-Z]{3})(?=$|,)/g, (_, amount, currency) =>
    new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency }).format(amount),
  );
}

export function number(value) {
  return new Intl.NumberFormat(document.documentElement.lang).format(value);
}

const DAY = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium" });
const MOMENT = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
const SECOND = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "medium" });

export const day = (instant) => DAY.format(new Date(instant));
export const moment = (instant) => MOMENT.format(new Date(instant));
export const second = (instant) => SECOND.format(new Date(instant));

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const RELATIVE = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });

/** "3 minutes ago", or "in 2 hours". */
export function ago(instant) {
  const seconds = Math.round((new Date(instant) - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

/** "45 s", "12 min", "3 h 5 min". */
export function duration(seconds) {
  if (seconds < 60) return `${number(Math.ceil(seconds))} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${number(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** The last letters of an id, which is what people compare. */
export function short(id) {
  return id.slice(-8);
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
