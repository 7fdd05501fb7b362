/* The server's first answer shows the page already. Its parts are put in the place of what is there at once, and whoever
   had the focus in it, or had begun to type, goes on. */

/** How to find an element again after its like has taken its place. */
function findable(element) {
  if (element === null) return null;
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  return href === null ? null : `a[href="${CSS.escape(href)}"]`;
}

/** `replace` puts something else in the place of what is in `old`. */
export function takeOver(old, replace) {
  const focused = old.contains(document.activeElement) ? findable(document.activeElement) : null;
  replace();
  if (focused !== null) document.querySelector(focused)?.focus({ preventScroll: true });
}

/** What the head says of the page that was served is true of no other. */
export function forgetServed() {
  for (const one of document.head.querySelectorAll("[data-served]")) one.remove();
}
