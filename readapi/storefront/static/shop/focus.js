/* Where the keyboard is, when what it was on is drawn anew. */

/** For parts that vanish with what was pressed: the page's heading is where reading goes on. */
export function focusHeading() {
  const heading = document.querySelector("main h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

/** Draws `part` anew and leaves the focus on the control of the same id, if it was within; else on `instead()`. */
export function redraw(part, draw, instead = focusHeading) {
  const held = document.activeElement;
  const within = part.contains(held);
  draw();
  if (!within || part.contains(held)) return;
  const again = held.id ? document.getElementById(held.id) : null;
  if (again) again.focus({ preventScroll: true });
  else instead();
}
