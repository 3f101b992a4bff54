// The inventory: each account with what is settled, held and available, and what the shop would give for it.
import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { state } from "../store.js";
import { capital, count, name } from "../words.js";
import { Act, Glossary, account } from "./parts.js";

export function Pack() {
  const wares = (state.shop?.items ?? []).filter((ware) => account(`item:${ware.item}`).settled > 0);
  return html`<section aria-labelledby="title">
    <h1 id="title" tabindex="-1">Inventory</h1>
    <div class="scroll" tabindex="0" role="region" aria-label="Inventory table">
      <table>
        <caption>What you have, all from one moment of the books</caption>
        <thead><tr><th scope="col">What</th><th scope="col" class="number">Settled</th>
          <th scope="col" class="number">Held</th><th scope="col" class="number">Available</th>
          <th scope="col">Sell one</th></tr></thead>
        <tbody>
          <${Row} what="Gold" kind="coin" ...${account("gold")} />
          <${Row} what="Health" kind="heart" ...${account("health")} />
          ${wares.map(
            (ware) => html`<${Row} key=${ware.item} what=${capital(name(ware.item))} kind=${ware.kind} ware=${ware}
            ...${account(`item:${ware.item}`)} />`,
          )}
        </tbody>
      </table>
    </div>
    ${!wares.length && html`<p class="quiet">No items yet: <a href="#/shop">visit the shop</a>.</p>`}
    <${Glossary} open />
  </section>`;
}

function Row({ what, kind, ware, settled, held, available }) {
  return html`<tr>
    <th scope="row"><${Icon} kind=${kind} of=${ware?.item ?? ""} /> ${what}</th>
    <td class="number">${count(settled)}</td>
    <td class="number">${count(held)}</td>
    <td class="number"><strong>${count(available)}</strong></td>
    <td>${
      ware &&
      html`<${Act} words=${`Sell ${name(ware.item)}`} path="/sales" look="secondary small"
      label=${`Sell one ${name(ware.item)} for ${ware.sells_for} gold`} body=${{ item: ware.item, quantity: 1 }}
      reason=${available ? "" : "All of it is held."}>Sell for ${ware.sells_for}<//>`
    }</td>
  </tr>`;
}
