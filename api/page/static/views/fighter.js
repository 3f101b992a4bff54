// The player at a glance: health, gold with what is held of it, and what is always possible.
import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { state } from "../store.js";
import { count } from "../words.js";
import { Act, Bar, account, isDown } from "./parts.js";

const FULL_HEALTH = 100;
const REVIVAL_PRICE = 20;

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
        reason=${gold.available < REVIVAL_PRICE ? `You need ${REVIVAL_PRICE} gold, and your daily gold may help.` : ""}>
        Revive for ${REVIVAL_PRICE} gold<//>`
      }
      <${Act} words="Claim daily gold" path="/claim_gold" reason=${claimed()} look="secondary">Claim daily gold<//>
    </div>
  </section>`;
}

function held({ held: amount }) {
  return amount ? `, ${count(amount)} held` : "";
}

// The account claim_day holds the last day claimed, as a number of days; UTC decides.
function claimed() {
  const { settled, held: amount } = account("claim_day");
  const today = 719163 + Math.floor(Date.now() / 86_400_000); // 1970-01-01 is the 719,163rd day of the calendar
  if (amount) return "Your claim is pending.";
  return settled >= today ? "Claimed today; the next is due after midnight (UTC)." : "";
}
