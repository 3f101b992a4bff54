// The arena, which lists the players who are not down and lets the player strike them.
import { act } from "../actions.js";
import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { state, update } from "../store.js";
import { name } from "../text.js";
import { Act, Bar, Field, Form, account, isDown, owned } from "./components.js";

let sword = ""; // the sword that the player has chosen; empty means the player's best sword

export function Arena() {
  const others = (state.players?.players ?? []).filter((each) => each.player !== state.session.player);
  return html`<section aria-labelledby="title">
    <h1 id="title" tabindex="-1">Arena</h1>
    <p>A blow does the damage of its sword, reduced by the target's shield. Defeating a player wins 20 gold.
      A sword is in use until its blow is settled.</p>
    <${Swords} />
    <table class="fighters">
      <caption>Players of realm ${state.session.realm} who are not down, most health first</caption>
      <thead><tr><th scope="col">Player</th><th scope="col">Health</th><th scope="col">Strike</th></tr></thead>
      <tbody>${others.map((each) => html`<${Opponent} key=${each.player} ...${each} />`)}</tbody>
    </table>
    ${state.players && !others.length && html`<${Alone} />`}
    <${ByName} />
    <${Potions} />
  </section>`;
}

function Alone() {
  return html`<p class="quiet">There is no other player here. Open this page in a second browser or on a phone, and register
    an opponent.</p>`;
}

// A form to strike a player by name. It is needed in a large realm, where the list contains only the first players.
function ByName() {
  const strike = ({ target }) => act(`Strike ${target}`, "POST", "/strikes", blow(target.trim()));
  return html`<${Form} run=${strike} label="Strike a player by name" button="Strike by name" look="secondary"
    reason=${unable()}>
    <${Field} label="Another player's name" name="target" required autocapitalize="none" spellcheck="false" />
  <//>`;
}

function Swords() {
  const swords = owned("sword");
  if (!swords.length)
    return html`<p class="notice">You have no sword yet: <a href="#/shop">buy one in the shop</a>.</p>`;
  const options = swords.map(({ item, power }) => [item, `${name(item)} (damage ${power})`]);
  const choose = (event) => {
    sword = event.currentTarget.value;
    update();
  };
  options.unshift(["", "my best sword"]);
  return html`<${Field} label="Strike with" value=${sword} onChange=${choose} options=${options} />`;
}

function Opponent({ player, health }) {
  return html`<tr>
    <th scope="row">${player}</th>
    <td><span class="health"><${Bar} label=${`Health of ${player}`} available=${health} most="100"
      text=${`${health} of 100`} /> ${health}</span></td>
    <td><${Act} words=${`Strike ${player}`} label=${`Strike ${player}`} path="/strikes" body=${blow(player)}
      reason=${unable()} showReason=${false}><${Icon} kind="sword" /> Strike<//></td>
  </tr>`;
}

function blow(target) {
  return { target, ...(sword && account(`item:${sword}`).settled ? { sword } : {}) };
}

function unable() {
  if (isDown()) return "You are down: revive first.";
  if (!owned("sword").length) return "You have no sword: buy one in the shop.";
  return "";
}

function Potions() {
  const potions = owned("potion");
  if (!potions.length) return null;
  const healthy = account("wounds").settled === 0 ? "You have no wounds." : "";
  const reason = isDown() ? "You are down: revive first." : healthy;
  return html`<h2>Potions</h2>
    <ul class="plain">${potions.map(
      (ware) => html`<li key=${ware.item}><${Act} words=${`Drink a ${name(ware.item)}`} path="/potions"
        body=${{ potion: ware.item }} reason=${reason} look="secondary">
        <${Icon} kind="potion" of=${ware.item} /> Drink a ${name(ware.item)} (heals ${ware.power};
        you have ${account(`item:${ware.item}`).available})<//></li>`,
    )}</ul>`;
}
