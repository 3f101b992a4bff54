// The feed, which lists the player's pending actions and then the events that have happened.
import { dismiss, retry } from "../actions.js";
import { html } from "../lib.js";
import { state } from "../store.js";
import { count, duration } from "../text.js";
import { Events } from "./components.js";

const SLOW_SECONDS = 5;
const LIVE = {
  off: "not connected",
  connecting: "connecting …",
  on: "live",
  waiting: "connection lost; trying again …",
  ended: "ended",
};

export function Feed() {
  return html`<aside class="feed" aria-label="Live feed">
    <section aria-labelledby="pending">
      <h2 id="pending">Pending</h2>
      ${
        state.pendingActions.length
          ? html`<ul class="waiting">
              ${state.pendingActions.map((action) => html`<${Waiting} key=${action.key} action=${action} />`)}
            </ul>`
          : html`<p class="quiet">Nothing is pending.</p>`
      }
    </section>
    <section aria-labelledby="happened">
      <h2 id="happened">What happened <small class=${`live ${state.live}`}>${LIVE[state.live]}</small></h2>
      <${Events} events=${state.feed} me=${state.session.player} label="What happened, newest first"
        empty="Nothing yet." />
    </section>
  </aside>`;
}

function Waiting({ action }) {
  const seconds = (Date.now() - action.since) / 1000;
  const slow = action.status === "pending" && seconds > SLOW_SECONDS;
  const offset =
    action.status === "pending" && Number.isInteger(action.offset) ? ` at offset ${count(action.offset)}` : "";
  return html`<li class=${action.status}>
    <strong>${action.words}</strong>
    <span class="state">${action.status}${offset}${slow ? ` for ${duration(seconds)}` : ""}</span>
    ${
      slow &&
      html`<small>This takes longer than usual. The action is in the log and will be settled;${" "}
      <a href="#/watch">watch the pipeline</a>.</small>`
    }
    ${action.note && html`<small>${action.note}</small>`}
    ${
      action.status === "unknown" &&
      html`<span class="doing">
      <button type="button" class="small" onClick=${() => retry(action)}>Try again</button>
      <button type="button" class="secondary small" onClick=${() => dismiss(action)}>Give up</button>
    </span>`
    }
  </li>`;
}
