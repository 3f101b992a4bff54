// The view of guilds. The player can found or join a guild, and sees the members, treasury and leader of the own guild.
import { act } from "../actions.js";
import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { state } from "../store.js";
import { count } from "../text.js";
import { Act, Field, Form, account, ask } from "./components.js";

export function Guild() {
  const { guild } = state.inventory;
  return html`<section aria-labelledby="title">
    <h1 id="title" tabindex="-1">${guild ? `Guild ${guild}` : "Guilds"}</h1>
    ${guild ? state.guild && html`<${Mine} ...${state.guild} />` : html`<${None} />`}
    <${All} mine=${guild} />
  </section>`;
}

function None() {
  const found = ({ guild }) => act(`Found ${guild}`, "POST", "/guilds", { guild });
  return html`<p>You are a free agent. Found a guild and lead it, or join one.</p>
    <div class="card"><${Form} run=${found} label="Found a guild" button="Found the guild">
      <${Field} label="Name of the guild" name="guild" required pattern="[a-z][a-z0-9_]{1,23}" maxlength="24"
        autocapitalize="none" spellcheck="false" hint="2 to 24 small letters, digits or _" />
    <//></div>`;
}

function All({ mine }) {
  const guilds = state.guilds?.guilds ?? [];
  if (!guilds.length) return html`<p class="quiet">There is no guild in this realm yet.</p>`;
  return html`<table>
    <caption>Guilds of the realm, the largest first</caption>
    <thead><tr>
      <th scope="col">Guild</th><th scope="col" class="number">Members</th><th scope="col">Join</th>
    </tr></thead>
    <tbody>${guilds.map(
      ({ guild, members }) => html`<tr key=${guild}>
      <th scope="row">${guild}</th>
      <td class="number">${members}</td>
      <td>${
        guild === mine
          ? "yours"
          : html`<${Act} words=${`Join ${guild}`} label=${`Join ${guild}`} look="secondary small"
        path=${`/guilds/${guild}/members`} reason=${mine ? "You are in a guild: leave it first." : ""}
        showReason=${false}>Join<//>`
      }</td>
    </tr>`,
    )}</tbody>
  </table>`;
}

function Mine({ guild, leader, members, treasury, seats_free: free }) {
  const me = state.session.player;
  const leads = leader === me;
  const others = members.filter((member) => member.player !== me);
  return html`<p>${leader ? html`Led by <strong>${leads ? "you" : leader}</strong>` : "Without a leader"} ·${" "}
      ${free} ${free === 1 ? "seat" : "seats"} free</p>
    <div class="two">
      <div>
        <${Members} members=${members} leader=${leader} leads=${leads} />
        ${
          !leader &&
          html`<p><${Act} words="Take the lead" method="PUT" path="/guild/leader" body=${{ player: me }}>
          Take the lead<//></p>`
        }
        <button type="button" class="secondary" onClick=${() => leave(guild, leads, others)}>Leave ${guild}</button>
      </div>
      <${Treasury} treasury=${treasury} leads=${leads} members=${members} />
    </div>`;
}

function Members({ members, leader, leads }) {
  return html`<table>
    <caption>Members, the earliest first</caption>
    <thead><tr>
      <th scope="col">Player</th><th scope="col">Since</th>${leads && html`<th scope="col">Hand over</th>`}
    </tr></thead>
    <tbody>${members.map(
      ({ player, since }) => html`<tr key=${player}>
      <th scope="row">${player}${player === leader ? " (leader)" : ""}</th>
      <td><time datetime=${since}>${new Date(since).toLocaleDateString("en-GB")}</time></td>
      ${
        leads &&
        html`<td>${
          player !== leader &&
          html`<${Act} words=${`Make ${player} the leader`} look="secondary small"
        label=${`Make ${player} the leader`} method="PUT" path="/guild/leader" body=${{ player }}>Make leader<//>`
        }</td>`
      }
    </tr>`,
    )}</tbody>
  </table>`;
}

function Treasury({ treasury, leads, members }) {
  const put = ({ gold }) => act(`Deposit ${gold} gold`, "POST", "/guild/deposits", { gold: Number(gold) });
  const pay = ({ to, gold }) => act(`Pay ${gold} gold to ${to}`, "POST", "/guild/payouts", { to, gold: Number(gold) });
  return html`<section class="card" aria-labelledby="treasury">
    <h2 id="treasury">Treasury</h2>
    <p><${Icon} kind="coin" /> ${count(treasury)} gold</p>
    <${Form} run=${put} label="Deposit" button="Deposit" look="secondary">
      <${Field} label="Gold to deposit" name="gold" type="number" min="1" required inputmode="numeric"
        hint=${`You have ${count(account("gold").available)} available.`} />
    <//>
    ${
      leads
        ? html`<${Form} run=${pay} label="Pay out" button="Pay out" look="secondary"
          reason=${treasury ? "" : "The treasury is empty."}>
          <${Field} label="Pay to" name="to" options=${members.map(({ player }) => [player, player])} />
          <${Field} label="Gold to pay" name="gold" type="number" min="1" required inputmode="numeric" />
        <//>`
        : html`<p class="quiet">Only the leader can pay out.</p>`
    }
  </section>`;
}

function leave(guild, leads, others) {
  const heir = leads && others.length ? ` ${others[0].player}, who joined first, will lead it.` : "";
  ask(`Leave ${guild}?`, `Your seat becomes free.${heir}`, "Leave", () => act(`Leave ${guild}`, "DELETE", "/guild"));
}
