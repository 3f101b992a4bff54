// The inventory: each account with what is settled, held and available, and what the shop would give for it.
import { Icon } from "../icons.js";
import { html } from "../lib.js";
import { state } from "../store.js";
import { capital, count, name } from "../text.js";
import { Act, Glossary, account } from "./components.js";

export function Pack() {
  const wares = (state.shop?.items ?? []).filter((ware) => account(`item:${ware.item}`).settled > 0);
  return html`<section aria-labelledby="title">
    <h1 id="title" tabindex="-1">Inventory</h1>
    <table>
      <caption>What you have, all from one moment of the books</caption>
      <thead><tr>
        <th scope="col">What</th><th scope="col" class="number">Settled</th>
        <th scope="col" class="number">Held</th><th scope="col" class="number">Available</th>
      </tr></thead>
      <tbody>
        <${Row} what="Gold" kind="coin" ...${account("gold")} />
        <${Row} what="Health" kind="heart" ...${account("health")} />
        ${wares.map(
          (ware) => html`<${Row} key=${ware.item} what=${capital(name(ware.item))} kind=${ware.kind}
          of=${ware.item} ...${account(`item:${ware.item}`)} />`,
        )}
      </tbody>
    </table>
    <h2>Sell to the shop</h2>
    ${!wares.length && html`<p class="quiet">You have no items yet: <a href="#/shop">visit the shop</a>.</p>`}
    <ul class="plain doing">${wares.map((ware) => html`<${Sale} key=${ware.item} ...${ware} />`)}</ul>
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

function Sale({ item, kind, sells_for: price }) {
  const reason = account(`item:${item}`).available ? "" : "It is held.";
  return html`<li><${Act} words=${`Sell one ${name(item)}`} path="/sales" body=${{ item, quantity: 1 }} reason=${reason}
    look="secondary"><${Icon} kind=${kind} of=${item} /> Sell one ${name(item)} for ${price}<//></li>`;
}
