// The inventory, which shows the settled, held and available amount of each account. Here the player also enchants
// swords and sells items.
import { Icon } from "../icons.js";
import { html } from "../lib.js";
import { capital, count, name } from "../text.js";
import { Act, ENCHANTMENT, Glossary, account, owned } from "./components.js";

export function Inventory() {
  const items = owned();
  const plainSwords = items.filter((item) => item.kind === "sword" && !item.base);
  return html`<section aria-labelledby="title">
    <h1 id="title" tabindex="-1">Inventory</h1>
    <table>
      <caption>Your balances, all from one moment</caption>
      <thead><tr>
        <th scope="col">What</th><th scope="col" class="number">Settled</th>
        <th scope="col" class="number">Held</th><th scope="col" class="number">Available</th>
      </tr></thead>
      <tbody>
        <${Row} what="Gold" kind="coin" ...${account("gold")} />
        <${Row} what="Health" kind="heart" ...${account("health")} />
        ${items.map(
          ({ item, kind }) => html`<${Row} key=${item} what=${capital(name(item))} kind=${kind}
          of=${item} ...${account(`item:${item}`)} />`,
        )}
      </tbody>
    </table>
    ${
      plainSwords.length > 0 &&
      html`<h2>Enchant a sword</h2>
      <p>An enchanted sword does ${ENCHANTMENT.power} more damage. A sword can be enchanted once.</p>
      <ul class="plain doing">${plainSwords.map((item) => html`<${Enchant} key=${item.item} ...${item} />`)}</ul>`
    }
    <h2>Sell to the shop</h2>
    ${!items.length && html`<p class="quiet">You have no items yet: <a href="#/shop">visit the shop</a>.</p>`}
    <ul class="plain doing">${items.map((item) => html`<${Sale} key=${item.item} ...${item} />`)}</ul>
    <${Glossary} open />
  </section>`;
}

function Row({ what, kind, of, settled, held, available }) {
  return html`<tr>
    <th scope="row"><${Icon} kind=${kind} of=${of} /> ${what}</th>
    <td class="number">${count(settled)}</td>
    <td class="number">${count(held)}</td>
    <td class="number"><strong>${count(available)}</strong></td>
  </tr>`;
}

function Enchant({ item, kind }) {
  const words = `Enchant one ${name(item)}`;
  return html`<li><${Act} words=${words} path="/enchant_sword" body=${{ sword: item }} reason=${unable(item)}
    look="secondary"><${Icon} kind=${kind} of=${item} /> ${words} for ${ENCHANTMENT.price} gold<//></li>`;
}

function unable(item) {
  const missing = ENCHANTMENT.price - account("gold").available;
  if (missing > 0) return `You need ${count(missing)} more gold.`;
  return account(`item:${item}`).available ? "" : "It is held.";
}

function Sale({ item, kind, sells_for: price }) {
  const reason = account(`item:${item}`).available ? "" : "It is held.";
  return html`<li><${Act} words=${`Sell one ${name(item)}`} path="/sales" body=${{ item, quantity: 1 }} reason=${reason}
    look="secondary"><${Icon} kind=${kind} of=${item} /> Sell one ${name(item)} for ${price}<//></li>`;
}
