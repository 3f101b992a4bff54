// Combines Preact and htm. The imports use relative addresses, because an import map would be an inline script.
import { Component, h, render } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export const html = htm.bind(h);
export { Component, render };
