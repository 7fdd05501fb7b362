/* Icons, drawn on a grid of 24 with one line width. They stand beside words, so screen readers pass them over. */

import { s } from "./dom.js";

const PATHS = {
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM20 20l-4.7-4.7",
  cart: "M3 4h2.2l2.3 11h10.4l2.1-8H6.2M9 20.2a.6.6 0 1 0 0-.1M17 20.2a.6.6 0 1 0 0-.1",
  person: "M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c.8-3.4 3.7-5 7.5-5s6.7 1.6 7.5 5",
  check: "M5 12.500l4.5 4.500L19 7.5",
  cross: "M6 6l12 12M18 6 6 18",
  warn: "M12 4 2.8 20h18.400L12 4ZM12 10v4.500M12 17.300v.1",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.500M12 7.700v.1",
  truck:
    "M2.5 6h11v10.500h-11zM13.5 9.500h4l4 4v3h-8M6.5 19a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.400ZM17.5 19a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.400Z",
  card: "M3 6h18v12.500H3zM3 10h18M6.5 15h4",
  heart: "M12 20.200 4.600 12.700a4.600 4.600 0 0 1 6.500-6.500l.9.9.9-.9a4.600 4.600 0 0 1 6.500 6.500L12 20.200Z",
  home: "M4 11.5 12 4.500l8 7V20h-5.500v-5.500h-5V20H4z",
  box: "M12 3 3.5 7.500v9L12 21l8.5-4.500v-9L12 3ZM3.5 7.5 12 12l8.5-4.500M12 12v9",
  mail: "M3.5 5.500h17v13h-17zM3.5 7l8.500 6.500L20.5 7",
  list: "M8.5 6H20M8.5 12H20M8.5 18H20M4 6h.1M4 12h.1M4 18h.1",
  gauge: "M4.5 18a9 9 0 1 1 15 0M12 13.500l4-5",
  scales: "M12 4v16M7 20h10M5 7h14M5 7l-2.5 6.500h5L5 7ZM19 7l-2.5 6.500h5L19 7Z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 14.700a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.400Z",
  pause: "M9 5v14M15 5v14",
  sliders:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM9 19.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  leave: "M14 4H5.5v16H14M10 12h10M16.5 8.5 20 12l-3.500 3.5",
  left: "M14.5 5.5 8 12l6.5 6.5",
  right: "M9.5 5.5 16 12l-6.5 6.5",
  trash: "M4.5 7h15M9.5 7V4.500h5V7M6.5 7l1 13h9l1-13M10 11v5.500M14 11v5.5",
};

export function icon(name, size = 20) {
  return s(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", focusable: "false" },
    s("path", { d: PATHS[name] }),
  );
}
