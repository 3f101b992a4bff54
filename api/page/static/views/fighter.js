// A summary of the player: health, gold with its held part, and actions that every view offers.
import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { state } from "../store.js";
import { count } from "../text.js";
import { Act, Bar, account, isDown } from "./components.js";

const FULL_HEALTH = 100;
const REVIVAL_PRICE = 20;
const CLAIM = "Claim daily gold";

export function Fighter() {
  const { player, guild, leads, realm } = state.inventory;
  const gold = account("gold");
  const health = account("health");
  const healthText = `${health.available} health${held(health)}`;
  const goldText = `${count(gold.available)} gold${held(gold)}`;
  return html`<section class="fighter card" aria-labelledby="fighter">
    <div class="who">
      <h2 id="fighter">${player}</h2>
      <p>realm ${realm}${guild ? ` · ${guild}${leads ? " (leader)" : ""}` : ""}</p>
    </div>
    <div class="vital">
      <p><${Icon} kind="heart" /> ${healthText}</p>
      <${Bar} label="Health" available=${health.available} held=${health.held} most=${FULL_HEALTH} text=${healthText} />
    </div>
    <div class="vital">
      <p id="purse"><${Icon} kind="coin" /> ${goldText}</p>
      <${Bar} label="Gold" available=${gold.available} held=${gold.held} most=${gold.settled} text=${goldText} />
    </div>
    <p class="victories"><${Icon} kind="laurel" /> ${count(account("victories").settled)} won,
      ${" "}${count(account("defeats").settled)} lost</p>
    <div class="doing">
      ${
        isDown() &&
        html`<${Act} words="Revive" path="/revivals"
        reason=${gold.available < REVIVAL_PRICE ? `You need ${REVIVAL_PRICE} gold. Claim your daily gold.` : ""}>
        Revive for ${REVIVAL_PRICE} gold<//>`
      }
      <${Act} words=${CLAIM} path="/claim_gold" reason=${claimed()} look="secondary">Claim daily gold<//>
    </div>
  </section>`;
}

function held({ held: amount }) {
  return amount ? `, ${count(amount)} held` : "";
}

// Returns why the player cannot claim daily gold now, or an empty string. It looks for today's claim in the feed. If
// the feed does not reach back to that claim, the button stays active and the server rejects a second claim.
function claimed() {
  if (state.pendingActions.some((action) => action.words === CLAIM && action.status === "pending")) return "A claim is pending.";
  const today = new Date().toISOString().slice(0, 10);
  const mine = state.feed.filter((event) => event.type === "gold_claimed" && event.player === state.session.player);
  return mine.some((event) => event.details.day === today) ? "Claimed today; the next is due after midnight (UTC)." : "";
}
