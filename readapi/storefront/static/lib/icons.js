/* Icons, drawn on a grid of 24 with one line width. They stand beside words, so screen readers pass them over. */

import { s } from "./dom.js";
import { PATHS } from "./iconpaths.js";

export function icon(name, size = 20) {
  return s(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", focusable: "false" },
    s("path", { d: PATHS[name] }),
  );
}
