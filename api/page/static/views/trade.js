// Gifts and trades. In a trade, both sides change hands in one event, or neither side does.
import { act } from "../actions.js";
import { html } from "../lib.js";
import { alertError } from "../messages.js";
import { state } from "../store.js";
import { goods, name } from "../text.js";
import { Act, Field, Form, allItems, owned } from "./components.js";

export function Trade() {
  return html`<section aria-labelledby="title">
    <h1 id="title" tabindex="-1">Trade</h1>
    <${Offers} />
    <datalist id="players">${others().map((player) => html`<option key=${player} value=${player} />`)}</datalist>
    <div class="two">
      <section class="card" aria-labelledby="gift">
        <h2 id="gift">A gift</h2>
        <${Form} run=${give} label="Give" button="Give">
          <${Field} label="To" name="to" required list="players" autocapitalize="none" spellcheck="false" />
          <${Side} prefix="" items=${mine()} />
        <//>
      </section>
      <section class="card" aria-labelledby="offer">
        <h2 id="offer">An offer</h2>
        <${Form} run=${offer} label="Offer a trade" button="Offer">
          <${Field} label="To" name="to" required list="players" autocapitalize="none" spellcheck="false" />
          <fieldset><legend>You give</legend><${Side} prefix="give_" items=${mine()} /></fieldset>
          <fieldset><legend>You want</legend><${Side} prefix="want_" items=${all()} /></fieldset>
        <//>
      </section>
    </div>
  </section>`;
}

function Offers() {
  const trades = state.trades?.trades ?? [];
  return html`<h2>Open offers</h2>
    <p>Nothing is held for an offer: both players must have the goods when it is accepted.</p>
    ${!trades.length && html`<p class="quiet">There are no open offers.</p>`}
    <ul class="wares">${trades.map(
      (trade) => html`<li key=${trade.id} class="card ware">
      <h3>${trade.mine ? `To ${trade.to}` : `From ${trade.from}`}</h3>
      <p>${trade.mine ? "You give" : "You get"} <strong>${goods(trade.give)}</strong> for
        ${" "}<strong>${goods(trade.want)}</strong>.</p>
      <div class="doing">
        ${
          !trade.mine &&
          html`<${Act} words=${`Accept ${trade.from}'s offer`}
          path=${`/trades/${trade.id}/acceptance`}>Accept<//>`
        }
        <${Act} words=${trade.mine ? `Withdraw the offer to ${trade.to}` : `Decline ${trade.from}'s offer`}
          method="DELETE" path=${`/trades/${trade.id}`} look="secondary">${trade.mine ? "Withdraw" : "Decline"}<//>
      </div>
    </li>`,
    )}</ul>`;
}

function Side({ prefix, items }) {
  const options = [["", "no item"], ...items.map((item) => [item, name(item)])];
  return html`<div class="side">
    <${Field} label="Gold" name=${`${prefix}gold`} type="number" min="0" inputmode="numeric" />
    <${Field} label="Item" name=${`${prefix}item`} options=${options} />
    <${Field} label="Number" name=${`${prefix}quantity`} type="number" min="1" max="10" placeholder="1"
      inputmode="numeric" />
  </div>`;
}

function give(values) {
  const gift = side(values, "");
  if (!gift.gold && !gift.item) return alertError("Name gold or an item to give.");
  if (gift.gold && gift.item) return alertError("A gift is gold or an item: give them one after the other.");
  return act(`Give ${goods(gift)} to ${values.to}`, "POST", "/gifts", { to: values.to.trim(), ...gift });
}

function offer(values) {
  const [given, want] = [side(values, "give_"), side(values, "want_")];
  if (![given, want].every((one) => one.gold || one.item)) return alertError("Name gold or an item on each side.");
  const words = `Offer ${goods(given)} for ${goods(want)} to ${values.to}`;
  return act(words, "POST", "/trades", { to: values.to.trim(), give: given, want });
}

// Returns one side of the form in the format that the server accepts, without empty fields.
function side(values, prefix) {
  const gold = Number(values[`${prefix}gold`] || 0);
  const item = values[`${prefix}item`];
  return {
    ...(gold ? { gold } : {}),
    ...(item ? { item, quantity: Number(values[`${prefix}quantity`] || 1) } : {}),
  };
}

function all() {
  return allItems().map(({ item }) => item);
}

function mine() {
  return owned().map(({ item }) => item);
}

function others() {
  return (state.players?.players ?? []).map((each) => each.player).filter((player) => player !== state.session.player);
}
