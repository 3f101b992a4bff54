// The view of the pipeline, with its stages, realms and servers, and the latest events.
import { html } from "../lib.js";
import { sums, troubles } from "../pipeline.js";
import { state } from "../store.js";
import { clock, count, name } from "../text.js";
import { Events, Glossary } from "./components.js";
import { Realms, Stages } from "./stages.js";

const TOTALS = {
  settled: "applied to the balances",
  voided: "cancelled, because they did not reach the log in time",
  stale: "of a generation that was rolled back",
  rejected: "not covered by the balances",
  duplicate: "processed before, and skipped",
  malformed: "not an event, and put into quarantine",
  telemetry: "views, which move nothing",
};

export function Watch() {
  return html`<div class="watch">
    <h1 tabindex="-1">Watch the pipeline</h1>
    <p class="lead">Every action becomes an event. Here you see the events go from the API to the log, into the balances
      that players see, and into the archive that analysts query.</p>
    ${state.statusProblem && html`<${Trouble} title="The API does not respond" text=${state.statusProblem} />`}
    ${troubles().map((trouble) => html`<${Trouble} key=${trouble.title} ...${trouble} />`)}
    ${state.status ? html`<${Known} />` : html`<p aria-busy="true">Reading the state of the pipeline …</p>`}
  </div>`;
}

function Trouble({ title, text }) {
  return html`<div class="trouble"><strong>${title}:</strong> ${text}</div>`;
}

function Known() {
  const all = sums();
  return html`
    <section aria-labelledby="stages">
      <h2 id="stages">All realms together</h2>
      <${Stages} ...${all} explained />
    </section>
    <div class="two">
      <${Servers} />
      <section aria-labelledby="holds">
        <h2 id="holds">Open holds</h2>
        <p><strong class="large" id="open-holds">${count(all.open_holds)}</strong>${" "}
          accepted ${all.open_holds === 1 ? "action holds what it takes and is" : "actions hold what they take and are"}${" "}
          not settled yet.</p>
      </section>
    </div>
    <${Realms} realms=${state.status.realms} />
    <div class="two">
      <section aria-labelledby="latest">
        <h2 id="latest">Last events</h2>
        <${Events} events=${state.status.latest} label="Last events of all realms, newest first" empty="None yet."
          realm />
      </section>
      <${Types} />
    </div>
    <${Totals} />
    <${Glossary} />
    <p class="quiet">State of ${clock(state.status.time)}, refreshed every second.</p>`;
}

function Servers() {
  return html`<section aria-labelledby="servers">
    <h2 id="servers">Servers</h2>
    <ul class="servers">
      <li class=${state.statusProblem ? "down" : "up"}>api <span>${state.statusProblem ? "down" : "up"}</span></li>
      ${state.status.servers.map(
        (server) => html`<li key=${server.name} class=${server.up ? "up" : "down"}>${server.name}
          ${" "}<span>${server.up ? "up" : "down"}</span></li>`,
      )}
    </ul>
  </section>`;
}

function Types() {
  const counts = added(state.status.realms.map((realm) => realm.types));
  const most = Math.max(1, ...counts.map(([, n]) => n));
  return html`<table class="types">
    <caption>Settled events by type</caption>
    <thead><tr><th scope="col">Type</th><th scope="col" class="number">Events</th></tr></thead>
    <tbody>${counts.map(
      ([type, n]) => html`<tr key=${type}>
      <th scope="row">${name(type)}
        <span class="bar" aria-hidden="true">
          <span class="full" style=${{ width: `${(100 * n) / most}%` }}></span>
        </span></th>
      <td class="number">${count(n)}</td>
    </tr>`,
    )}</tbody>
  </table>`;
}

function Totals() {
  const counts = Object.fromEntries(added(state.status.realms.map((realm) => realm.totals)));
  return html`<table>
    <caption>Records of the log by result</caption>
    <thead><tr><th scope="col">Records</th><th scope="col" class="number">Count</th></tr></thead>
    <tbody>${Object.entries(TOTALS).map(
      ([total, meaning]) => html`<tr key=${total}>
      <th scope="row">${total} <small>${meaning}</small></th>
      <td class="number">${count(counts[total] ?? 0)}</td>
    </tr>`,
    )}</tbody>
  </table>`;
}

// Adds up the counts of all realms and returns [name, sum] pairs, the largest sum first.
function added(tables) {
  const sum = new Map();
  for (const table of tables) {
    for (const [key, n] of Object.entries(table)) sum.set(key, (sum.get(key) ?? 0) + n);
  }
  return [...sum].sort(([, a], [, b]) => b - a);
}
