// The shop, which shows each item with its power and price. If the player cannot buy an item now, it shows the reason.
import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { state } from "../store.js";
import { capital, count, name } from "../text.js";
import { Act, account } from "./components.js";

const KINDS = { sword: "Swords", shield: "Shields", potion: "Potions" };
const POWER = { sword: "damage", shield: "protection", potion: "heals" };

export function Shop() {
  const items = state.shop?.items ?? [];
  return html`<section aria-labelledby="title">
    <h1 id="title" tabindex="-1">Shop</h1>
    <p>Gold is held when you buy and spent when the purchase is settled. The shop buys items back for half their price.</p>
    ${Object.entries(KINDS).map(
      ([kind, title]) => html`<h2 key=${kind}>${title}</h2>
        <ul class="wares">
          ${items.filter((item) => item.kind === kind).map((item) => html`<${Item} key=${item.item} ...${item} />`)}
        </ul>`,
    )}
  </section>`;
}

function Item({ item, kind, price, power, edition, left }) {
  const mine = account(`item:${item}`);
  const words = `Buy ${/^[aeiou]/.test(item) ? "an" : "a"} ${name(item)}`;
  return html`<li class="card ware">
    <h3><${Icon} kind=${kind} of=${item} /> ${capital(name(item))}</h3>
    <p>${POWER[kind]} ${power}
      ${edition && html`${" "}· <strong>edition of ${edition}, ${left ?? "?"} left</strong>`}</p>
    <p class="price"><${Icon} kind="coin" /> ${count(price)} gold
      ${mine.settled > 0 && html`<small>you have ${count(mine.settled)}</small>`}</p>
    <${Act} words=${words} label=${`${words} for ${price} gold`} path="/purchases"
      body=${{ item, quantity: 1, expected_price: price }} reason=${unable(price, edition, left)}>Buy<//>
  </li>`;
}

function unable(price, edition, left) {
  if (edition && left === 0) return "Sold out, until a player sells one.";
  const { available, held } = account("gold");
  if (available >= price) return "";
  return `You need ${count(price - available)} more gold${held ? `; ${count(held)} is held` : ""}.`;
}
