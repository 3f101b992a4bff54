// The quests, with the task and the reward of each quest.
import { html } from "../lib.js";
import { state } from "../store.js";
import { Act } from "./components.js";

export function Quests() {
  return html`<section aria-labelledby="title">
    <h1 id="title" tabindex="-1">Quests</h1>
    <p>Each quest is rewarded once, after the task is settled.</p>
    <ul class="wares">
      ${(state.quests?.quests ?? []).map((quest) => html`<${Quest} key=${quest.quest} ...${quest} />`)}
    </ul>
  </section>`;
}

function Quest({ quest, title, reward, done, ready }) {
  return html`<li class="card ware">
    <h2>${title}</h2>
    <p>Reward: ${reward} gold</p>
    ${
      done
        ? html`<p><strong>Done.</strong> You have received the reward.</p>`
        : html`<${Act} words=${`Claim the reward for “${title}”`} label=${`Claim ${reward} gold for: ${title}`}
          path="/quests" body=${{ quest }} reason=${ready ? "" : "Not fulfilled yet."}>Claim<//>`
    }
  </li>`;
}
