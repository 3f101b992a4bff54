// The view of the leaderboards.
import { html } from "../lib.js";
import { state } from "../store.js";
import { count } from "../text.js";

const TITLES = { gold: ["The richest", "Gold"], victories: ["The most victorious", "Victories"] };

export function Ranks() {
  return html`<section aria-labelledby="title">
    <h1 id="title" tabindex="-1">Leaderboards</h1>
    <div class="two">${(state.boards ?? []).map((board) => html`<${Board} key=${board.board} ...${board} />`)}</div>
  </section>`;
}

function Board({ board, places }) {
  const [title, amount] = TITLES[board];
  return html`<table>
    <caption>${title} of realm ${state.session.realm}</caption>
    <thead><tr><th scope="col" class="number">Place</th><th scope="col">Player</th>
      <th scope="col" class="number">${amount}</th></tr></thead>
    <tbody>${places.map(
      (each) => html`<tr key=${each.player}>
      <td class="number">${each.place}</td>
      <th scope="row">${each.player}${each.player === state.session.player ? " (you)" : ""}</th>
      <td class="number">${count(each.amount)}</td>
    </tr>`,
    )}</tbody>
  </table>`;
}
