/* A product's picture; where there is none that a page may load, a drawing of its category with the brand's name. */

import { h, s } from "../lib/dom.js";
import { DRAWN } from "./glyphs.js";

const HUES = 6;

/** Behind the drawing, so that neighbours in a list do not look the same. */
const BACKGROUNDS = [
  () => s("circle", { class: "halo", cx: 100, cy: 72, r: 50 }),
  () => [
    s("circle", { class: "halo", cx: 40, cy: 150, r: 95 }),
    s("circle", { class: "halo", cx: 172, cy: 12, r: 48 }),
  ],
  () => s("path", { class: "halo", d: "M0 118 200 38v122H0z" }),
  () => [
    s("circle", { class: "halo", cx: 100, cy: 72, r: 62 }),
    s("circle", { class: "halo", cx: 100, cy: 72, r: 40 }),
  ],
  () => s("path", { class: "halo", d: "M0 0h200v34L0 96z" }),
];

/** The same number below `most` for the same text. */
function drawn(text, most) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return sum % most;
}

export function glyph(category, size = 24) {
  const path = DRAWN[category] ?? DRAWN.Other;
  return s(
    "svg",
    { class: "glyph", viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" },
    s("path", { d: path }),
  );
}

function drawing({ category, brand, productId }, labelled) {
  const [top, below] = category;
  return s(
    "svg",
    {
      class: `drawn hue-${drawn(brand ?? below ?? top ?? "", HUES)}`,
      viewBox: "0 0 200 160",
      "aria-hidden": "true",
      preserveAspectRatio: "xMidYMid slice",
    },
    s("rect", { class: "ground", width: 200, height: 160 }),
    BACKGROUNDS[drawn(productId, BACKGROUNDS.length)](),
    s("g", { class: "glyph", transform: "translate(67 39) scale(2.75)" }, s("path", { d: DRAWN[top] ?? DRAWN.Other })),
    labelled && brand
      ? s(
          "text",
          { class: "label", x: 100, y: 146, "text-anchor": "middle" },
          brand.length > 22 ? `${brand.slice(0, 21)}…` : brand,
        )
      : null,
  );
}

/** For the browser to keep the place free before it knows the picture; the frame has the same shape. */
const [WIDTH, HEIGHT] = [500, 400];

/** How wide the frame is, wherever it stands (shop.css): the first one with a condition that holds. */
export const SLOTS = {
  card: [
    ["(max-width: 44rem) ", "50vw - 2.5rem"],
    ["", "15rem"],
  ],
  stage: [
    ["(max-width: 44rem) ", "100vw - 2rem"],
    ["", "min(42vw, 34rem)"],
  ],
  small: [["", "5rem"]],
};

/** The largest that are made: what is larger itself is left to who looks at it on its own. */
const LARGEST = 1280;

/** What a browser chooses from, and how wide it will be. One that is taller than its frame is not as wide. */
function choice({ image, renditions = [], width = null, height = null }, slot) {
  const largest = renditions.at(-1);
  if (!largest) return { width: width ?? WIDTH, height: height ?? HEIGHT };
  const made = renditions.map((one) => `${one.url} ${one.width}w`);
  const reaches = Math.max(largest.width, largest.height);
  if (width > largest.width && reaches < LARGEST && Math.max(width, height) <= LARGEST) made.push(`${image} ${width}w`);
  const share = Math.min(1, (largest.width * HEIGHT) / (largest.height * WIDTH)).toFixed(3);
  const sizes = SLOTS[slot].map(([when, wide]) => `${when}calc(${share} * (${wide}))`).join(", ");
  return { width: width ?? largest.width, height: height ?? largest.height, sizes, srcset: made.join(", ") };
}

/** Of a card or a page; small ones go without the label. Beside a title a picture is decoration, unless `alt` is given.
    Waits until it is about to be seen, unless it is `eager`. */
export function picture(product, { labelled = true, alt = "", eager = false, slot = "card" } = {}) {
  const frame = h("div", { class: "picture" });
  const draw = () => frame.replaceChildren(drawing(product, labelled));
  if (product.image && /^(https:|\/)/.test(product.image)) {
    const failed = ({ target }) => {
      if (!target.srcset) return draw();
      target.removeAttribute("srcset"); // what is left is the picture itself
    };
    const loading = eager ? "eager" : "lazy";
    // The addresses come last: what is set after them would be too late for them.
    // One that the server's answer showed already is there again in the same frame, if nobody waits for its decoding.
    const decoding = eager ? "sync" : "async";
    const how = { alt, loading, decoding, onerror: failed, ...choice(product, slot) };
    frame.append(h("img", { ...how, src: product.image }));
  } else {
    draw();
  }
  return frame;
}
