// Drawings of items and amounts. Each drawing stands beside a word that says the same, so screen readers skip it.
import { html } from "./lib.js";

const PATHS = {
  sword: "M20 2l2 2-1 5-9 9-3-3 9-9zM7.5 14.5l2 2 2 2-1.5 1.5-2-1-3 3L3 20l3-3-1-2z",
  shield: "M12 2l8 3v6c0 5.5-3.5 9-8 11-4.5-2-8-5.5-8-11V5zm0 3.200L7 7v4c0 3.700 2 6.200 5 7.700z",
  potion: "M9 2h6v2h-1v4.5l5 9c.8 1.700-.3 4.5-2.5 4.5h-9C5.300 22 4.200 19.200 5 17.5l5-9V4H9zm1 11-2 4h8l-2-4z",
  coin: "M12 2a10 10 0 100 20 10 10 0 000-20zm0 3a7 7 0 110 14 7 7 0 010-14zm-1 3v8h2V8z",
  heart: "M12 21C6 16 2 12.5 2 8a5 5 0 0110-2 5 5 0 0110 2c0 4.5-4 8-10 13z",
  laurel: "M6 3h12v3h3c0 4-1.5 6.5-4.5 7-1 1.5-2 2.5-3.5 3v3h3v2H8v-2h3v-3c-1.5-.5-2.5-1.5-3.5-3C4.5 12.5 3 10 3 6h3z",
};

export function Icon({ kind, of = "" }) {
  const material = of.replace("enchanted_", "").split("_")[0];
  return html`<svg class=${`icon ${material ? `of-${material}` : `is-${kind}`}`} viewBox="0 0 24 24" aria-hidden="true">
    <path d=${PATHS[kind]} />
  </svg>`;
}
